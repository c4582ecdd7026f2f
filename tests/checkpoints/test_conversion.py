import pickle

import pytest
import torch
from goldens import load_golden
from mmengine.runner.checkpoint import CheckpointLoader, load_checkpoint
from safetensors.torch import load_file, save_file
from torch import nn

from vsr_plugins.checkpoints.conversion import convert_weights, find_converters
from vsr_plugins.checkpoints.converters.renaming import check_fits, rename, weight_of
from vsr_plugins.checkpoints.weight_files import read_weights, write_weights
from vsr_plugins.cli import main
from vsr_plugins.models import ESPCNNet, ZoomingSlowMoNet

WEIGHTS = {'a.weight': torch.rand(2, 3), 'b.bias': torch.rand(4)}


def espcn_of_another():
    """Return ESPCN x3 weights under the names of another implementation."""
    shapes = {'body.0': (64, 1, 5, 5), 'body.2': (32, 64, 3, 3), 'body.4': (9, 32, 3, 3)}
    weights = {f'{name}.weight': torch.rand(shape) for name, shape in shapes.items()}
    return weights | {f'{name}.bias': torch.rand(shape[0]) for name, shape in shapes.items()}


def assert_same(actual, expected):
    assert list(actual) == list(expected)
    for key, value in expected.items():
        assert torch.equal(actual[key], value)


@pytest.mark.parametrize('suffix', ['.pth', '.pt', '.safetensors'])
def test_weights_survive_a_file(tmp_path, suffix):
    path = tmp_path / 'new' / f'weights{suffix}'
    write_weights(WEIGHTS, path)
    assert_same(read_weights(path), WEIGHTS)
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    with pytest.raises(FileExistsError, match='--force'):
        write_weights({'c': torch.zeros(1)}, path)
    assert_same(read_weights(path), WEIGHTS)
    write_weights({'c': torch.zeros(1)}, path, force=True)
    assert list(read_weights(path)) == ['c']


def test_a_failed_write_leaves_no_file(tmp_path):
    with pytest.raises(ValueError, match="'.onnx'"):
        write_weights(WEIGHTS, tmp_path / 'weights.onnx')
    with pytest.raises(AttributeError):
        write_weights({'a': 1}, tmp_path / 'weights.pth')
    (tmp_path / 'folder.pth').mkdir()
    with pytest.raises(OSError, match='folder.pth'):
        write_weights(WEIGHTS, tmp_path / 'folder.pth', force=True)
    assert [file.name for file in tmp_path.iterdir()] == ['folder.pth']


class Hostile:
    def __reduce__(self):
        return (print, ('run',))


def test_files_with_code_raise(tmp_path, capsys):
    path = tmp_path / 'a.pth'
    path.write_bytes(pickle.dumps({'state_dict': Hostile()}, protocol=2))
    with pytest.raises(ValueError, match=r'a\.pth'):
        read_weights(path)
    torch.save({'state_dict': Hostile()}, path)
    with pytest.raises(ValueError, match=r'a\.pth'):
        read_weights(path)
    assert not capsys.readouterr().out


def test_mmengine_loads_safetensors(tmp_path):
    path = tmp_path / 'a.safetensors'
    net = nn.Sequential(nn.Linear(2, 3))
    save_file({f'generator.{key}': value + 1 for key, value in net.state_dict().items()}, path)
    before = net[0].bias.clone()
    checkpoint = CheckpointLoader.load_checkpoint(str(path), map_location='cpu')
    assert list(checkpoint['state_dict']) == ['generator.0.bias', 'generator.0.weight']
    load_checkpoint(net, str(path), revise_keys=[(r'^generator\.', '')], strict=True)
    torch.testing.assert_close(net[0].bias, before + 1)


def test_keys_are_renamed_or_named():
    rules = [(r'body\.(\d)\.', r'conv\1.'), (r'tail\.', 'conv9.')]
    assert list(rename({'body.0.weight': torch.zeros(1)}, rules, 'X')) == ['conv0.weight']
    with pytest.raises(ValueError, match='X: .* a, b, c and 1 more'):
        rename(dict.fromkeys('abcd', torch.zeros(1)), rules, 'X')
    with pytest.raises(ValueError, match=r'X: .*conv9\.weight'):
        rename({'body.9.weight': torch.zeros(1), 'tail.weight': torch.zeros(1)}, rules, 'X')


