"""How long commands take to start, each beside what it is measured against, in turn, in one run.

python benchmarks/startup.py [--repeats 5] [--only NAME ...]

Every command runs in fresh processes, in pairs: the command, then the reference, so that what else the machine does
hits both. CPU seconds (user and system) of the process and its children are printed, the minimum and the median of
the runs, and the ratio of the minima. ``vsr upscale`` restores two frames of 24 x 32 pixels, so that what is measured
is the way to the network. The last row starts a training by ``mim train`` with and without this package in the config:
mmengine's runner, MMagic's models and one iteration.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

VSR = [sys.executable, '-c', 'import sys; from vsr_plugins_command import main; sys.exit(main())']
TORCH = [sys.executable, '-c', 'import torch']
BOTH = [sys.executable, '-c', 'import torch, torchvision']
NUMPY = [sys.executable, '-c', 'import numpy, cv2']
TRAIN = """
{plugin}
default_scope = 'mmagic'
work_dir = {work!r}
model = dict(type='BaseEditModel', generator=dict(type='SRCNNNet', channels=(3, 4, 4, 3), kernel_sizes=(3, 1, 3),
    upscale_factor=1), pixel_loss=dict(type='L1Loss'), data_preprocessor=dict(type='DataPreprocessor'))
train_dataloader = dict(batch_size=1, num_workers=0, sampler=dict(type='InfiniteSampler'), dataset=dict(
    type='BasicImageDataset', data_root={frames!r}, data_prefix=dict(img='', gt=''), pipeline=[
        dict(type='LoadImageFromFile', key='img'), dict(type='LoadImageFromFile', key='gt'),
        dict(type='PackInputs')]))
train_cfg = dict(type='IterBasedTrainLoop', max_iters=1)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-4))
"""


def pairs(folder: Path) -> dict[str, tuple[list[str], str, list[str]]]:
    """Name of a row -> command, name of the reference, reference."""
    frames = folder / 'frames'
    frames.mkdir()
    for i in range(2):
        image = np.random.default_rng(i).integers(0, 256, (24, 32, 3), dtype=np.uint8)
        cv2.imwrite(str(frames / f'{i}.png'), image)
    rows = {
        'import vsr_plugins': ([sys.executable, '-c', 'import vsr_plugins'], 'import torch', TORCH),
        'vsr --help': ([*VSR, '--help'], 'import torch', TORCH),
        'vsr --version': ([*VSR, '--version'], 'import torch', TORCH),
        'vsr upscale --list-models': ([*VSR, 'upscale', '--list-models'], 'import torch', TORCH),
        'vsr score --list-protocols': ([*VSR, 'score', '--list-protocols'], 'import torch', TORCH),
        'vsr score, two frames': ([*VSR, 'score', str(frames), str(frames)], 'import numpy, cv2', NUMPY),
    }
    for model in ('espcn', 'latent-attention-half', 'robust-vsr', 'basicvsr'):
        command = [*VSR, 'upscale', str(frames), str(folder / 'out'), '--model', model, '--force']
        rows[f'vsr upscale --model {model}, two frames'] = (command, 'import torch, torchvision', BOTH)
    trainings = []
    for name, plugin in (('with', "custom_imports = dict(imports=['vsr_plugins'])"), ('without', '')):
        config = folder / f'{name}.py'
        config.write_text(TRAIN.format(plugin=plugin, work=str(folder / name), frames=str(frames)))
        trainings.append([sys.executable, '-m', 'mim', 'train', 'mmagic', str(config)])
    rows['mim train, to the first iteration'] = (trainings[0], 'without the plugin', trainings[1])
    return rows


def cpu_seconds(command: list[str], folder: Path) -> float:
    """Of one run, its children's too.

    Raises:
        RuntimeError: If it fails.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env={**os.environ, 'OMP_NUM_THREADS': '1'}
    )
    if done.returncode:
        raise RuntimeError(f'{" ".join(command)}: {done.stderr[-2000:]}')
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--repeats', type=int, default=5)
    parser.add_argument('--only', nargs='+', help='beginnings of names of rows')
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f'{"command":45} {"min":>7} {"median":>7}   {"reference":25} {"min":>7} {"median":>7}   ratio')
        for row, (command, of, reference) in pairs(folder).items():
            if args.only and not row.startswith(tuple(args.only)):
                continue
            times: tuple[list[float], list[float]] = ([], [])
            try:
                for run in range(args.repeats + 1):
                    for seconds, one in zip(times, (command, reference), strict=True):
                        took = cpu_seconds(one, folder)
                        if run:  # the first fills the disk cache
                            seconds.append(took)
            except RuntimeError as error:
                print(f'{row:45} {str(error).strip().splitlines()[-1]}')
                continue
            cells = [f'{min(seconds):7.2f} {statistics.median(seconds):7.2f}' for seconds in times]
            print(f'{row:45} {cells[0]}   {of:25} {cells[1]}   {min(times[0]) / min(times[1]):.2f}', flush=True)


if __name__ == '__main__':
    main()
