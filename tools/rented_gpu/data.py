"""The phase ``data``: what the config trains and validates on is made of what was handed over."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config

from vsr_plugins.datasets import prepare
from vsr_plugins.media.images.image_files import IMAGE_SUFFIXES

from .handed_over import gather
from .timings import find_option, read_settings
from .work import Work

PHASE = 'data'
# Pixels of a record of the bank, at least.
PATCH_SIZE = 160


def run(work: Work, config: str, sources: Sequence[Path], photos: Sequence[Path], options: Sequence[str] = ()) -> None:
    """Unpack, and make a bank of patches or a data set of clips, whichever the config reads.

    Args:
        work: See there; the data root is ``data`` in its folder.
        config: The config that will be trained.
        sources: Archives and folders of clips, banks, or data sets that ``vsr prepare`` made.
        photos: Archives and folders of photographs.
        options: See ``read_settings``.
    """
    work.item(PHASE, 'unpacked', lambda: _unpack(work.folder, sources, photos))
    work.item(PHASE, f'for {Path(config).stem}', lambda: _prepare(work.folder, read_settings(config, options)))


def _unpack(folder: Path, sources: Sequence[Path], photos: Sequence[Path]) -> dict[str, Any]:
    """Raw clips into ``sources``, photographs into ``photos``, what is prepared already into ``data``."""
    counts = {'clips': 0, 'photographs': 0, 'prepared': 0}
    for path in gather(photos, folder / 'photo_sources'):
        for file in [path, *path.rglob('*')]:
            if file.suffix.lower() in IMAGE_SUFFIXES:
                # They are looked for in one folder, not below it.
                gather([file], folder / 'photos')
                counts['photographs'] += 1
    for path in gather(sources, folder / 'sources'):
        prepared = next((name for name, mark in _PREPARED.items() if any(path.glob(mark))), None)
        if prepared is None:
            counts['clips'] += 1
            continue
        target = folder / 'data' / prepared
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            shutil.move(path, target)
        counts['prepared'] += 1
    return counts


# Folder below the data root -> what such a folder holds.
_PREPARED = {'patches': 'bank.json', 'clips': 'meta_info_clips_val.txt'}


def _prepare(folder: Path, settings: Config) -> dict[str, Any]:
    source, root = folder / 'sources', folder / 'data'
    photos = folder / 'photos' if (folder / 'photos').is_dir() else None
    has_clips = source.is_dir() and any(source.iterdir())
    values: dict[str, Any] = {}
    reads_bank = 'PatchBankDataset' in str(settings.train_dataloader)
    if reads_bank and not (root / 'patches').is_dir():
        spec = bank_spec(settings)
        sources = [source] if has_clips else [root / 'clips'] if (root / 'clips').is_dir() else []
        plan = prepare.plan_patches(sources, spec, photos)
        made = prepare.write_patches(plan, [*sources, *([photos] if photos else [])], root)
        values |= {'shards': made.clips, 'records': made.frames, 'records are': f'{spec.frames} of {spec.patch_size}'}
    if has_clips and not (root / 'clips').is_dir():
        plan = prepare.plan_clips(source)
        if reads_bank:
            # Those that are trained on are in the bank; those with low resolution are held out.
            plan.clips[:] = [clip for clip in plan.clips if clip.low]
        made = prepare.execute(plan, source, root, link=True)
        values |= {'clips': made.clips, 'frames': made.frames}
    return values


def bank_spec(settings: Config) -> prepare.BankSpec:
    """The bank that a training config can read."""
    loader = settings.train_dataloader
    margin = find_option(loader, 'degrade_margin', 0)
    size = max(PATCH_SIZE, find_option(loader, 'gt_patch_size', 0) + 2 * margin)
    return prepare.BankSpec(
        frames=max(7, find_option(loader, 'num_input_frames', 0)),
        patch_size=-(-size // 4) * 4,
        degradation='none' if settings.model.data_preprocessor.get('degrade') else 'BI',
    )
