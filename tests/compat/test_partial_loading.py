import pytest
import torch
from mmagic.models import BaseEditModel
from mmagic.utils import register_all_modules
from mmengine.runner import Runner
from torch import nn

import vsr_plugins  # noqa: F401
from vsr_plugins.checkpoints.matching import load_state_dict_strict
from vsr_plugins.checkpoints.weight_files import write_weights

PREPROCESSOR = {'type': 'DataPreprocessor', 'mean': [0, 0, 0], 'std': [255, 255, 255]}


@pytest.fixture(autouse=True)
def scope():
    """Restore the default scope, which each runner changes."""
    register_all_modules()


def model(**network):
    generator = {'type': 'ESPCNNet', 'in_channels': 1, 'scale': 4, **network}
    return BaseEditModel(generator, {'type': 'MSELoss'}, data_preprocessor=PREPROCESSOR)


class Adversarial(BaseEditModel):
    """The additional parts of SRGAN-like editors, by name."""

    def __init__(self, is_use_ema=False):
        generator = {'type': 'ESPCNNet', 'in_channels': 1, 'scale': 4}
        super().__init__(generator, {'type': 'MSELoss'}, data_preprocessor=PREPROCESSOR)
        self.discriminator = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
        self.register_buffer('step_counter', torch.tensor(0))
        self.is_use_ema = is_use_ema
        if is_use_ema:
            self.generator_ema = nn.Conv2d(1, 1, 1)


def runner_of(network, tmp_path, checkpoint):
    options = {'load_from': str(checkpoint), 'experiment_name': tmp_path.name, 'default_scope': 'mmagic'}
    return Runner(network, str(tmp_path / 'work'), **options)


def saved(state_dict, tmp_path):
    torch.save({'state_dict': state_dict, 'meta': {}}, tmp_path / 'weights.pth')
    return tmp_path / 'weights.pth'


def test_weights_of_the_model_are_loaded_before_a_test(tmp_path):
    source, target = model(), model()
    path = saved({f'module.{name}': value for name, value in source.state_dict().items()}, tmp_path)
    runner_of(target, tmp_path, path).load_or_resume()
    for name, value in source.state_dict().items():
        assert torch.equal(target.state_dict()[name], value), name


def test_the_checkpoint_of_another_model_raises_before_a_test(tmp_path):
    path = saved(model(scale=2).state_dict(), tmp_path)
    with pytest.raises(ValueError) as error:
        runner_of(model(), tmp_path, path).load_or_resume()
    values = (path.name, 'ESPCNNet', 'generator.conv3.weight', '(16, 32, 3, 3)', '(4, 32, 3, 3)')
    assert all(value in str(error.value) for value in values)
    assert '\n' not in str(error.value)


def test_a_training_may_start_from_some_weights(tmp_path):
    from mmengine.runner import IterBasedTrainLoop

    weights = model().state_dict()
    weights.pop('generator.conv_last.bias', None) or weights.popitem()
    runner = runner_of(model(), tmp_path, saved(weights, tmp_path))
    runner._train_loop = object.__new__(IterBasedTrainLoop)
    runner.load_or_resume()
    assert runner._has_loaded


def test_a_training_does_not_start_from_no_weights(tmp_path):
    from mmengine.runner import IterBasedTrainLoop

    runner = runner_of(model(), tmp_path, saved({'conv_first.weight': torch.ones(1)}, tmp_path))
    runner._train_loop = object.__new__(IterBasedTrainLoop)
    with pytest.raises(ValueError, match=r'weights\.pth.*conv_first\.weight'):
        runner.load_or_resume()


@pytest.mark.parametrize(('count', 'fits'), [(1, False), (20, True)])
def test_a_training_does_not_start_from_one_layer_of_another_network(tmp_path, count, fits):
    """One of 40 tensors fits by chance; half of them is a choice of the user, which is logged."""
    from mmengine.runner import IterBasedTrainLoop

    generator = {'type': 'MSRResNet', 'in_channels': 3, 'out_channels': 3, 'mid_channels': 4, 'num_blocks': 8}
    network = BaseEditModel(generator, {'type': 'MSELoss'}, data_preprocessor=PREPROCESSOR)
    weights = dict(list(network.state_dict().items())[:count])
    runner = runner_of(network, tmp_path, saved({**weights, 'generator.body.weight': torch.ones(1)}, tmp_path))
    runner._train_loop = object.__new__(IterBasedTrainLoop)
    if fits:
        runner.load_or_resume()
        assert f'fills {count} of ' in ''.join(path.read_text() for path in tmp_path.rglob('*.log'))
    else:
        with pytest.raises(ValueError, match=r'weights\.pth'):
            runner.load_or_resume()


