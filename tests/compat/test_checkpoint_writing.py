import errno
import os
import stat

import pytest
import torch
from mmengine.fileio.backends import LocalBackend

from vsr_plugins.compat.checkpoint_writing import find_latest_checkpoint


def save(folder, *iterations):
    for iteration in iterations:
        torch.save({'iteration': iteration}, folder / f'iter_{iteration}.pth')


def test_files_are_written_atomically(tmp_path, monkeypatch):
    backend, path = LocalBackend(), tmp_path / 'folder' / 'file.pth'
    backend.put(b'old', path)

    def disk_full(descriptor):
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(os, 'fsync', disk_full)
    with pytest.raises(OSError, match=r'No space left on device.*file\.pth'):
        backend.put(b'new', path)
    assert path.read_bytes() == b'old'
    assert [entry.name for entry in path.parent.iterdir()] == ['file.pth']
    monkeypatch.undo()
    backend.put_text('neu', path)
    assert path.read_text() == 'neu'


@pytest.mark.parametrize('chosen', ['iter_2.pth', 'mine.pth'])
def test_the_named_checkpoint_is_the_latest(tmp_path, chosen):
    """Also if somebody wrote the name of an earlier one."""
    save(tmp_path, 2, 10)
    torch.save({}, tmp_path / 'mine.pth')
    (tmp_path / 'last_checkpoint').write_text(str(tmp_path / chosen))
    assert find_latest_checkpoint(str(tmp_path)) == str(tmp_path / chosen)


def test_a_checkpoint_that_was_not_named_before_a_kill_is_found(tmp_path):
    save(tmp_path, 2)
    (tmp_path / 'last_checkpoint').write_text(str(tmp_path / 'iter_2.pth'))
    os.utime(tmp_path / 'last_checkpoint', (1e9, 1e9))
    save(tmp_path, 4)
    assert find_latest_checkpoint(str(tmp_path)) == str(tmp_path / 'iter_4.pth')


def test_later_iterations_of_an_earlier_training_are_not_taken(tmp_path):
    save(tmp_path, 100, 4)
    (tmp_path / 'last_checkpoint').write_text(str(tmp_path / 'gone.pth'))
    os.utime(tmp_path / 'iter_100.pth', (1e9, 1e9))
    assert find_latest_checkpoint(str(tmp_path)) == str(tmp_path / 'iter_4.pth')


def test_a_moved_work_directory_and_one_apart_from_its_checkpoints(tmp_path):
    work, elsewhere = tmp_path / 'work', tmp_path / 'elsewhere'
    work.mkdir()
    elsewhere.mkdir()
    save(work, 2)
    (work / 'last_checkpoint').write_text('/where/it/was/iter_2.pth')
    assert find_latest_checkpoint(str(work)) == str(work / 'iter_2.pth')
    (work / 'iter_2.pth').unlink()
    save(elsewhere, 4)
    (work / 'last_checkpoint').write_text(str(elsewhere / 'iter_6.pth'))
    assert find_latest_checkpoint(str(work)) == str(elsewhere / 'iter_4.pth')


@pytest.mark.parametrize('content', [b'\0' * 40, b'\xff\xfe\0a', b'\n'])
def test_garbage_in_last_checkpoint_is_ignored(tmp_path, content):
    save(tmp_path, 2)
    (tmp_path / 'last_checkpoint').write_bytes(content)
    assert find_latest_checkpoint(str(tmp_path)) == str(tmp_path / 'iter_2.pth')


def test_links_and_devices_are_not_replaced(tmp_path):
    (tmp_path / 'target').write_bytes(b'old')
    (tmp_path / 'link').symlink_to(tmp_path / 'target')
    LocalBackend().put(b'new', tmp_path / 'link')
    assert (tmp_path / 'link').is_symlink() and (tmp_path / 'target').read_bytes() == b'new'
    os.mkfifo(tmp_path / 'pipe')
    reader = os.open(tmp_path / 'pipe', os.O_RDONLY | os.O_NONBLOCK)
    LocalBackend().put(b'new', tmp_path / 'pipe')
    assert os.read(reader, 10) == b'new' and stat.S_ISFIFO((tmp_path / 'pipe').stat().st_mode)
    os.close(reader)


@pytest.mark.parametrize('record', [None, '', 'iter_12.pth', 'gone.pth'])
def test_otherwise_it_is_the_newest_complete_one(tmp_path, record):
    """last_checkpoint is missing, empty, or names a damaged or missing file; leftovers exist next to it."""
    save(tmp_path, 2, 10, 12)
    for time, iteration in enumerate((2, 10, 12)):
        os.utime(tmp_path / f'iter_{iteration}.pth', (1e9, 1e9 + time))
    whole = (tmp_path / 'iter_12.pth').read_bytes()
    (tmp_path / 'iter_12.pth').write_bytes(whole[: len(whole) // 2])
    (tmp_path / '.iter_14.pth.partial').write_bytes(whole[:10])
    torch.save({}, tmp_path / 'best_PSNR_iter_99.pth')
    if record is not None:
        (tmp_path / 'last_checkpoint').write_text(str(tmp_path / record) if record else '')
    assert find_latest_checkpoint(str(tmp_path)) == str(tmp_path / 'iter_10.pth')


def test_a_training_that_has_not_saved_starts_from_the_beginning(tmp_path):
    assert find_latest_checkpoint(str(tmp_path)) is None
