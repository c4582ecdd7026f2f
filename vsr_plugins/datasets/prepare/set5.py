"""Plan Set5 (Bevilacqua et al. 2012): five images for testing, each a clip of one frame."""

from collections.abc import Sequence
from pathlib import Path

from ...media.images.image_files import list_images
from .layouts import image_folders
from .plan import SCALE, ClipSpec, Plan, clip_lines, low_resolutions, plan_many, require_folder

# (h, w)
SIZES = {'baby': (512, 512), 'bird': (288, 288), 'butterfly': (256, 256), 'head': (280, 280), 'woman': (344, 228)}


def plan_set5(src: str | Path, sizes: dict[str, tuple[int, int]] = SIZES, scales: Sequence[int] = (SCALE,)) -> Plan:
    """Plan Set5 as ``Set5/{GT,BIx4}/<picture>/00000000.png`` and ``meta_info_Set5_GT.txt``.

    Args:
        src (str | Path): Contains ``baby.png`` or ``baby_GT.bmp`` and so on, in one folder.
        sizes (dict): Required height and width of each picture, by its name.
        scales (Sequence[int]): Upscaling factors, a folder ``BIx2`` and so on each.

    Raises:
        FileNotFoundError: If ``src`` is not a folder.
        ValueError: If a scale is below 2.
    """
    src = require_folder(src)
    low = low_resolutions(scales)
    pictures: dict[str, Path] = {}
    for parts in image_folders(src):
        named = {path.stem.casefold().removesuffix('_gt'): path for path in list_images(src.joinpath(*parts))}
        if not pictures and sizes.keys() <= named.keys():
            pictures = {name: named[name] for name in sizes}
    found = ((name, [path], ClipSpec(1, sizes[name])) for name, path in pictures.items())
    clips, faults = plan_many(found, tuple(low))
    if not pictures:
        faults.append(f'no folder in {src} contains the pictures {", ".join(sizes)}')
    return Plan('Set5', clips, lambda made: {'meta_info_Set5_GT.txt': clip_lines(made)}, low, faults=faults)
