import io
import logging
import os
import pickle
import subprocess
import sys
import tarfile

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.runner import CheckpointLoader

from vsr_plugins.checkpoints.mmengine_loaders import load_from_local


class Runs:
    """An object that unpickles to a function call."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


class Chain:
    """getattr(HistoryBuffer, '__init__'), from which any function can be reached."""

    def __reduce__(self):
        return getattr, (HistoryBuffer, '__init__')


@pytest.mark.parametrize('legacy', [False, True])
@pytest.mark.parametrize(
    'make',
    [
        lambda path: Runs(os.system, f'touch {path}'),
        lambda path: Runs(eval, f'open({str(path)!r}, "w")'),
        lambda path: Runs(exec, f'open({str(path)!r}, "w")'),
        lambda path: Runs(subprocess.check_call, ['touch', str(path)]),
        lambda path: Runs(getattr, os.path.join, '__globals__'),
        lambda path: Chain(),
        lambda path: Runs(getattr, HistoryBuffer, '_set_default_statistics'),
        lambda path: Runs(np.load, str(path)),
    ],
    ids=['os.system', 'eval', 'exec', 'subprocess', 'getattr-function', 'getattr-init', 'getattr-private', 'np.load'],
)
def test_a_file_with_code_raises_and_nothing_runs(tmp_path, make, legacy):
    file, trace = tmp_path / 'hostile.pth', tmp_path / 'trace'
    content = {'state_dict': {'weight': torch.ones(2)}, 'meta': make(trace)}
    torch.save(content, file, _use_new_zipfile_serialization=not legacy)
    with pytest.raises(ValueError, match=r'hostile\.pth') as refusal:
        load_from_local(str(file))
    assert not trace.exists()
    assert '\n' not in str(refusal.value)


@pytest.mark.parametrize('protocol', [2, 4])
@pytest.mark.parametrize('container', ['plain', 'tar', 'torch'])
def test_code_in_other_containers_and_protocols_raises(tmp_path, container, protocol):
    file, trace = tmp_path / 'plain.pth', tmp_path / 'trace'
    content = {'state_dict': Runs(os.system, f'touch {trace}')}
    if container == 'torch':
        torch.save(content, file, pickle_protocol=protocol)
    else:
        data = pickle.dumps(content, protocol=protocol)
        file.write_bytes(data)
    if container == 'tar':
        with tarfile.open(file, 'w') as archive:
            for name in ('sys_info', 'storages', 'tensors', 'pickle'):
                member = tarfile.TarInfo(name)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
    with pytest.raises(ValueError, match=r'plain\.pth') as refusal:
        load_from_local(str(file))
    assert not trace.exists()
    assert '\n' not in str(refusal.value)


def test_a_program_is_not_a_checkpoint(tmp_path):
    torch.jit.trace(torch.nn.Linear(2, 1), torch.ones(1, 2)).save(tmp_path / 'script.pth')
    with pytest.raises(ValueError, match=r'script\.pth .*TorchScript'):
        load_from_local(str(tmp_path / 'script.pth'))


def test_a_file_cannot_change_the_statistics_of_histories(tmp_path):
    """Unpickling a history updates the table of its class; a file could insert other functions."""
    history = HistoryBuffer([1.0, 3.0], [1, 1])
    genuine = dict(HistoryBuffer._statistics_methods)
    HistoryBuffer._statistics_methods.update(mean=set, more=HistoryBuffer.max)
    try:
        torch.save({'a': history}, tmp_path / 'poison.pth')
    finally:
        HistoryBuffer._statistics_methods.clear()
        HistoryBuffer._statistics_methods.update(genuine)
    load_from_local(str(tmp_path / 'poison.pth'))
    assert HistoryBuffer._statistics_methods == genuine
    assert history.statistics('mean') == 2.0


def test_mmengine_uses_this_loader_and_restores_its_histories(tmp_path):
    history = HistoryBuffer([1.0, 2.0, 6.0], [1, 1, 1])
    empty = HistoryBuffer()
    content = {
        'state_dict': {'weight': torch.arange(3.0)},
        'message_hub': {
            'log_scalars': {'loss': history, 'empty': empty},
            'best': np.float64(3.5),
            'count': np.int32(2),
        },
        'meta': {'array': np.arange(4, dtype=np.float32), 'flag': np.bool_(True)},
    }
    torch.save(content, tmp_path / 'a.pth')
    loaded = CheckpointLoader.load_checkpoint(str(tmp_path / 'a.pth'))
    back = loaded['message_hub']['log_scalars']['loss']
    assert back.mean() == 3.0 and back.current() == 6.0 and back.statistics('max') == 6.0
    assert loaded['message_hub']['best'] == 3.5 and loaded['message_hub']['count'] == 2
    assert loaded['meta']['array'].tolist() == [0, 1, 2, 3] and loaded['meta']['flag']


def make_states(kind):
    """Return the state dicts that a Runner saves, after two steps."""
    from mmengine.optim import MultiStepLR, OptimWrapper, OptimWrapperDict, ReduceOnPlateauLR

    model = torch.nn.Linear(3, 2)
    make = {
        'Adam': lambda: OptimWrapper(torch.optim.Adam(model.parameters(), amsgrad=True)),
        'SGD': lambda: OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)),
        'RMSprop': lambda: OptimWrapper(torch.optim.RMSprop(model.parameters(), centered=True)),
    }
    make['gan'] = lambda: OptimWrapperDict(generator=make['Adam'](), discriminator=make['SGD']())
    wrapper = make[kind]()
    first = wrapper['generator'] if kind == 'gan' else wrapper
    schedulers = [MultiStepLR(first, [1, 5], by_epoch=False), ReduceOnPlateauLR(first, monitor='loss')]
    for part in wrapper.values() if kind == 'gan' else [wrapper]:
        for _ in range(2):
            part.update_params(model(torch.rand(4, 3)).square().mean())
    schedulers[0].step()
    schedulers[1].step({'loss': 1.0})
    return {'optimizer': wrapper.state_dict(), 'param_schedulers': [each.state_dict() for each in schedulers]}


def flat(state):
    """Return the leaves of nested containers, tensors as lists."""
    if isinstance(state, dict):
        return [leaf for key in state for leaf in [key, *flat(state[key])]]
    if isinstance(state, (list, tuple)):
        return [leaf for value in state for leaf in flat(value)]
    return [state.tolist() if isinstance(state, (torch.Tensor, np.ndarray)) else state]


@pytest.mark.parametrize('kind', ['Adam', 'SGD', 'RMSprop', 'gan'])
def test_states_of_optimizers_and_schedulers_are_restored(tmp_path, kind):
    states = make_states(kind)
    torch.save(states, tmp_path / 'states.pth')
    assert flat(load_from_local(str(tmp_path / 'states.pth'))) == flat(states)


def test_the_log_names_the_backend_of_a_checkpoint(tmp_path, caplog):
    torch.save({'a': torch.ones(1)}, tmp_path / 'a.pth')
    with caplog.at_level('INFO'):
        CheckpointLoader.load_checkpoint(str(tmp_path / 'a.pth'), logger=logging.getLogger('checkpoints'))
    assert 'Loads checkpoint by local backend' in caplog.text


@pytest.mark.parametrize('legacy', [False, True])
def test_released_checkpoints_load(tmp_path, legacy):
    """A bare state dict, BasicSR's, and mmcv 1.x's with its meta."""
    weights = {'conv.weight': torch.rand(2, 3, 3, 3)}
    for content in (weights, {'params': weights}, {'state_dict': weights, 'meta': {'mmcv_version': '1.5', 'iter': 3}}):
        torch.save(content, tmp_path / 'b.pth', _use_new_zipfile_serialization=not legacy)
        loaded = load_from_local(str(tmp_path / 'b.pth'), map_location='cpu')
        assert torch.equal(loaded['state_dict']['conv.weight'], weights['conv.weight'])
        assert ('mmcv_version' in loaded['meta']) == ('meta' in content)


def test_the_allow_list_is_extended_during_one_load_only(tmp_path):
    torch.save({'a': HistoryBuffer()}, tmp_path / 'c.pth')
    with torch.serialization.safe_globals([np.ndarray]):  # the user's own, which must be kept
        before = set(torch.serialization.get_safe_globals())
        load_from_local(str(tmp_path / 'c.pth'))
        assert set(torch.serialization.get_safe_globals()) == before
    with pytest.raises(pickle.UnpicklingError):
        torch.load(tmp_path / 'c.pth', weights_only=True)


def test_a_checkpoint_loads_in_a_process_without_histories(tmp_path):
    torch.save({'a': HistoryBuffer([1.0], [1])}, tmp_path / 'd.pth')
    program = (
        'from vsr_plugins.checkpoints.mmengine_loaders import load_from_local\n'
        f'print(load_from_local({str(tmp_path / "d.pth")!r})["a"].current())'
    )
    assert subprocess.run([sys.executable, '-c', program], capture_output=True, text=True).stdout == '1.0\n'