def test_converted_weights_are_checked_against_the_network():
    weights = {'weight': torch.rand(3, 2), 'bias': torch.rand(3)}

    def build():
        return nn.Linear(2, 3)

    assert_same(check_fits(dict(reversed(weights.items())), build, 'X'), weights)
    with pytest.raises(ValueError, match='missing bias'):
        check_fits({'weight': weights['weight']}, build, 'X')
    with pytest.raises(ValueError, match='Linear .*head'):
        check_fits(weights | {'head': torch.rand(1)}, build, 'X')
    with pytest.raises(ValueError, match=r'bias .*\(3,\).*\(4,\)'):
        check_fits(weights | {'bias': torch.rand(4)}, build, 'X')
    # num_batches_tracked may be missing.
    norm = nn.BatchNorm2d(2)
    partial = {key: value for key, value in norm.state_dict().items() if key != 'num_batches_tracked'}
    norm_fits = check_fits({f'0.{key}': v for key, v in partial.items()}, lambda: nn.Sequential(nn.BatchNorm2d(2)), 'X')
    assert norm_fits['0.num_batches_tracked'] == 0


def test_integers_are_not_weights(tmp_path, capsys):
    """Such as the integers of quantised weights, which torch would load unscaled."""
    theirs = espcn_of_another()
    theirs['body.2.weight'] = (theirs['body.2.weight'] * 127).to(torch.int8)
    torch.save(theirs, tmp_path / 'in.pth')
    assert main(['convert', '--from', 'espcn_loseall', str(tmp_path / 'in.pth'), str(tmp_path / 'out.pth')]) == 2
    error = capsys.readouterr().err
    assert 'conv2.weight is int8, not floating point' in error and error.count('\n') == 1
    assert not (tmp_path / 'out.pth').exists()
    # Counters of the network are integers, and half precision is floating point.
    norm = nn.BatchNorm2d(2).half().state_dict()
    assert_same(check_fits(dict(norm), lambda: nn.BatchNorm2d(2), 'X'), norm)


def test_sizes_are_inferred_from_weights():
    weights = {'a': torch.zeros(2, 3), 'b': torch.tensor(1.0), 'c': torch.zeros(0, 3)}
    assert weight_of(weights, 'a', 2, 'X') is weights['a']
    assert weight_of(weights, 'missing', 2, 'X') is None
    for key, ndim, shape in (('a', 4, r'\(2, 3\)'), ('b', 2, r'\(\)'), ('c', 2, r'\(0, 3\)')):
        with pytest.raises(ValueError, match=f'X: {key} .*{ndim} .* is {shape}'):
            weight_of(weights, key, ndim, 'X')
    with pytest.raises(ValueError, match='X: d is uint8'):
        weight_of({'d': torch.ones(2, dtype=torch.uint8)}, 'd', 1, 'X')


def test_sizes_that_fit_no_network_raise():
    def build():
        raise ValueError('scale must be at least 1')

    with pytest.raises(ValueError, match='X: .*scale must be at least 1'):
        check_fits({}, build, 'X')


MALFORMED = {
    'basicvsr_basicsr': ('fusion.weight', 'forward_trunk.main.2.{}.conv1.bias', 1),
    'rrdbnet_ncnn': ('Conv_0.weight', 'Conv_{}.bias', 21),
    'duf_basicsr': ('conv3d_r2.bias', 'dense_block1.dense_blocks.{}.0.weight', 3),
    'edvr_stage2_official': ('conv_first_1.weight', 'feature_extraction.{}.conv1.weight', 1),
    'edvr_stage2_basicsr': ('predeblur.conv_first.weight', 'feature_extraction.{}.conv1.weight', 1),
    'espcn_loseall': ('body.0.weight', 'body.{}.bias', 1),
    'frvsr_tecogan': ('srnet.conv_in.0.weight', 'srnet.resblocks.{}.conv.0.weight', 1),
    'fsrcnn_yjn870': ('first_part.0.weight', 'mid_part.{}.weight', 2),
    'spmc_loseall': ('vsr.lstm.weight_ih', 'me.flownet.coarse_flow.{}.0.bias', 1),
    'vespcn_loseall': ('mc.flownet.coarse_flow.0.0.weight', 'mc.flownet.coarse_flow.{}.0.bias', 1),
    'vsrnet_srcnn': ('conv2.weight', 'conv{}.bias', 1),
    'vsrnet_usstdqq': ('conv2.weight', 'conv{}_f0.bias', 2),
    'zooming_slow_mo': ('conv_first.weight', 'feature_extraction.{}.conv1.weight', 1),
}


