"""How fast training samples come, and what an iteration spends outside the network.

Run by hand: ``python benchmarks/training.py``. Three ways to the same clips are measured in one run, in one process
each: a bank of patches, this package's clips loader once every frame has been decoded and degraded, and MMagic's own
loader, which decodes low and high resolution for each sample. Beside them the bank's own crops with its records in LMDB
instead of numpy's files. The clips are photographs of scikit-image's wheel in
motion, written to a temporary folder.

Samples: batches of 16, crops at random places, flipped, transposed and reversed in time.
Iterations: ``ESPCNNet``, batches of 16 patches of 20 pixels, Adam. The share is what is left of the time of an
iteration when forward pass with its loss, and backward pass with the step, are taken off.
"""

import argparse
import logging
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import lmdb
import numpy as np
import torch
from mmagic.registry import DATASETS
from mmagic.utils import register_all_modules
from mmengine.runner import Runner
from PIL import Image

from vsr_plugins.datasets import PatchBankDataset, PhotoMotionDataset
from vsr_plugins.datasets.prepare import BankSpec, execute, plan_clips, plan_patches, write_patches
from vsr_plugins.models.blocks.fast.allocator import keep_freed_memory

FRAMES = 13
BATCH = 16
# Name, frames, pixels at low resolution.
FORMS = (('windows', 5, 20), ('windows', 5, 28), ('sequences', 7, 32), ('frames', 1, 20))
AUGMENT = [
    dict(type='Flip', keys=['img', 'gt'], flip_ratio=0.5, direction='horizontal'),
    dict(type='Flip', keys=['img', 'gt'], flip_ratio=0.5, direction='vertical'),
    dict(type='RandomTransposeHW', keys=['img', 'gt'], transpose_ratio=0.5),
]
WAYS = ('bank', 'clips', 'mmagic')


def write_clips(root: Path) -> None:
    """Clips as ``vsr prepare clips`` makes them, and a bank of the same."""
    clips = PhotoMotionDataset(num_frames=FRAMES, gt_size=(256, 256), shrink=(1.0, 1.4), clips_per_image=2, split='all')
    for sample in clips:
        for number, frame in enumerate(sample['gt']):
            path = root / 'src' / sample['key'] / f'{number:08d}.png'
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(frame).save(path)
    # Held out, so that low resolution is written too, which MMagic reads.
    execute(plan_clips(root / 'src', val_fraction=1), root / 'src', root, link=True)
    names = [folder.name for folder in (root / 'clips' / 'GT').iterdir()]
    lines = [f'{name}/{number:08d}.png (256, 256, 3)\n' for name in names for number in range(FRAMES)]
    (root / 'clips' / 'frames.txt').write_text(''.join(lines))
    plan = plan_patches([root / 'src'], BankSpec(), val_fraction=0)
    write_patches(plan, [root / 'src'], root)


def dataset(way: str, root: Path, form: str, frames: int, size: int) -> dict:
    """The data set config of one way."""
    center = form == 'windows'
    if way == 'bank':
        return dict(
            type='PatchBankDataset',
            data_root=str(root / 'patches'),
            num_input_frames=frames,
            center_gt=center,
            gt_patch_size=4 * size,
        )
    reverse = [] if frames == 1 else [dict(type='TemporalReverse', keys=['img'] if center else ['img', 'gt'])]
    pack = dict(type='PackInputs', meta_keys=['key'])
    if way == 'clips':
        stacked = dict(type='StackFrames', keys=['img'] if center else ['img', 'gt'])
        return dict(
            type='ClipFramesDataset',
            data_root=str(root / 'clips'),
            data_prefix=dict(gt='GT'),
            ann_file='meta_info_clips_val.txt',
            samples='clips' if form == 'sequences' else 'frames',
            num_input_frames=frames,
            pipeline=[
                *([dict(type='SampleSegment')] if form == 'sequences' else []),
                dict(type='LoadFrames', key='gt', decoded_mb=1000),
                dict(type='DegradeFrames', kind='BI', scale=4, gt_patch_size=4 * size),
                *([dict(type='KeepCenterFrame', keys=['gt'])] if center else []),
                *AUGMENT,
                *reverse,
                *([stacked] if frames > 1 else []),
                pack,
            ],
        )
    indices = dict(type='GenerateSegmentIndices', interval_list=[1], filename_tmpl='{:08d}.png')
    if form != 'sequences':
        # A margin, so that a window never reaches beyond a clip.
        indices = dict(type='GenerateFrameIndices', interval_list=[1], frames_per_clip=FRAMES - 1)
    return dict(
        type='BasicFramesDataset',
        metainfo=dict(dataset_type='reds', task_name='vsr'),
        data_root=str(root / 'clips'),
        data_prefix=dict(img='BIx4', gt='GT'),
        ann_file='meta_info_clips_val.txt' if form == 'sequences' else 'frames.txt',
        depth=1 if form == 'sequences' else 2,
        num_input_frames=frames,
        num_output_frames=1 if center or frames == 1 else None,
        pipeline=[
            indices,
            dict(type='LoadImageFromFile', key='img', channel_order='rgb'),
            dict(type='LoadImageFromFile', key='gt', channel_order='rgb'),
            dict(type='SetValues', dictionary=dict(scale=4)),
            dict(type='PairedRandomCrop', gt_patch_size=4 * size),
            *AUGMENT,
            *reverse,
            pack,
        ],
    )


