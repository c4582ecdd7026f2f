"""Plan Vimeo-90K septuplets (Xue et al. 2019), for training and testing."""

from collections.abc import Sequence
from pathlib import Path

from ...media.images.image_files import UnreadableError
from .plan import SCALE, Clip, ClipSpec, Plan, clip_lines, low_resolutions, plan_many, require_folder

SPEC = ClipSpec(7, (256, 448))
COUNTS = {'train': 64612, 'test': 7824}
# The archive does not contain the three parts of the test set by size of motion; a list next to it is converted.
PARTS = ('slow', 'medium', 'fast')


def plan_vimeo90k(
    src: str | Path,
    bd: str = 'duf',
    counts: dict[str, int] | None = None,
    spec: ClipSpec = SPEC,
    scales: Sequence[int] = (SCALE,),
) -> Plan:
    """Plan Vimeo-90K as ``vimeo90k/{GT,BIx4,BDx4}/00001/0001/im1.png`` and ``meta_info_Vimeo90K_{train,test}_GT.txt``.

    Only septuplets in one of the lists are made. Lists of the test set's parts, ``sep_{slow,medium,fast}_*.txt``,
    become ``meta_info_Vimeo90K_test_{slow,medium,fast}_GT.txt``.

    Args:
        src (str | Path): Contains ``sep_trainlist.txt``, ``sep_testlist.txt`` and the septuplets in ``sequences`` or
            ``GT``, or a folder with these.
        bd (str): Convention of BDx4, one of ``degradation.BD_CONVENTIONS``.
        counts (dict[str, int] | None): Required number of septuplets of each list; default the published 64612 and
            7824.
        spec (ClipSpec): Requirements of each septuplet.
        scales (Sequence[int]): Upscaling factors, a folder ``BIx2`` and so on each.

    Raises:
        FileNotFoundError: If ``src`` is not a folder or contains no lists and septuplets.
        ValueError: If the convention does not exist, or a scale is below 2.
    """
    src = require_folder(src)
    low = low_resolutions(scales, bd)
    root, sequences = _find(src)
    lists, faults = {}, []
    for name, count in (counts or COUNTS).items():
        lists[name] = _read(root / f'sep_{name}list.txt')
        if len(lists[name]) != count:
            path = root / f'sep_{name}list.txt'
            faults.append(f'{path}: expected {count} septuplets, but got {len(lists[name])}')
    for part in PARTS:
        for path in sorted(root.glob(f'sep_{part}*.txt'))[:1]:
            lists[f'test_{part}'] = _read(path)
    if both := set(lists['train']) & set(lists['test']):
        faults.append(f'{len(both)} septuplets are in the training and in the test list, such as {min(both)}')

    requests = []
    for name in sorted({name for names in lists.values() for name in names}):
        paths = [sequences / name / f'im{i}.png' for i in range(1, spec.frames + 1)]
        if missing := [path for path in paths if not path.exists()]:
            faults.append(f'{sequences / name}: expected {spec.frames} frames, but {missing[0].name} is missing')
        else:
            requests.append((name, paths, spec))
    clips, wrong = plan_many(requests, tuple(low))
    faults += wrong

    def annotate(made: list[tuple[Clip, int]]) -> dict[str, str]:
        known = {clip.name: (clip, n) for clip, n in made}
        return {
            f'meta_info_Vimeo90K_{name}_GT.txt': clip_lines((known[i] for i in names), '({h}, {w}, 3)')
            for name, names in lists.items()
        }

    return Plan('vimeo90k', clips, annotate, low, stem=lambda i: f'im{i + 1}', faults=faults)


def _find(src: Path) -> tuple[Path, Path]:
    """Return the folder of the lists and that of the septuplets."""
    for root in (src, *sorted(path for path in src.iterdir() if path.is_dir())):
        for sequences in (root / 'sequences', root / 'GT'):
            if sequences.is_dir() and all((root / f'sep_{name}list.txt').is_file() for name in COUNTS):
                return root, sequences
    raise FileNotFoundError(
        f'{src} must contain sep_trainlist.txt, sep_testlist.txt and, next to them, the septuplets in sequences/ or GT/'
    )


def _read(path: Path) -> list[str]:
    """Read the names in a list, such as 00001/0001."""
    try:
        return [line.strip() for line in path.read_text(encoding='utf-8').splitlines() if line.strip()]
    except UnicodeDecodeError as error:
        raise UnreadableError(f'{path} is not a text file: {error}') from error