@pytest.mark.parametrize('training', [False, True])
@pytest.mark.parametrize('form', ['params', 'params_ema', 'bare', 'safetensors'])
def test_weights_of_the_bare_network_load_into_the_model(tmp_path, form, training):
    from mmengine.runner import IterBasedTrainLoop
    from safetensors.torch import save_file

    source, target = model(), model()
    bare = {f'module.{name}': value for name, value in source.generator.state_dict().items()}
    path = tmp_path / 'weights.pth'
    if form == 'safetensors':
        path = tmp_path / 'weights.safetensors'
        save_file(bare, path)
    else:
        torch.save(bare if form == 'bare' else {form: bare}, path)
    runner = runner_of(target, tmp_path, path)
    if training:
        runner._train_loop = object.__new__(IterBasedTrainLoop)
    runner.load_or_resume()
    for name, value in source.state_dict().items():
        assert torch.equal(target.state_dict()[name], value), name


def test_faults_are_counted_and_named():
    weights = dict(model().state_dict())
    first, second, third, fourth, *_ = weights
    rest = {name: value for name, value in weights.items() if name not in (first, second, third, fourth)}
    for wrong, values in (
        ({name: value for name, value in weights.items() if name != first}, ['1 ', first]),
        (rest, ['4 ', first, second, third]),
        ({**weights, 'generator.extra': torch.ones(1)}, ['1 ', 'generator.extra']),
        ({**weights, first: torch.ones(2, 3)}, ['1 ', first, '(2, 3)', str(tuple(weights[first].shape))]),
        ({'conv_first.weight': torch.ones(1)}, ['6 ', '1 ', first, 'conv_first.weight']),
    ):
        with pytest.raises(ValueError) as error:
            load_state_dict_strict(model(), wrong, 'a.pth')
        assert all(value in str(error.value) for value in ['a.pth', 'ESPCNNet', *values])
        assert fourth not in str(error.value) and '\n' not in str(error.value)


def test_a_bare_network_takes_its_weights_from_a_model():
    whole = Adversarial(is_use_ema=False)
    network = model().generator
    load_state_dict_strict(network, whole.state_dict(), 'a.pth')
    assert torch.equal(network.conv1.weight, whole.generator.conv1.weight)
    averaged = {f'generator_ema.{name}': value + 1 for name, value in network.state_dict().items()}
    load_state_dict_strict(network, {**whole.state_dict(), **averaged}, 'a.pth')
    assert torch.equal(network.conv1.weight, whole.generator.conv1.weight + 1)


def test_weights_for_training_only_may_be_missing_or_extra():
    weights = model().state_dict()
    adversarial = Adversarial()
    load_state_dict_strict(adversarial, weights, 'a.pth')
    assert all(torch.equal(adversarial.state_dict()[name], value) for name, value in weights.items())
    load_state_dict_strict(model(), adversarial.state_dict(), 'a.pth')
    with pytest.raises(ValueError, match='generator_ema.weight, generator_ema.bias'):
        load_state_dict_strict(Adversarial(is_use_ema=True), weights, 'a.pth')


def test_pretrained_weights_on_other_data_warn_before_a_test(tmp_path, monkeypatch):
    network = model()
    write_weights(network.state_dict(), tmp_path / 'w.safetensors', {'pretrained': 'basicvsr-bd'})
    warnings = []
    for grid in ('duf', 'mmagic'):
        runner = runner_of(model(), tmp_path, tmp_path / 'w.safetensors')
        degrade = dict(type='DegradeFrames', kind='BD', bd=grid)
        runner._test_dataloader = [dict(dataset=dict(type='ClipFramesDataset', pipeline=[degrade]))]
        monkeypatch.setattr(runner.logger, 'warning', warnings.append)
        runner.load_or_resume()
    assert len(warnings) == 1 and 'BDx4 mmagic' in warnings[0] and 'BDx4 duf' in warnings[0]