def dataloader(way: str, root: Path, form: str, frames: int, size: int) -> dict:
    """Its dataloader config, in this process."""
    collate = dict(collate_fn=dict(type='whole_batch')) if way == 'bank' else {}
    return dict(
        num_workers=0,
        batch_size=BATCH,
        persistent_workers=False,
        sampler=dict(type='InfiniteSampler', shuffle=True),
        dataset=dataset(way, root, form, frames, size),
        **collate,
    )


def in_lmdb(dataset: PatchBankDataset, path: Path) -> PatchBankDataset:
    """The same data set, its records read from a database in memory-mapped pages instead of from arrays."""
    bank = dataset.bank
    if not path.exists():
        with lmdb.open(str(path), map_size=1 << 34) as database, database.begin(write=True) as transaction:
            for kind in ('gt', 'img'):
                for index in range(len(bank)):
                    transaction.put(f'{kind}{index}'.encode(), np.ascontiguousarray(bank.record(kind, index)))
    reader = lmdb.open(str(path), readonly=True, lock=False, readahead=False).begin(buffers=True)

    def record(kind: str, index: int) -> np.ndarray:
        side = bank.patch_size // (1 if kind == 'gt' else bank.scale)
        value = reader.get(f'{kind}{index}'.encode())
        return np.frombuffer(value, np.uint8).reshape(bank.frames, 3, side, side)

    bank.record = record
    return dataset


def samples_a_second(loader: dict, ours: bool, seconds: float, database: Path | None = None) -> float:
    """Samples of one process, after an epoch that fills whatever is kept."""
    from vsr_plugins.engine.loops import _as_stream

    built = DATASETS.build(loader['dataset'])
    if database is not None:
        built = in_lmdb(built, database)
    if hasattr(built, 'full_init'):
        built.full_init()
    if ours:
        for index in range(len(built)):
            built[index]
    loader = {**loader, 'dataset': built}
    batches = iter(Runner.build_dataloader(_as_stream(loader) if ours else loader, seed=0))
    next(batches)
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        next(batches)
        count += BATCH
    return count / (time.perf_counter() - start)


@contextmanager
def timed(target: object, name: str, spent: list[float], end: bool = False) -> Iterator[None]:
    """Add the seconds of each call of a method to ``spent``, or when it ended."""
    method: Callable = getattr(target, name)

    def call(*args: object, **kwargs: object) -> object:
        start = time.perf_counter()
        try:
            return method(*args, **kwargs)
        finally:
            spent.append(time.perf_counter() - (0 if end else start))

    setattr(target, name, call)
    yield
    setattr(target, name, method)


def iteration(way: str, root: Path, iterations: int) -> tuple[float, float]:
    """Milliseconds of an iteration of ``ESPCNNet``, and those outside of forward, backward and step."""
    preprocessor = dict(type='BatchDataPreprocessor' if way == 'bank' else 'DataPreprocessor', mean=[0.0], std=[255.0])
    loop = 'IterBasedTrainLoop' if way == 'mmagic' else 'ResumableIterBasedTrainLoop'
    runner = Runner(
        model=dict(
            type='BaseEditModel',
            generator=dict(type='ESPCNNet'),
            pixel_loss=dict(type='MSELoss', loss_weight=1.0, reduction='mean'),
            data_preprocessor=preprocessor,
        ),
        work_dir=str(root / 'work' / way),
        train_dataloader=dataloader(way, root, 'frames', 1, 20),
        train_cfg=dict(type=loop, max_iters=iterations),
        optim_wrapper=dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3)),
        param_scheduler=dict(type='CosineAnnealingLR', by_epoch=False, T_max=iterations),
        default_hooks=dict(logger=dict(type='LoggerHook', interval=100)),
        log_processor=dict(type='LogProcessor', window_size=100, by_epoch=False),
        log_level='ERROR',
        default_scope='mmagic',
        randomness=dict(seed=0),
        experiment_name=f'training_{way}',
    )
    inside: list[float] = []
    marks: list[float] = []
    runner.optim_wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
    with (
        timed(runner.model, '_run_forward', inside),
        timed(runner.optim_wrapper, 'update_params', inside),
        timed(runner.train_loop, 'run_iter', marks, end=True),
    ):
        runner.train()
    skipped = iterations // 4
    total = (marks[-1] - marks[skipped - 1]) / (iterations - skipped)
    network = sum(inside[2 * skipped :]) / (iterations - skipped)
    return 1e3 * total, 1e3 * (total - network)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--seconds', type=float, default=5, help='that samples are counted for (default: 5)')
    parser.add_argument('--iterations', type=int, default=600, help='of the small training (default: 600)')
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    register_all_modules()
    keep_freed_memory()
    logging.disable(logging.WARNING)
    root = Path(tempfile.mkdtemp())
    try:
        write_clips(root)
        print('samples a second, one process')
        for form, frames, size in FORMS:
            rates = {
                w: samples_a_second(dataloader(w, root, form, frames, size), w != 'mmagic', args.seconds) for w in WAYS
            }
            bank = dataloader('bank', root, form, frames, size)
            rates['records in LMDB'] = samples_a_second(bank, True, args.seconds, root / 'lmdb')
            ratios = ', '.join(f'{w} {rates[w]:.0f} ({rates["bank"] / rates[w]:.1f} x)' for w in list(rates)[1:])
            print(f'  {form} of {frames} at {size:2d} pixels: bank {rates["bank"]:.0f}; {ratios}', flush=True)
        print('an iteration of ESPCNNet, milliseconds; of them outside forward, backward and step')
        for way in WAYS:
            total, outside = iteration(way, root, args.iterations)
            print(f'  {way:6}: {total:5.1f}, {outside:5.1f} ({100 * outside / total:.0f} %)', flush=True)
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == '__main__':
    main()
