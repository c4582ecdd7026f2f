"""Manifest of the files that ``vsr prepare`` made: they may be completed; all other files are left unchanged.

It is an append-only file of JSON lines, so a killed run leaves at worst a truncated last line, which is ignored. A clip
is recorded when it is started, before its first file is written, with the state of its sources, and again when it is
complete, with the size in bytes of each file.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

NAME = '.vsr_prepare.jsonl'


@dataclass
class Unit:
    """One folder of one clip, such as BIx4/calendar.

    Attributes:
        recipe: Source and method of its files.
        sizes: Bytes of each file in the order of the frames; None until it is complete.
        key_frames: Indices of the I-frames of the source video, if it was a video.
    """

    recipe: str
    sizes: list[int] | None = None
    key_frames: tuple[int, ...] | None = None


class Manifest:
    """Manifest of one data set folder.

    Args:
        folder (Path): Folder of the data set; need not exist.

    Raises:
        ValueError: If an existing manifest was not written by this version of the package.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self.units: dict[tuple[str, str], Unit] = {}
        self.texts: dict[str, set[str]] = {}
        self._sources: dict[str, dict[str, str]] = {}
        if self.path.exists():
            self._read()

    def begin(self, clip: str, recipes: dict[str, str], sources: dict[str, str]) -> None:
        """Record that the folders of a clip are about to be made from sources in a state, see ``state_of``."""
        self._append(dict(begin=clip, recipe=recipes, sources=sources))

    def sources(self, clip: str) -> dict[str, str] | None:
        """Return the state of the sources of a clip when it was begun; None if it is not known."""
        return self._sources.get(clip)

    def complete(
        self,
        clip: str,
        recipes: dict[str, str],
        sizes: dict[str, list[int]],
        key_frames: Sequence[int] | None = None,
    ) -> None:
        """Record that the folders of a clip are complete."""
        of_video = {} if key_frames is None else dict(key_frames=list(key_frames))
        self._append(dict(made=clip, recipe=recipes, bytes=sizes, **of_video))

    def text_obstacles(self, texts: Mapping[str, str]) -> list[str]:
        """Return a message for each annotation file that exists with other contents and is not as we wrote it."""
        paths = {self.path.with_name(name): text.encode() for name, text in texts.items()}
        return [
            f'{path} already exists with other contents and was not made by vsr; move it away'
            for path, data in paths.items()
            if path.exists() and path.read_bytes() != data and not self._is_ours(path)
        ]

    def dropped(self, texts: Mapping[str, str]) -> list[str]:
        """Return a message if clips that the annotation files list would no longer be in any."""
        paths = [self.path.with_name(name) for name in texts]
        before = dict.fromkeys(name for path in paths if path.exists() for name in _listed(path.read_text('utf-8')))
        now = {name for text in texts.values() for name in _listed(text)}
        if not (missing := [name for name in before if name not in now]):
            return []
        return [
            f'{len(missing)} clips of earlier runs would leave its lists, such as {missing[0]}; name all sources in '
            'one command, or another folder'
        ]

    def write_texts(self, texts: Mapping[str, str]) -> None:
        """Write annotation files that passed ``text_obstacles``."""
        for name, text in texts.items():
            path, data = self.path.with_name(name), text.encode()
            if path.exists() and path.read_bytes() == data:
                continue
            # Append first: if the process is killed in between, the file is still known as ours.
            self._append(dict(text=name, sha256=digest(data)))
            temporary = path.with_name(f'.{name}.{os.getpid()}')
            temporary.write_bytes(data)
            os.replace(temporary, path)

    def _is_ours(self, path: Path) -> bool:
        return digest(path.read_bytes()) in self.texts.get(path.name, ())

    def _append(self, line: dict) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path, 'a', encoding='utf-8') as file:
            # Start a new line: the last one may be truncated by a killed process.
            file.write(('\n' if file.tell() else '') + json.dumps(line, separators=(',', ':')))
        self._take(line)

    def _read(self) -> None:
        lines = self.path.read_text(encoding='utf-8').split('\n')
        for number, line in enumerate(lines, 1):
            try:
                self._take(json.loads(line))
            except json.JSONDecodeError as error:
                # A killed process truncates a line anywhere; the next run starts a new line.
                if line and not line.startswith('{'):
                    raise ValueError(f'{self.path}: line {number} was not written by vsr prepare') from error
            except (KeyError, TypeError, AttributeError) as error:
                raise ValueError(f'{self.path}: line {number} was not written by vsr prepare: {error!r}') from error

    def _take(self, line: dict) -> None:
        if 'text' in line:
            self.texts.setdefault(line['text'], set()).add(line['sha256'])
            return
        clip = line['made'] if 'made' in line else line['begin']
        if 'sources' in line:
            self._sources[clip] = line['sources']
        for folder, recipe in line['recipe'].items():
            sizes = line['bytes'][folder] if 'made' in line else None
            key_frames = tuple(line['key_frames']) if 'key_frames' in line else None
            self.units[folder, clip] = Unit(recipe, sizes, key_frames)


def _listed(text: str) -> list[str]:
    return [line.split()[0] for line in text.splitlines() if line.strip()]


def digest(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()
