import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.runner import CheckpointLoader

from vsr_plugins.compat.checkpoint_loading import load_local


class Runs:
    """Unpickles into a call."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


class Chain:
    """getattr(HistoryBuffer, '__init__'), from where everything can be reached."""

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
def test_a_file_that_carries_code_is_refused_and_nothing_runs(tmp_path, make, legacy):
    file, trace = tmp_path / 'hostile.pth', tmp_path / 'trace'
    content = {'state_dict': {'weight': torch.ones(2)}, 'meta': make(trace)}
    torch.save(content, file, _use_new_zipfile_serialization=not legacy)
    with pytest.raises(ValueError, match='hostile.pth is refused: beside weights it carries') as refusal:
        load_local(str(file))
    assert not trace.exists()
    assert '\n' not in str(refusal.value)


def test_a_plain_pickle_with_code_is_refused(tmp_path):
    file, trace = tmp_path / 'plain.pth', tmp_path / 'trace'
    file.write_bytes(pickle.dumps({'state_dict': Runs(os.system, f'touch {trace}')}))
    with pytest.raises(ValueError, match=r'plain.pth'):
        load_local(str(file))
    assert not trace.exists()


def test_mmengine_uses_this_loader_and_its_histories_come_back(tmp_path):
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


@pytest.mark.parametrize('legacy', [False, True])
def test_released_checkpoints_load(tmp_path, legacy):
    """A plain state dict, BasicSR's, and mmcv 1.x's with its meta."""
    weights = {'conv.weight': torch.rand(2, 3, 3, 3)}
    for content in (weights, {'params': weights}, {'state_dict': weights, 'meta': {'mmcv_version': '1.5', 'iter': 3}}):
        torch.save(content, tmp_path / 'b.pth', _use_new_zipfile_serialization=not legacy)
        assert load_local(str(tmp_path / 'b.pth'), map_location='cpu').keys() == content.keys()


def test_damaged_files_are_named(tmp_path):
    whole = tmp_path / 'whole.pth'
    torch.save({'weight': torch.rand(1000)}, whole)
    for name, content in {
        'half.pth': whole.read_bytes()[:2000],
        'empty.pth': b'',
        'text.pth': b'<html>not found</html>',
    }.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=rf'{name} \({len(content)} bytes\) is damaged'):
            load_local(str(tmp_path / name))
    with pytest.raises(FileNotFoundError, match='no checkpoint at'):
        load_local(str(tmp_path / 'none.pth'))


def test_the_allow_list_is_open_during_one_load_only(tmp_path):
    torch.save({'a': HistoryBuffer()}, tmp_path / 'c.pth')
    before = list(torch.serialization.get_safe_globals())
    load_local(str(tmp_path / 'c.pth'))
    assert torch.serialization.get_safe_globals() == before
    with pytest.raises(pickle.UnpicklingError):
        torch.load(tmp_path / 'c.pth', weights_only=True)


def test_a_checkpoint_loads_in_a_process_that_has_made_no_history_yet(tmp_path):
    torch.save({'a': HistoryBuffer([1.0], [1])}, tmp_path / 'd.pth')
    program = (
        'from vsr_plugins.compat.checkpoint_loading import load_local\n'
        f'print(load_local({str(tmp_path / "d.pth")!r})["a"].current())'
    )
    assert subprocess.run([sys.executable, '-c', program], capture_output=True, text=True).stdout == '1.0\n'
