import os
from types import SimpleNamespace

import pytest
import torch
from training import build, weights

from vsr_plugins.engine import LoadPartsHook
from vsr_plugins.engine.load_parts import find_checkpoint, load_part


def two_layers():
    torch.manual_seed(0)
    return torch.nn.ModuleDict({'a': torch.nn.Conv2d(3, 2, 1), 'b': torch.nn.Conv2d(2, 2, 1)})


def test_parts_are_loaded_into_their_targets():
    net = two_layers()
    before = net['a'].weight.clone()
    given = {'x.branch.weight': torch.full((2, 2, 1, 1), 5.0), 'x.branch.bias': torch.ones(2), 'y.bias': torch.zeros(2)}
    assert load_part(net, given, source='x.branch.', target='b.') == ['b.weight', 'b.bias']
    assert torch.equal(net['b'].weight, given['x.branch.weight']) and torch.equal(net['a'].weight, before)


@pytest.mark.parametrize(
    ('inflate', 'expected'),
    [('mean', [[2.0, 2.0, 2.0], [3.0, 3.0, 3.0]]), ('center', [[0.0, 6.0, 0.0], [0.0, 9.0, 0.0]])],
)
def test_a_kernel_for_one_frame_initialises_one_for_three(inflate, expected):
    net = two_layers()
    given = {'weight': torch.tensor([[6.0], [9.0]]).reshape(2, 1, 1, 1), 'bias': torch.ones(2)}
    load_part(net, given, target='a.', inflate=inflate)
    assert net['a'].weight.flatten(1).tolist() == expected
    assert net['a'].bias.tolist() == [1.0, 1.0]


def test_a_kernel_for_one_frame_initialises_one_of_differences():
    net = two_layers()
    own = net['a'].weight.detach().clone()
    given = {'weight': torch.tensor([[6.0], [9.0]]).reshape(2, 1, 1, 1), 'bias': torch.ones(2)}
    load_part(net, given, target='a.', inflate='difference')
    assert torch.equal(net['a'].weight[:, ::2], own[:, ::2])
    still = torch.rand(1, 1, 4, 4)
    torch.testing.assert_close(net['a'](still.expand(-1, 3, -1, -1)), torch.cat((still * 6, still * 9), dim=1) + 1)


def test_a_deeper_network_keeps_its_additional_layers():
    net = two_layers()
    before = net['b'].weight.clone()
    given = {'a.weight': torch.zeros(2, 3, 1, 1), 'a.bias': torch.zeros(2), 'c.bias': torch.zeros(1)}
    assert load_part(net, given, partial=True) == ['a.weight', 'a.bias']
    assert torch.equal(net['b'].weight, before)


@pytest.mark.parametrize(
    ('given', 'options', 'message'),
    [
        ({'b.weight': torch.zeros(2, 2, 1, 1)}, {'source': 'b.'}, r"1 of 2 .*\['b\.bias'\]"),
        ({'q': torch.zeros(1)}, {'source': 'b.', 'partial': True}, '0 of 2'),
        ({'weight': torch.zeros(2, 2, 1, 1), 'bias': torch.zeros(2)}, {'target': 'a.'}, r'\(2, 3, 1, 1\)'),
        (
            {'weight': torch.zeros(2, 2, 1, 1), 'bias': torch.zeros(2)},
            {'target': 'a.', 'inflate': 'mean'},
            r'\(2, 3, 1, 1\)',
        ),
    ],
)
def test_mismatches_are_named(given, options, message):
    with pytest.raises(ValueError, match=message):
        load_part(two_layers(), given, **options)


def test_an_unknown_inflation_is_named():
    with pytest.raises(ValueError, match=r"'center', 'mean'.* True"):
        LoadPartsHook([{'checkpoint': 'x.pth', 'inflate': True}])


@pytest.mark.parametrize('part', [{'source': 'a.'}, {'checkpoint': 'x.pth', 'strict': True}, {'checkpoint': None}])
def test_wrong_parts_are_named(part):
    with pytest.raises(ValueError, match='unless_loaded, which'):
        LoadPartsHook([part])


@pytest.mark.parametrize('parts', [{'checkpoint': 'x.pth'}, None, ['x.pth'], 'x.pth'])
def test_parts_are_a_list_of_dicts(parts):
    with pytest.raises(ValueError, match='parts .* got'):
        LoadPartsHook(parts)


