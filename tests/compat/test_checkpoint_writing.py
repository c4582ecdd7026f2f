import errno
import os

import pytest
import torch
from mmengine.fileio.backends import LocalBackend

from vsr_plugins.compat.checkpoint_writing import find_latest_checkpoint


def save(folder, *iterations):
    for iteration in iterations:
        torch.save({'iteration': iteration}, folder / f'iter_{iteration}.pth')


def test_a_file_appears_whole_or_not_at_all(tmp_path, monkeypatch):
    backend, path = LocalBackend(), tmp_path / 'folder' / 'file.pth'
    backend.put(b'old', path)

    def disk_full(descriptor):
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(os, 'fsync', disk_full)
    with pytest.raises(OSError, match='No space left'):
        backend.put(b'new', path)
    assert path.read_bytes() == b'old'
    assert [entry.name for entry in path.parent.iterdir()] == ['file.pth']
    monkeypatch.undo()
    backend.put_text('neu', path)
    assert path.read_text() == 'neu'


def test_the_named_checkpoint_is_the_latest(tmp_path):
    save(tmp_path, 2, 10)
    (tmp_path / 'last_checkpoint').write_text(str(tmp_path / 'iter_2.pth'))
    assert find_latest_checkpoint(str(tmp_path)) == str(tmp_path / 'iter_2.pth')


@pytest.mark.parametrize('record', [None, '', 'iter_12.pth', 'gone.pth'])
def test_otherwise_it_is_the_newest_whole_one(tmp_path, record):
    """last_checkpoint missing, empty, naming a damaged or a missing file; leftovers beside it."""
    save(tmp_path, 2, 10, 12)
    whole = (tmp_path / 'iter_12.pth').read_bytes()
    (tmp_path / 'iter_12.pth').write_bytes(whole[: len(whole) // 2])
    (tmp_path / '.iter_14.pth.partial').write_bytes(whole[:10])
    torch.save({}, tmp_path / 'best_PSNR_iter_99.pth')
    if record is not None:
        (tmp_path / 'last_checkpoint').write_text(str(tmp_path / record) if record else '')
    assert find_latest_checkpoint(str(tmp_path)) == str(tmp_path / 'iter_10.pth')


def test_a_training_that_has_not_saved_starts_from_the_beginning(tmp_path):
    assert find_latest_checkpoint(str(tmp_path)) is None
