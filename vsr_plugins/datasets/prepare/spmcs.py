"""SPMCS (Tao et al. 2017): thirty clips for testing."""

from pathlib import Path

from .layouts import find_clips
from .plan import ClipSpec, Plan, bicubic, blur, clip_lines, plan_folders, require_folder

CLIPS = 30
SPEC = ClipSpec(31, None)


def plan_spmcs(src: str | Path, bd: str = 'duf', clips: int = CLIPS, spec: ClipSpec = SPEC) -> Plan:
    """SPMCS as ``SPMCS/{GT,BIx4,BDx4}/<clip>/00000000.png`` and ``meta_info_SPMCS_GT.txt``.

    Args:
        src (str | Path): Holds ``<clip>/truth/`` as the authors published it, or any other layout of ``layouts``.
        bd (str): The convention of BDx4, one of ``degradation.BD_CONVENTIONS``.
        clips (int): How many clips there must be. Their names are taken as they come.
        spec (ClipSpec): What each must be.

    Raises:
        FileNotFoundError: If ``src`` is not a folder.
        ValueError: If there is no such convention.
    """
    src = require_folder(src)
    low = {'BIx4': bicubic(), 'BDx4': blur(bd)}
    folders = find_clips(src)
    planned, faults = plan_folders(folders, dict.fromkeys(folders, spec), tuple(low))
    if len(folders) != clips:
        faults.insert(0, f'{clips} clips are expected, but got {len(folders)}: {", ".join(folders) or "none"}')
    return Plan('SPMCS', planned, lambda made: {'meta_info_SPMCS_GT.txt': clip_lines(made)}, low, faults=faults)
