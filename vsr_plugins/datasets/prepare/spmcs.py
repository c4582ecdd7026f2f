"""Plan SPMCS (Tao et al. 2017): thirty clips for testing."""

from pathlib import Path

from .layouts import find_clips
from .plan import ClipSpec, Plan, bicubic, blur, clip_lines, plan_folders, require_folder

CLIPS = 30
SPEC = ClipSpec(31, None)


def plan_spmcs(src: str | Path, bd: str = 'duf', clips: int = CLIPS, spec: ClipSpec = SPEC) -> Plan:
    """Plan SPMCS as ``SPMCS/{GT,BIx4,BDx4}/<clip>/00000000.png`` and ``meta_info_SPMCS_GT.txt``.

    Args:
        src (str | Path): Contains ``<clip>/truth/`` as published by the authors, or any other layout of ``layouts``.
        bd (str): Convention of BDx4, one of ``degradation.BD_CONVENTIONS``.
        clips (int): Required number of clips. Their names are arbitrary.
        spec (ClipSpec): Requirements of each clip.

    Raises:
        FileNotFoundError: If ``src`` is not a folder.
        ValueError: If the convention does not exist.
    """
    src = require_folder(src)
    low = {'BIx4': bicubic(), 'BDx4': blur(bd)}
    folders = find_clips(src)
    planned, faults = plan_folders(folders, dict.fromkeys(folders, spec), tuple(low))
    if len(folders) != clips:
        faults.insert(0, f'expected {clips} clips, but got {len(folders)}: {", ".join(folders) or "none"}')
    return Plan('SPMCS', planned, lambda made: {'meta_info_SPMCS_GT.txt': clip_lines(made)}, low, faults=faults)
