"""Where an upscale grows until it is whole: a hidden folder beside its target."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from ..whole_files import whole_file

STATE = 'state.json'
SEGMENT = '.packets'
FRAMES = 'frames'


class WorkFolder:
    """The hidden folder of a target. Its segments are whole; what is being written has another name.

    Args:
        target: The video file or folder of images that is made.

    Attributes:
        path: The folder.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self.path = target.with_name(f'.{target.name}.vsr')

    def begin(self, settings: Mapping[str, object], force: bool, resume: bool) -> None:
        """Make the folder, or go on with the one that an earlier run left.

        Args:
            settings: What decides about the result. It must be that of the earlier run.
            force: Replace the target and forget an earlier run.
            resume: Go on with an earlier run.

        Raises:
            FileExistsError: If the target or an earlier run is there and must not be touched.
            ValueError: If the earlier run had other settings.
            OSError: If nothing can be written there.
        """
        state = self._read()
        if not force and self.target.exists() and not (resume and state and self._is_ours(state)):
            raise FileExistsError(f'{self.target} is already there; choose another name, or replace it with --force')
        if force and self.target.is_dir():
            self._refuse_foreign()
        if state is not None and force and not resume:
            shutil.rmtree(self.path)
            state = None
        if state is not None:
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
            return
        if self.path.exists():
            shutil.rmtree(self.path)
        try:
            self.target.parent.mkdir(parents=True, exist_ok=True)
            self.path.mkdir()
            self._write({'settings': _plain(settings), 'partial': None})
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

    def publish(self, made: Path, is_partial: bool = False) -> None:
        """Give the target its name.

        Args:
            made: What becomes the target, on the same file system.
            is_partial: Keep the rest of this folder, to go on later.
        """
        if self.target.is_dir():
            old = self.path / 'replaced'
            os.replace(self.target, old)
        os.replace(made, self.target)
        if not is_partial:
            self.remove()
            return
        shutil.rmtree(self.path / 'replaced', ignore_errors=True)
        self._write({**self._read(), 'partial': _identity(self.target)})

    def remove(self) -> None:
        """Remove the folder and all in it."""
        shutil.rmtree(self.path, ignore_errors=True)

    def _is_ours(self, state: dict) -> bool:
        return state['partial'] is not None and state['partial'] == _identity(self.target)

    def _refuse_foreign(self) -> None:
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
        with whole_file(self.path / STATE) as partial:
            partial.write_text(json.dumps(state, indent=1), encoding='utf-8')


def _identity(path: Path) -> list[int]:
    """What tells a file or folder from another of its name."""
    if not path.exists():
        return []
    state = path.stat()
    return [state.st_ino, state.st_mtime_ns]


def _plain(settings: Mapping[str, object]) -> dict:
    return json.loads(json.dumps(dict(settings), default=str))