def test_which_checkpoint_is_the_best_or_the_last(tmp_path):
    with pytest.raises(ValueError, match=r"\('best', 'last'\), but got 'newest'"):
        LoadPartsHook([{'checkpoint': 'x', 'which': 'newest'}])
    stage = tmp_path / 'stage_1'
    stage.mkdir()
    for name in ('best_clips_PSNR_iter_9000.pth', 'iter_9000.pth', 'iter_20000.pth'):
        (stage / name).touch()
    # The path of the folder before it was moved.
    (stage / 'last_checkpoint').write_text('/old/stage_1/iter_9000.pth\n')
    assert find_checkpoint('stage_1', tmp_path, 'last') == stage / 'iter_9000.pth'
    assert find_checkpoint('stage_1/iter_20000.pth', tmp_path, 'last') == stage / 'iter_20000.pth'
    (stage / 'iter_9000.pth').unlink()
    with pytest.raises(FileNotFoundError, match='a last checkpoint, at .*stage_1'):
        find_checkpoint('stage_1', tmp_path, 'last')


def test_a_file_without_weights_is_named(tmp_path):
    torch.save([1, 2], tmp_path / 'list.pth')
    runner = SimpleNamespace(iter=0, model=two_layers(), work_dir=str(tmp_path / 'second'))
    for optional in (False, True):
        with pytest.raises(ValueError, match=r'list\.pth .*list'):
            LoadPartsHook([{'checkpoint': 'list.pth', 'optional': optional}]).before_train(runner)


def test_a_work_directory_means_its_best_checkpoint(tmp_path):
    stage = tmp_path / 'stage_1'
    stage.mkdir()
    for age, name in enumerate(['best_clips_PSNR_iter_9000.pth', 'best_clips_PSNR_iter_10000.pth', 'iter_20000.pth']):
        (stage / name).touch()
        os.utime(stage / name, (1000 + age, 1000 + age))
    assert find_checkpoint('stage_1', tmp_path) == stage / 'best_clips_PSNR_iter_10000.pth'
    assert find_checkpoint('stage_1/iter_20000.pth', tmp_path) == stage / 'iter_20000.pth'
    assert find_checkpoint(stage, tmp_path / 'elsewhere').parent == stage
    with pytest.raises(FileNotFoundError, match='stage_2'):
        find_checkpoint('stage_2', tmp_path)


def test_a_training_starts_from_its_parts_and_a_resumed_one_from_its_checkpoint(tmp_path):
    build(tmp_path / 'first', max_iters=2).train()
    donor = weights(tmp_path / 'first', 2)
    part = dict(checkpoint='first/iter_2.pth', source='layer.0.')
    seen = []

    from mmengine.hooks import Hook

    class Record(Hook):
        priority = 'LOWEST'

        def before_train(self, runner):
            seen.append({key: value.clone() for key, value in runner.model.state_dict().items()})

    build(tmp_path / 'second', max_iters=2, hooks=[LoadPartsHook([part]), Record()]).train()
    assert torch.equal(seen[0]['layer.0.weight'], donor['layer.0.weight'])
    assert not torch.equal(seen[0]['layer.2.weight'], donor['layer.2.weight'])

    own = weights(tmp_path / 'second', 2)
    gone = dict(part, checkpoint='nowhere.pth')
    build(tmp_path / 'second', max_iters=4, resume=True, hooks=[LoadPartsHook([gone]), Record()]).train()
    assert torch.equal(seen[1]['layer.0.weight'], own['layer.0.weight'])
    with pytest.raises(FileNotFoundError, match='nowhere.pth'):
        LoadPartsHook([gone]).before_train(
            SimpleNamespace(iter=0, model=two_layers(), work_dir=str(tmp_path / 'third'))
        )


