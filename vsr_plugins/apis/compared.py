"""What a comparison is given: the versions of a clip."""

from collections.abc import Mapping
from pathlib import Path

from ..media.reading.image_reader import ImageReader
from ..media.reading.open_reader import open_reader
from ..media.reading.video_reader import VideoReader

TRUTH = 'ground truth'


def with_truth(methods: Mapping[str, str | Path], against: str | Path | None) -> dict[str, str | Path]:
    """Return the versions of a clip by name, the ground truth last.

    Args:
        methods: Video, folder of frames or pattern by name.
        against: Ground truth.

    Raises:
        ValueError: If there is only one version, or one has the name of the ground truth.
    """
    if TRUTH in methods:
        raise ValueError(f'the name {TRUTH!r} is reserved; give that version another name')
    paths = {**methods, **({} if against is None else {TRUTH: against})}
    if len(paths) < 2:
        raise ValueError(f'at least two videos or folders are needed to compare, but got {len(paths)}')
    return paths


def open_versions(paths: Mapping[str, str | Path], out: Path) -> dict[str, VideoReader | ImageReader]:
    """Open the versions of a clip, by name.

    Args:
        paths: Video, folder of frames or pattern by name.
        out: File that will be written.

    Raises:
        FileNotFoundError: If a path is missing.
        ValueError: If one cannot be read, or ``out`` is one of them.
    """
    readers = {name: open_reader(path) for name, path in paths.items()}
    for reader in readers.values():
        if out.resolve() in (path.resolve() for path in (reader.paths if reader.path is None else [reader.path])):
            raise ValueError(f'{out} is both input and output; name another file')
    return readers
