"""Plan SPMCS (Tao et al. 2017): thirty clips for testing."""

from collections.abc import Sequence
from pathlib import Path

from .layouts import find_clips
from .plan import SCALE, ClipSpec, Plan, clip_lines, low_resolutions, plan_folders, require_folder

CLIPS = 30
SPEC = ClipSpec(31, None)


def plan_spmcs(
    src: str | Path, bd: str = 'duf', clips: int = CLIPS, spec: ClipSpec = SPEC, scales: Sequence[int] = (SCALE,)
) -> Plan:
    """Plan SPMCS as ``SPMCS/{GT,BIx4,BDx4}/<clip>/00000000.png`` and ``meta_info_SPMCS_GT.txt``.

    Args:
        src (str | Path): Contains ``<clip>/truth/`` as published by the authors, or any other layout of ``layouts``.
        bd (str): Convention of BDx4, one of ``degradation.BD_CONVENTIONS``.
        scales (Sequence[int]): Upscaling factors, a folder ``BIx2`` and so on each.
        clips (int): Required number of clips. Their names are arbitrary.
        spec (ClipSpec): Requirements of each clip.

    Raises:
        FileNotFoundError: If ``src`` is not a folder.
        ValueError: If the convention does not exist, or a scale is below 2.
    """
    src = require_folder(src)
    low = low_resolutions(scales, bd)
    folders = find_clips(src)
    planned, faults = plan_folders(folders, dict.fromkeys(folders, spec), tuple(low))
    if len(folders) != clips:
        faults.insert(0, f'expected {clips} clips, but got {len(folders)}: {", ".join(folders) or "none"}')
    return Plan('SPMCS', planned, lambda made: {'meta_info_SPMCS_GT.txt': clip_lines(made)}, low, faults=faults)
