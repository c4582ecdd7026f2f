"""Plan REDS (Nah et al. 2019), with train and val merged into 270 clips as in upstream."""

from collections.abc import Collection, Sequence
from pathlib import Path

from .layouts import image_folders
from .plan import SCALE, Clip, ClipSpec, Plan, low_resolutions, plan_folders, require_folder

TRAIN_CLIPS, VAL_CLIPS = 240, 30
REDS4 = ('000', '011', '015', '020')
FRAMES = ('sharp', 'blur', 'blur_comp')
SPEC = ClipSpec(100, (720, 1280))


def plan_reds(
    src: str | Path,
    subset: str = 'full',
    spec: ClipSpec = SPEC,
    scales: Sequence[int] = (SCALE,),
    frames: str = 'sharp',
) -> Plan:
    """Plan REDS as ``REDS/{train_sharp,train_sharp_bicubic/X4}/<clip>/00000000.png`` and upstream's annotation files.

    The clips 000 to 029 of the official validation set become 240 to 269. The files are ``meta_info_REDS_GT.txt``,
    ``meta_info_reds4_{train,val}.txt`` (266 and 4 clips) and ``meta_info_official_{train,val}.txt`` (240 and 30).

    Args:
        src (str | Path): Contains ``train_sharp`` and ``val_sharp`` at any depth, or the merged ``train_sharp``; for
            the subset, the four clips may also be in ``GT`` or in ``src`` itself.
        subset (str): 'full', or 'reds4' for the four test clips only and ``meta_info_reds4_val.txt``.
        spec (ClipSpec): Requirements of each clip.
        scales (Sequence[int]): Upscaling factors, a folder ``X2`` and so on each.
        frames (str): 'sharp', or 'blur' or 'blur_comp' for the blurred, and the blurred and compressed, frames of the
            deblurring tracks, which become ``train_blur`` or ``train_blur_comp`` beside ``train_sharp``.

    Raises:
        FileNotFoundError: If ``src`` is not a folder.
        ValueError: If the subset or the frames do not exist, or a scale is below 2.
    """
    src = require_folder(src)
    if subset not in ('full', 'reds4'):
        raise ValueError(f"the subset of REDS must be 'full' or 'reds4', but got '{subset}'")
    official_val = [f'{i:03d}' for i in range(TRAIN_CLIPS, TRAIN_CLIPS + VAL_CLIPS)]
    names = REDS4 if subset == 'reds4' else [f'{i:03d}' for i in range(TRAIN_CLIPS)] + official_val
    if frames not in FRAMES:
        raise ValueError(f"the frames of REDS must be one of {', '.join(FRAMES)}, but got '{frames}'")
    low = low_resolutions(scales, bicubic_folder='train_sharp_bicubic/X') if frames == 'sharp' else {}
    clips, faults = plan_folders(_find(src, frames), dict.fromkeys(names, spec), tuple(low))

    def annotate(made: list[tuple[Clip, int]]) -> dict[str, str]:
        frames = {clip.name: _lines(clip, n) for clip, n in made}
        texts = {'meta_info_reds4_val.txt': _join(frames, REDS4)}
        if subset == 'full':
            texts['meta_info_REDS_GT.txt'] = _join(frames, frames)
            texts['meta_info_reds4_train.txt'] = _join(frames, frames.keys() - set(REDS4))
            texts['meta_info_official_val.txt'] = _join(frames, official_val)
            texts['meta_info_official_train.txt'] = _join(frames, frames.keys() - set(official_val))
        return texts

    return Plan('REDS', clips, annotate, low, gt=f'train_{frames}', faults=faults)


def _find(src: Path, frames: str = 'sharp') -> dict[str, Path]:
    """Return the folder of each clip by its merged name."""
    bare, folders = {}, {}
    for parts in image_folders(src):
        name, above = (parts or ('',))[-1], parts[:-1]
        if len(name) != 3 or not name.isdigit():
            continue
        # Use the innermost name: the archives unpack to train_sharp/train/train_sharp and similar.
        words = (f'train_{frames}', f'val_{frames}', *(('GT',) if frames == 'sharp' else ()))
        word = next((part for part in reversed(above) if part in words), None)
        if word == f'val_{frames}':
            name = f'{int(name) + TRAIN_CLIPS:03d}'
        if word is not None:
            folders.setdefault(name, src.joinpath(*parts))
        elif not above and frames == 'sharp':
            bare[name] = src.joinpath(*parts)
    return bare | folders


def _lines(clip: Clip, frames: int) -> str:
    h, w = clip.size
    return ''.join(f'{clip.name}/{i:08d}.png ({h}, {w}, 3)\n' for i in range(frames))


def _join(frames: dict[str, str], names: Collection[str]) -> str:
    return ''.join(frames[name] for name in sorted(names) if name in frames)