@pytest.mark.parametrize('shape', [(), (0,), (0, 3, 3, 3), (1, 0, 3, 3), (1,), (2, 2), (1, 1, 1, 1, 1)], ids=str)
def test_malformed_tensors_are_one_error(shape):
    """For each tensor from which the size of a network is inferred."""
    assert set(MALFORMED) == set(find_converters()) - {'mmagic'}
    for source, (key, rest, count) in MALFORMED.items():
        weights = {key: torch.zeros(shape)} | {rest.format(i): torch.zeros(4) for i in range(count)}
        with pytest.raises(ValueError, match='weights of'):
            find_converters()[source].convert(weights)


def test_parts_are_omitted(tmp_path, capsys):
    released, output = tmp_path / 'released.pth', tmp_path / 'ours.pth'
    torch.save(espcn_of_another(), released)
    command = ['convert', '--from', 'espcn_loseall', str(released), str(output)]
    assert main([*command, '--without', 'conv3.', 'conv1.b']) == 0
    assert list(read_weights(output)) == ['generator.conv1.weight', 'generator.conv2.weight', 'generator.conv2.bias']
    assert '3 tensors' in capsys.readouterr().out
    for arguments, message in (
        ([*command, '--without', 'body.0.'], "no name begins with 'body.0.'; choose from conv1., conv2., conv3."),
        ([*command, '--without', 'conv1.', 'conv'], '--without conv1. conv '),
        ([*command[:3], '--without', 'conv1.', *command[3:]], '--without'),
    ):
        assert main([*arguments, '--force']) == 2
        assert message in capsys.readouterr().err


@pytest.mark.golden
def test_zooming_slow_mo_without_interpolation(golden_root, tmp_path):
    golden = load_golden(golden_root, 'zooming_slow_mo')
    torch.save(golden['state_dict'], tmp_path / 'released.pth')
    output = tmp_path / 'ours.pth'
    command = ['convert', '--from', 'zooming_slow_mo', '--prefix', '', str(tmp_path / 'released.pth'), str(output)]
    assert main([*command, '--without', 'pyramid.', 'interpolation.']) == 0
    widths = {'mid_channels': 16, 'deform_groups': 4, 'num_blocks_extraction': 2, 'num_blocks_reconstruction': 2}
    ZoomingSlowMoNet(**widths, interpolate=False).load_state_dict(read_weights(output))
    assert main([*command[:-2], str(golden_root / 'zooming_slow_mo.pth'), str(output), '--force']) == 2


def test_a_training_is_converted_to_half_the_size(tmp_path, capsys):
    from mmengine.logging.history_buffer import HistoryBuffer

    net = ESPCNNet(scale=3)
    history = HistoryBuffer()
    history.update(1.0)
    training = {
        'state_dict': {f'generator.{key}': value for key, value in net.state_dict().items()} | {'step': torch.ones(1)},
        'optimizer': {'state': [torch.zeros(9)]},
        'message_hub': {'log_scalars': {'loss': history}},
    }
    torch.save(training, tmp_path / 'iter_9.pth')
    output = tmp_path / 'half.safetensors'
    assert main(['convert', '--from', 'mmagic', '--half', str(tmp_path / 'iter_9.pth'), str(output)]) == 0
    loaded = load_file(output)
    assert set(loaded) == {f'generator.{key}' for key in net.state_dict()}
    for key, value in net.state_dict().items():
        assert torch.equal(loaded[f'generator.{key}'], value.half())
    other = ESPCNNet(scale=3)
    load_checkpoint(other, str(output), revise_keys=[(r'^generator\.', '')], strict=True)
    assert other.conv1.weight.dtype == torch.float32
    torch.testing.assert_close(other.conv1.weight, net.conv1.weight, atol=1e-3, rtol=1e-3)
    with pytest.raises(ValueError, match='^a .*1e\\+06'):
        write_weights({'a': torch.tensor(1e6)}, tmp_path / 'large.safetensors', half=True)
    assert not (tmp_path / 'large.safetensors').exists()


