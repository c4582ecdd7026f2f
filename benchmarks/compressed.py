"""Models on compressed video: PSNR on Y of held-out clips whose low resolution was encoded at several rates.

    VSR_DATA_ROOT=DATA python benchmarks/compressed.py --models bicubic latent-attention-half real --picture c.png

Clips are those that ``vsr prepare clips`` has held out (``meta_info_clips_val.txt``), BIx4, the first frames of each;
encoders are those of ``CompressVideo``. Protocol ``basicvsr``, mean over clips. The picture shows a frame at each rate.
"""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from vsr_plugins import get_protocol
from vsr_plugins.datasets.transforms.video_damage import compress
from vsr_plugins.evaluation.scores import score_clip
from vsr_plugins.inference.job.output_frames import quantized
from vsr_plugins.inference.predictor import VideoPredictor
from vsr_plugins.media.images.image_files import read_rgb
from vsr_plugins.pretrained import load_pretrained

# Label -> encoder and rate factor or quantiser; None is not compressed.
RATES = {
    'not compressed': None,
    'H.264, rate factor 18': ('libx264', 18),
    'H.264, rate factor 23': ('libx264', 23),
    'H.264, rate factor 28': ('libx264', 28),
    'H.264, rate factor 34': ('libx264', 34),
    'MPEG-2, quantiser 5': ('mpeg2video', 5),
    'MPEG-4, quantiser 8': ('mpeg4', 8),
}


def read_clip(folder: Path, count: int) -> list[np.ndarray]:
    """The first frames of a folder, (h, w, 3) uint8."""
    return [read_rgb(path) for path in sorted(folder.iterdir())[:count]]


def restore(predictor: VideoPredictor, frames: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Frames as ``vsr upscale`` makes them, (H, W, 3) uint8."""
    return [quantized(frame, np.dtype(np.uint8)) for part in predictor.restore(iter(frames)) for frame in part]


def crop(frame: np.ndarray, side: int = 160) -> np.ndarray:
    """The middle of a frame."""
    top, left = ((length - side) // 2 for length in frame.shape[:2])
    return frame[top : top + side, left : left + side]


def main() -> None:
    """Print the table, and draw the picture if one is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--models', nargs='+', default=['bicubic', 'latent-attention-half', 'real'])
    parser.add_argument('--frames', type=int, default=7, help='of each clip (default: 7)')
    parser.add_argument('--picture', type=Path, help='PNG: a row a rate; ground truth, input, then the models')
    parser.add_argument('--shown', help='clip of the picture (default: the first)')
    args = parser.parse_args()
    root, protocol = Path(os.environ.get('VSR_DATA_ROOT', 'data')) / 'clips', get_protocol('basicvsr')
    names = [line.split()[0] for line in (root / 'meta_info_clips_val.txt').read_text().splitlines()]
    truths = {name: read_clip(root / 'GT' / name, args.frames) for name in names}
    lows = {name: read_clip(root / 'BIx4' / name, args.frames) for name in names}
    predictors = {model: VideoPredictor(load_pretrained(model), precision='float32') for model in args.models}
    rows = []
    print(f'| PSNR, {len(names)} clips |', ' | '.join(args.models), '|')
    print('| --- |', ' | '.join(['---:'] * len(args.models)), '|')
    for label, rate in RATES.items():
        means: dict[str, list[float]] = {model: [] for model in args.models}
        for name in names:
            frames = lows[name] if rate is None else compress(lows[name], rate[1], rate[0])
            restored = {model: restore(predictor, frames) for model, predictor in predictors.items()}
            for model, made in restored.items():
                scores = score_clip(made, truths[name], protocol, name)
                means[model].append(float(np.mean([score['PSNR'] for score in scores])))
            if name == (args.shown or names[0]):
                middle, size = len(frames) // 2, truths[name][0].shape[1::-1]
                seen = cv2.resize(frames[middle], size, interpolation=cv2.INTER_NEAREST)
                made = [restored[model][middle] for model in args.models]
                rows.append(np.hstack([crop(frame) for frame in (truths[name][middle], seen, *made)]))
        print(f'| {label} |', ' | '.join(f'{np.mean(values):.2f}' for values in means.values()), '|', flush=True)
    if args.picture:
        args.picture.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(args.picture), np.vstack(rows)[..., ::-1])


if __name__ == '__main__':
    main()
