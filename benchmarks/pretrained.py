"""What the pretrained models on this machine reach on Vid4, and how long a frame takes: the numbers of the registry.

VSR_DATA_ROOT=... python benchmarks/pretrained.py [NAME ...] [--seconds-only] [--clips walk ...] [--bd-root DIR]

Vid4 as ``vsr prepare vid4`` makes it lies in VSR_DATA_ROOT; weights for the other grid of BDx4 are measured where
``--bd-root`` names a root that was prepared with ``--bd mmagic``. Protocol ``basicvsr``: Y, all frames, no border
cropped, 8 bit, mean over clips. Seconds: the minimum of several calls on 7 frames of 144 x 180, by restored frame,
float32, with as many threads as PyTorch takes.
"""

import argparse
import os
import time
from pathlib import Path

import numpy as np
import torch

from vsr_plugins.evaluation import get_protocol
from vsr_plugins.evaluation.scores import Scores, score_frame, summarise
from vsr_plugins.inference.job.output_frames import quantized
from vsr_plugins.inference.predictor import VideoPredictor
from vsr_plugins.media.images.image_files import list_images, read_rgb
from vsr_plugins.pretrained import Pretrained, available_models, find_pretrained, load_pretrained

CLIPS = ('calendar', 'city', 'foliage', 'walk')
SIZE = (144, 180)


def seconds_a_frame(predictor: VideoPredictor, repeats: int) -> float:
    """The least of several calls."""
    frames = list(np.random.default_rng(0).integers(0, 256, (7, *SIZE, 3), dtype=np.uint8))
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        count = sum(len(made) for made in predictor.restore(iter(frames)))
        times.append((time.perf_counter() - start) / count)
    return min(times)


def score(predictor: VideoPredictor, low: Path, truth: Path, clips: list[str]) -> Scores:
    """Of all frames of the clips."""
    protocol = get_protocol('basicvsr')
    scores = {}
    for clip in clips:
        frames = (read_rgb(path) for path in list_images(low / clip))
        restored = (frame for made in predictor.restore(frames) for frame in made)
        scores[clip] = [
            score_frame(quantized(frame, np.dtype(np.uint8)), read_rgb(path), protocol)
            for frame, path in zip(restored, list_images(truth / clip), strict=True)
        ]
        mean = {name: np.mean([values[name] for values in scores[clip]]) for name in scores[clip][0]}
        print(f'    {clip:10} {mean["PSNR"]:.3f} / {mean["SSIM"]:.4f}', flush=True)
    return summarise(scores, protocol)


def folder_of(entry: Pretrained, root: Path, bd_root: Path | None) -> Path | None:
    """The low resolution that the weights are for; None where it is not here."""
    if entry.trained_for == 'BDx4 mmagic':
        return None if bd_root is None else bd_root / 'Vid4' / 'BDx4'
    return root / 'Vid4' / 'BIx4'


def main() -> None:
    """Print a block a model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('names', nargs='*', help='models (default: all that are on this machine)')
    parser.add_argument('--seconds-only', action='store_true')
    parser.add_argument('--repeats', type=int, default=3)
    parser.add_argument('--clips', nargs='+', default=list(CLIPS), choices=CLIPS)
    parser.add_argument('--bd-root', type=Path, help='data root prepared with --bd mmagic')
    args = parser.parse_args()
    root = Path(os.environ.get('VSR_DATA_ROOT', 'data'))
    entries = [find_pretrained(name) for name in args.names] or available_models()
    print(f'torch {torch.__version__}, {torch.get_num_threads()} threads')
    for entry in entries:
        predictor = VideoPredictor(load_pretrained(entry))
        print(f'{entry.name}: {seconds_a_frame(predictor, args.repeats):.3g} s a frame', flush=True)
        low = folder_of(entry, root, args.bd_root)
        if args.seconds_only or low is None:
            continue
        mean = score(predictor, low, root / 'Vid4' / 'GT', args.clips).mean
        print(f'  {entry.trained_for}: {mean["PSNR"]:.3f} / {mean["SSIM"]:.4f}', flush=True)


if __name__ == '__main__':
    main()
