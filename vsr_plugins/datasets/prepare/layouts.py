"""Find the clips of a data set in any of the layouts in circulation.

A layout is the path below the source with the clip replaced by ``*``: ``GT/*``, ``*``, ``*/original``, ``HR/*``,
``Vid4/GT/*``. All folders of images are listed, each is treated as a clip of every layout it can belong to, and one
layout is chosen: ground truth by name first, then layouts without a hint, then low resolution by name.
"""

import os
import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from pathlib import Path

from ...media.images.image_files import IMAGE_SUFFIXES, natural_key

GROUND_TRUTH = frozenset(
    ('gt', 'hr', 'truth', 'original', 'originals', 'target', 'sharp', 'ground_truth', 'groundtruth')
)
LOW_RESOLUTION = re.compile(r'(bi|bd)x?\d|x\d|lr|lq|low|input|blur|bicubic')


def image_folders(src: Path) -> Iterator[tuple[str, ...]]:
    """Yield the folders in ``src`` that directly contain images, as parts of their relative paths, in natural order.

    Links to folders are followed, except to those that contain the link.
    """
    for folder, subfolders, files in os.walk(src, followlinks=True):
        parts = Path(folder).relative_to(src).parts
        kept = [name for name in subfolders if not name.startswith(('.', '__'))]
        here = os.path.realpath(folder)
        subfolders[:] = [name for name in sorted(kept, key=natural_key) if not _contains(folder, name, here)]
        if any(os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES for name in files if not name.startswith('.')):
            yield parts


def _contains(folder: str, name: str, here: str) -> bool:
    """Whether a subfolder is a link to a folder around it."""
    path = os.path.join(folder, name)
    return os.path.islink(path) and os.path.commonpath((target := os.path.realpath(path), here)) == target


def find_clips(src: Path, names: Collection[str] | None = None) -> dict[str, Path]:
    """Return the ground-truth folder of each clip, by the clip's name.

    Args:
        src (Path): Folder to search.
        names (Collection[str] | None): The clips of the data set, matched regardless of case; None accepts any name.

    Returns:
        dict[str, Path]: The clips of ``names`` found in the chosen layout, or all clips of it. Empty if none.
    """
    known = None if names is None else {name.casefold(): name for name in names}
    layouts: dict[tuple[str, ...], dict[str, Path]] = defaultdict(dict)
    for parts in image_folders(src):
        for position in range(max(0, len(parts) - 2), len(parts)):
            name = parts[position] if known is None else known.get(parts[position].casefold())
            if name is not None:
                layout = (*parts[:position], '*', *parts[position + 1 :])
                layouts[layout][name] = src.joinpath(*parts)
    if not layouts:
        return {}
    return layouts[min(layouts, key=lambda layout: (_rank(layout), -len(layouts[layout]), len(layout), layout))]


def _rank(layout: tuple[str, ...]) -> int:
    words = [part.casefold() for part in layout]
    if any(word in GROUND_TRUTH for word in words):
        return 0
    return 2 if any(LOW_RESOLUTION.match(word) for word in words) else 1