@pytest.mark.parametrize('suffix', ['.pth', '.safetensors'])
def test_the_command_converts_for_configs(tmp_path, suffix, capsys):
    released, output = tmp_path / 'released.pth', tmp_path / f'ours{suffix}'
    theirs = espcn_of_another()
    torch.save({'state_dict': theirs}, released)
    assert main(['convert', '--from', 'espcn_loseall', str(released), str(output)]) == 0
    assert '6 tensors' in capsys.readouterr().out
    net = ESPCNNet(scale=3)
    load_checkpoint(net, str(output), revise_keys=[(r'^generator\.', '')], strict=True)
    assert torch.equal(net.conv2.weight, theirs['body.2.weight'])
    assert main(['convert', '--from', 'espcn_loseall', str(released), str(output)]) == 2
    assert '--force' in capsys.readouterr().err
    assert main(['convert', '--from', 'espcn_loseall', '--prefix', '', '--force', str(released), str(output)]) == 0
    assert set(read_weights(output)) == set(net.state_dict())
    if suffix == '.safetensors':
        assert torch.equal(load_file(output)['conv2.weight'], theirs['body.2.weight'])


def test_impossible_conversions_print_one_line(tmp_path, capsys):
    released, output = tmp_path / 'released.pth', tmp_path / 'ours.pth'
    torch.save({'head.weight': torch.zeros(1)}, released)
    assert main(['convert', '--from', 'duf_basicsr', str(released), str(output)]) == 2
    assert 'unknown keys head.weight' in capsys.readouterr().err
    assert main(['convert', '--from', 'magic', str(released), str(output)]) == 2
    assert "'magic'" in capsys.readouterr().err
    assert main(['convert', str(released)]) == 2
    assert not output.exists()
    with pytest.raises(FileNotFoundError):
        convert_weights('duf_basicsr', tmp_path / 'nothing.pth', output)


def test_every_source_is_listed_with_its_network(capsys):
    from mmagic.registry import MODELS

    assert main(['convert', '--list']) == 0
    printed = capsys.readouterr().out
    assert {'duf_basicsr', 'espcn_loseall'} <= set(find_converters())
    for name, module in find_converters().items():
        assert name in printed
        assert MODELS.get(module.NETWORK).__name__ == module.NETWORK
        assert 'Paper:' in module.__doc__
        with pytest.raises(ValueError, match='weights of'):
            module.convert({'nonsense.weight': torch.zeros(1)})


def test_weights_between_two_trainings(tmp_path, capsys):
    """Eq. (4) of ESRGAN, by hand; the discriminator and a counter stay out of it."""
    first = {'generator.a': torch.tensor([1.0, 2.0]), 'step_counter': torch.tensor([3])}
    second = {
        'generator.a': torch.tensor([2.0, 0.0]),
        'step_counter': torch.tensor([9]),
        'discriminator.b': torch.ones(1),
    }
    for name, weights in (('psnr.pth', first), ('gan.pth', second)):
        write_weights(weights, tmp_path / name)
    words = ['convert', str(tmp_path / 'psnr.pth'), str(tmp_path / 'between.pth'), '--blend']
    assert main([*words, str(tmp_path / 'gan.pth'), '--share', '0.25']) == 0
    assert_same(
        read_weights(tmp_path / 'between.pth'),
        {'generator.a': torch.tensor([1.25, 1.5]), 'step_counter': torch.tensor([3])},
    )
    write_weights({'generator.a': torch.ones(3), 'step_counter': torch.ones(1)}, tmp_path / 'other.pth')
    assert main([*words, str(tmp_path / 'other.pth'), '--force']) == 2
    assert '(2,)' in capsys.readouterr().err
    assert main([*words, str(tmp_path / 'gan.pth'), '--from', 'mmagic', '--force']) == 2