def test_an_optional_part_may_be_missing(tmp_path):
    net = two_layers()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    runner = SimpleNamespace(iter=0, model=net, work_dir=str(tmp_path / 'second'))
    part = {'checkpoint': 'first/iter_5.pth', 'source': 'a.'}
    with pytest.raises(FileNotFoundError, match='first'):
        LoadPartsHook([part]).before_train(runner)
    LoadPartsHook([{**part, 'optional': True}]).before_train(runner)
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    (tmp_path / 'first').mkdir()
    torch.save({'a.weight': torch.ones(2, 3, 1, 1), 'a.bias': torch.ones(2)}, tmp_path / 'first' / 'iter_5.pth')
    LoadPartsHook([{**part, 'optional': True}]).before_train(runner)
    assert net['a'].weight.unique().tolist() == [1.0]


def test_an_optional_part_may_not_be_an_unfinished_training(tmp_path):
    runner = SimpleNamespace(iter=0, model=two_layers(), work_dir=str(tmp_path / 'second'))
    (tmp_path / 'first').mkdir()
    with pytest.raises(FileNotFoundError, match='first'):
        LoadPartsHook([{'checkpoint': 'first', 'which': 'last', 'optional': True}]).before_train(runner)


def test_the_last_checkpoint_of_a_training_of_any_length_is_taken(tmp_path):
    build(tmp_path / 'first', max_iters=3).train()
    net = build(tmp_path / 'second', max_iters=1).model
    runner = SimpleNamespace(iter=0, model=net, work_dir=str(tmp_path / 'second'))
    LoadPartsHook([{'checkpoint': 'first', 'which': 'last'}]).before_train(runner)
    assert torch.equal(net.state_dict()['layer.0.weight'], weights(tmp_path / 'first', 3)['layer.0.weight'])


def test_the_first_existing_checkpoint_of_a_list_is_used(tmp_path):
    part = {'checkpoint': ['first', str(tmp_path / 'released.pth')], 'source': 'a.'}
    runner = SimpleNamespace(iter=0, model=two_layers(), work_dir=str(tmp_path / 'second'))
    with pytest.raises(FileNotFoundError) as raised:
        LoadPartsHook([part]).before_train(runner)
    # The message has both paths and the option to train without them.
    for value in (str(tmp_path / 'first'), str(tmp_path / 'released.pth'), 'custom_hooks=[]'):
        assert value in str(raised.value)
    for value, name in enumerate(['released.pth', 'first/best_clips_PSNR_iter_5.pth'], start=1):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        torch.save({'a.weight': torch.full((2, 3, 1, 1), float(value)), 'a.bias': torch.ones(2)}, tmp_path / name)
        LoadPartsHook([part]).before_train(runner)
        assert runner.model['a'].weight.unique().tolist() == [value]


def test_an_unfinished_training_is_not_replaced_by_released_weights(tmp_path):
    (tmp_path / 'first').mkdir()
    torch.save({'a.weight': torch.ones(2, 3, 1, 1), 'a.bias': torch.ones(2)}, tmp_path / 'released.pth')
    with pytest.raises(FileNotFoundError, match='first'):
        find_checkpoint(['first', str(tmp_path / 'released.pth')], tmp_path)


def test_weights_of_load_from_are_kept(tmp_path):
    net = two_layers()
    before = net['a'].weight.clone()
    runner = SimpleNamespace(iter=0, model=net, work_dir=str(tmp_path / 'second'), _has_loaded=True)
    part = {'checkpoint': 'nowhere.pth', 'source': 'a.'}
    LoadPartsHook([{**part, 'unless_loaded': True}]).before_train(runner)
    assert torch.equal(net['a'].weight, before)
    with pytest.raises(FileNotFoundError, match='nowhere.pth'):
        LoadPartsHook([part]).before_train(runner)


def test_a_part_starts_from_pretrained_weights(tmp_path):
    from vsr_plugins.models import ESPCNNet
    from vsr_plugins.pretrained import read_pretrained

    net = torch.nn.ModuleDict({'generator': ESPCNNet(in_channels=1, scale=4)})
    runner = SimpleNamespace(iter=0, model=net, work_dir=str(tmp_path / 'second'))
    LoadPartsHook([{'checkpoint': ['nowhere', 'pretrained:espcn'], 'source': 'generator.'}]).before_train(runner)
    assert torch.equal(net['generator'].conv1.weight, read_pretrained('espcn')['conv1.weight'].float())
    with pytest.raises(ValueError, match='no_such_model'):
        LoadPartsHook([{'checkpoint': 'pretrained:no_such_model'}]).before_train(runner)
