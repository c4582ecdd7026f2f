"""Where an upscale grows until it is whole: a hidden folder beside its target."""

import errno
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from ...media.atomic_files import atomic_write

STATE = 'state.json'
SEGMENT = '.packets'
FRAMES = 'frames'


class ResumableOutput:
    """The hidden folder of a target. Its segments are whole; what is being written has another name.

    Args:
        target: The video file or folder of images that is made.
        is_folder: It is a folder.

    Attributes:
        path: The folder.
        is_resumed: An earlier run left something of it.
    """

    def __init__(self, target: Path, is_folder: bool = False) -> None:
        self.target = target
        self.path = target.with_name(f'.{target.name}.vsr')
        self.is_folder = is_folder
        self.is_resumed = False
        self._may_replace = False

    def check(self, settings: Mapping[str, object], force: bool, resume: bool) -> None:
        """Whether ``begin`` may be called with these; touches nothing.

        Raises:
            FileExistsError: If the target or an earlier run is there and must not be touched.
            ValueError: If the earlier run had other settings.
        """
        state = self._read()
        if not force and self._is_there() and not (resume and state and self._is_ours(state)):
            raise FileExistsError(f'{self.target} is already there; choose another name, or replace it with --force')
        if force:
            self._refuse_foreign()
        if state is None or (force and not resume):
            return
        if not resume:
            raise FileExistsError(
                f'an upscale of {self.target} was begun and not finished; go on with --resume, or begin anew with '
                '--force'
            )
        if other := [key for key, value in _plain(settings).items() if state['settings'].get(key) != value]:
            raise ValueError(
                f'the upscale of {self.target} was begun with another {other[0]} '
                f'({state["settings"].get(other[0])}, now {_plain(settings)[other[0]]}); begin anew with --force'
            )

    def begin(self, settings: Mapping[str, object], force: bool, resume: bool) -> None:
        """Make the folder, or go on with the one that an earlier run left.

        Args:
            settings: What decides about the result. It must be that of the earlier run.
            force: Replace the target and forget an earlier run.
            resume: Go on with an earlier run.

        Raises:
            FileExistsError: See ``check``.
            ValueError: See ``check``.
            OSError: If nothing can be written there.
        """
        self.check(settings, force, resume)
        self._may_replace = force
        if resume and self._read() is not None:
            self.is_resumed = True
            return
        if self.path.exists():
            shutil.rmtree(self.path)
        try:
            self.target.parent.mkdir(parents=True, exist_ok=True)
            self.path.mkdir()
            self._write({'settings': _plain(settings), 'ours': []})
        except OSError as error:
            self.remove()
            raise OSError(error.errno, f'nothing can be written there ({error.strerror})', str(self.target)) from error

    def segments(self) -> dict[int, Path]:
        """Number of the first frame of each segment that is whole -> its file."""
        return {int(path.stem): path for path in sorted(self.path.glob(f'*{SEGMENT}'))}

    def segment(self, first: int) -> Path:
        """File of the segment that begins with frame ``first``."""
        return self.path / f'{first:08d}{SEGMENT}'

    @property
    def frames(self) -> Path:
        """Folder of the images that were written."""
        return self.path / FRAMES

    def put_back(self) -> None:
        """Take the images that an interrupted run handed out into the work folder again."""
        state = self._read()
        if state and self.target.is_dir() and not self.frames.exists() and self._is_ours(state):
            os.replace(self.target, self.frames)

    def publish(self, made: Path) -> None:
        """Give the target its name. The rest of this folder stays, to go on with or to be removed.

        Args:
            made: What becomes the target, on the same file system.

        Raises:
            FileExistsError: If something that must not be replaced has come to be there since ``begin``.
        """
        state = self._read()
        is_ours = self._is_ours(state)
        # Noted before, so that a run that ends right behind it is gone on with.
        self._write({**state, 'ours': [*state.get('ours', ()), _identity(made)][-2:]})
        if self._may_replace:
            self._refuse_foreign()
        if is_ours or self._may_replace:
            self._replace(made)
        else:
            self._name(made)
        self._write({**state, 'ours': [_identity(self.target)]})

    def _replace(self, made: Path) -> None:
        old = self.path / 'replaced'
        if self.target.is_dir():
            os.replace(self.target, old)
        try:
            os.replace(made, self.target)
        except OSError:
            if old.exists():
                os.replace(old, self.target)
            raise
        shutil.rmtree(old, ignore_errors=True)

    def _name(self, made: Path) -> None:
        """Give it the target's name if nothing has it, not even something that came a moment ago."""
        try:
            if made.is_dir():
                if self._is_there():
                    raise FileExistsError
                os.rename(made, self.target)
                return
            try:
                os.link(made, self.target)
            except FileExistsError:
                raise
            except OSError:  # a file system that gives a file one name only
                if self._is_there():
                    raise FileExistsError from None
                os.rename(made, self.target)
                return
            made.unlink()
        except OSError as error:
            if not isinstance(error, FileExistsError | NotADirectoryError) and error.errno != errno.ENOTEMPTY:
                raise
            raise FileExistsError(
                f'{self.target} came to be there in the meantime and is left alone; what was made is kept in '
                f'{self.path.name}: move {self.target.name} away and go on with --resume, or replace it with '
                '--resume --force'
            ) from error

    def remove(self) -> None:
        """Remove the folder and all in it."""
        shutil.rmtree(self.path, ignore_errors=True)

    def discard(self) -> None:
        """Remove the folder, and a target that is not whole and that nobody has touched since."""
        state = self._read()
        if state and self._is_there() and self._is_ours(state):
            if self.target.is_dir():
                shutil.rmtree(self.target)
            else:
                self.target.unlink()
        self.remove()

    def is_complete(self) -> bool:
        """Whether the target is there and nothing is left to do for it."""
        return self.target.exists() and not self.path.exists()

    def tidy(self) -> None:
        """Remove the folder if all it still says is that the target was published."""
        state = self._read()
        if state and self._is_there() and self._is_ours(state):
            self.remove()

    def _is_there(self) -> bool:
        return os.path.lexists(self.target)

    def _is_ours(self, state: dict) -> bool:
        return self.target.exists() and _identity(self.target) in state.get('ours', ())

    def _refuse_foreign(self) -> None:
        """A folder is replaced by a folder if it holds such frames alone, a file by a file."""
        if not self.target.exists():
            return
        if self.target.is_dir() != self.is_folder:
            kind = 'no folder' if self.is_folder else 'a folder'
            raise FileExistsError(f'{self.target} is {kind}; it is not replaced, choose another name')
        if not self.is_folder:
            return
        foreign = [path.name for path in self.target.iterdir() if not (path.suffix == '.png' and path.stem.isdecimal())]
        if foreign:
            raise FileExistsError(
                f'{self.target} holds {foreign[0]}, which is no frame that was written here; nothing in it is replaced'
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
    """What tells a file or folder from another of its name, under whatever name it is."""
    state = path.stat()
    return [state.st_ino, state.st_mtime_ns]


def _plain(settings: Mapping[str, object]) -> dict:
    return json.loads(json.dumps(dict(settings), default=str))
