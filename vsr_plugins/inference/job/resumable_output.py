"""The hidden work folder beside a target, in which an unfinished upscale is kept."""

import errno
import json
import os
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path

from filelock import FileLock, Timeout

from ...media.atomic_files import atomic_write, hidden_name

STATE = 'state.json'
SEGMENT = '.packets'
FRAMES = 'frames'
LOCK = 'lock'


class ResumableOutput:
    """The hidden work folder of a target. Its segments are complete; unfinished files have other names.

    Args:
        target: The video file or folder of images to write.
        is_folder: Whether the target is a folder.
        has_images: Whether the target holds images: a folder of them, or one that is the target itself.
        names: Names without endings of the images in the folder, beside numbers.

    Attributes:
        path: The work folder.
        is_resumed: Whether it continues an earlier run.
    """

    def __init__(
        self, target: Path, is_folder: bool = False, has_images: bool = False, names: Collection[str] = ()
    ) -> None:
        self.target = target
        self.path = target.with_name(hidden_name(target.name, '.vsr'))
        self.is_folder = is_folder
        self.has_images = has_images
        self.names = frozenset(names)
        self.is_resumed = False
        self._may_replace = False
        self._lock: FileLock | None = None

    def check(self, settings: Mapping[str, object], force: bool, resume: bool) -> None:
        """Raise if ``begin`` must not be called with these arguments; changes nothing on disk.

        Raises:
            FileExistsError: If the target or an earlier run exists and must not be replaced, or another process writes
                the target.
            ValueError: If the earlier run had different settings.
        """
        self._refuse_locked()
        state = self._read()
        if not force and self._target_exists() and not (resume and state and self._is_ours(state)):
            raise FileExistsError(f'{self.target} already exists; choose another name, or replace it with --force')
        if force:
            self._refuse_foreign()
        if state is None or (force and not resume):
            return
        if not resume:
            raise FileExistsError(
                f'an earlier upscale of {self.target} is unfinished; continue it with --resume, or restart it with '
                '--force'
            )
        new = _to_builtins(settings)
        if other := [key for key, value in new.items() if state['settings'].get(key) != value]:
            raise ValueError(
                f'the unfinished upscale of {self.target} has a different {other[0]} '
                f'({state["settings"].get(other[0])}, now {new[other[0]]}); restart it with --force'
            )

    def begin(self, settings: Mapping[str, object], force: bool, resume: bool) -> None:
        """Create the work folder, or continue with the one of an earlier run.

        Args:
            settings: All settings that affect the result. They must equal those of the earlier run.
            force: Replace the target and delete an earlier run.
            resume: Continue an earlier run.

        Raises:
            FileExistsError: See ``check``.
            ValueError: See ``check``.
            OSError: If the folder cannot be written.
        """
        self.check(settings, force, resume)
        self._may_replace = force
        try:
            self.target.parent.mkdir(parents=True, exist_ok=True)
            self.path.mkdir(exist_ok=True)
            self._acquire()
            if resume and self._read() is not None:
                self.is_resumed = True
                return
            for path in self.path.iterdir():
                if path.name != LOCK:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
            self._write({'settings': _to_builtins(settings), 'ours': []})
        except OSError as error:
            if error.errno is None:  # raised by _acquire
                raise
            self.remove()
            raise OSError(error.errno, f'cannot be written ({error.strerror})', str(self.target)) from error

    def unlock(self) -> None:
        """Let other processes write the target."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _acquire(self) -> None:
        """Lock the work folder; the system releases the lock when the process ends or is killed."""
        lock = FileLock(self.path / LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise FileExistsError(f'{self.target} is being written by another vsr; wait for it, or stop it') from None
        except NotImplementedError:  # a file system without locks
            return
        self._lock = lock

    def _refuse_locked(self) -> None:
        if self._lock is None and (self.path / LOCK).exists():
            self._acquire()
            self.unlock()

    def segments(self) -> dict[int, Path]:
        """Return the file of each complete segment by the number of its first frame."""
        return {int(path.stem): path for path in sorted(self.path.glob(f'*{SEGMENT}'))}

    def segment(self, first: int) -> Path:
        """Path of the segment that begins with frame ``first``."""
        return self.path / f'{first:08d}{SEGMENT}'

    @property
    def frames(self) -> Path:
        """Folder of the written images."""
        return self.path / FRAMES

    def images(self) -> Path | None:
        """Return what is published of the written images: their folder, or the single one; None if there is none."""
        written = self.frames if self.frames.is_dir() else None
        first = None if written is None else next(written.iterdir(), None)
        return first if first is None or not self.is_folder else written

    def take_back_images(self) -> None:
        """Move the images that an interrupted run published back into the work folder."""
        state = self._read()
        if state and self.target.is_dir() and not self.frames.exists() and self._is_ours(state):
            os.replace(self.target, self.frames)

    def publish(self, result: Path) -> None:
        """Move a result to the target's name. The rest of the work folder stays, for resuming or removal.

        Args:
            result: The file or folder that becomes the target, on the same file system.

        Raises:
            FileExistsError: If a target that must not be replaced was created since ``begin``.
        """
        state = self._read()
        is_ours = self._is_ours(state)
        # Recorded before the move, so that a run killed right after it can be resumed.
        self._write({**state, 'ours': [*state.get('ours', ()), _identity(result)][-2:]})
        if self._may_replace:
            self._refuse_foreign()
        if is_ours or self._may_replace:
            self._replace(result)
        else:
            self._rename(result)
        self._write({**state, 'ours': [_identity(self.target)]})

    def _replace(self, result: Path) -> None:
        old = self.path / 'replaced'
        if self.target.is_dir():
            os.replace(self.target, old)
        try:
            os.replace(result, self.target)
        except OSError:
            if old.exists():
                os.replace(old, self.target)
            raise
        shutil.rmtree(old, ignore_errors=True)

    def _rename(self, result: Path) -> None:
        """Rename the result to the target without replacing anything, even if the target appears meanwhile."""
        try:
            if result.is_dir():
                if self._target_exists():
                    raise FileExistsError
                if self.target.exists():
                    self.target.rmdir()
                os.rename(result, self.target)
                return
            try:
                os.link(result, self.target)
            except FileExistsError:
                raise
            except OSError:  # a file system without hard links
                if self._target_exists():
                    raise FileExistsError from None
                os.rename(result, self.target)
                return
            result.unlink()
        except OSError as error:
            if not isinstance(error, FileExistsError | NotADirectoryError) and error.errno != errno.ENOTEMPTY:
                raise
            raise FileExistsError(
                f'{self.target} was created by someone else meanwhile and is not replaced; the result is kept in '
                f'{self.path.name}: move {self.target.name} away and continue with --resume, or replace it with '
                '--resume --force'
            ) from error

    def remove(self) -> None:
        """Remove the work folder and its contents."""
        self.unlock()
        shutil.rmtree(self.path, ignore_errors=True)

    def discard(self) -> None:
        """Remove the work folder, and an incomplete target unless it was changed since it was published."""
        state = self._read()
        if state and self._target_exists() and self._is_ours(state):
            if self.target.is_dir():
                shutil.rmtree(self.target)
            else:
                self.target.unlink()
        self.remove()

    def is_complete(self) -> bool:
        """Whether the target exists and has no work folder left."""
        return self.target.exists() and self._target_exists() and not self.path.exists()

    def remove_if_published(self) -> None:
        """Remove the work folder if the target was already published from it."""
        state = self._read()
        if state and self._target_exists() and self._is_ours(state):
            self.remove()

    def _target_exists(self) -> bool:
        """Whether there is a target to replace; an empty folder is a place for images, not a result."""
        if self.is_folder and self.target.is_dir() and not self.target.is_symlink():
            return any(self.target.iterdir())
        return os.path.lexists(self.target)

    def _is_ours(self, state: dict) -> bool:
        return self.target.exists() and _identity(self.target) in state.get('ours', ())

    def _refuse_foreign(self) -> None:
        """Raise unless the target may be replaced: a file by a file, a folder of frames by a folder."""
        if not self.target.exists():
            return
        if self.target.is_dir() != self.is_folder:
            kind = 'not a folder' if self.is_folder else 'a folder'
            raise FileExistsError(f'{self.target} is {kind} and is not replaced; choose another name')
        if not self.is_folder:
            return
        foreign = [
            path.name
            for path in self.target.iterdir()
            if not (path.suffix == '.png' and (path.stem.isdecimal() or path.stem in self.names))
        ]
        if foreign:
            raise FileExistsError(
                f'{self.target} is not replaced: it contains {foreign[0]}, which vsr did not write; choose another name'
            )

    def _read(self) -> dict | None:
        try:
            return json.loads((self.path / STATE).read_text(encoding='utf-8'))
        except (FileNotFoundError, NotADirectoryError, json.JSONDecodeError):
            return None

    def _write(self, state: dict) -> None:
        with atomic_write(self.path / STATE) as partial:
            partial.write_text(json.dumps(state, indent=1), encoding='utf-8')


def _identity(path: Path) -> list[int]:
    """Identify a file or folder independently of its name: inode number and modification time."""
    state = path.stat()
    return [state.st_ino, state.st_mtime_ns]


def _to_builtins(settings: Mapping[str, object]) -> dict:
    return json.loads(json.dumps(dict(settings), default=str))
