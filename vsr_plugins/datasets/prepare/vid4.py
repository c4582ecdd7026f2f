"""Plan Vid4 (Liu and Sun 2014): four clips for testing."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from .layouts import find_clips
from .plan import SCALE, ClipSpec, Plan, clip_lines, low_resolutions, plan_folders, require_folder

VID4 = {
    'calendar': ClipSpec(41, (576, 720)),
    'city': ClipSpec(34, (576, 704)),
    'foliage': ClipSpec(49, (480, 720)),
    'walk': ClipSpec(47, (480, 720)),
}


def plan_vid4(
    src: str | Path, bd: str = 'duf', table: Mapping[str, ClipSpec] = VID4, scales: Sequence[int] = (SCALE,)
) -> Plan:
    """Plan Vid4 as ``Vid4/{GT,BIx4,BDx4}/<clip>/00000000.png`` and ``meta_info_Vid4_GT.txt``.

    Args:
        src (str | Path): Contains the ground truth in any layout of ``layouts``, with any frame names in natural order.
        bd (str): Convention of BDx4, one of ``degradation.BD_CONVENTIONS``.
        scales (Sequence[int]): Upscaling factors, a folder ``BIx2`` and so on each.
        table (Mapping): Clips and their requirements.

    Raises:
        FileNotFoundError: If ``src`` is not a folder.
        ValueError: If the convention does not exist, or a scale is below 2.
    """
    src = require_folder(src)
    low = low_resolutions(scales, bd)
    clips, faults = plan_folders(find_clips(src, table), dict(table), tuple(low))
    return Plan('Vid4', clips, lambda made: {'meta_info_Vid4_GT.txt': clip_lines(made)}, low, faults=faults)
