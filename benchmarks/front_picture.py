"""The picture of README.md: one frame of calendar and of walk, as input, by three methods, and the ground truth.

    VSR_DATA_ROOT=DATA python benchmarks/front_picture.py docs/images/vid4.png [--frames FOLDER]

Whole clips of Vid4 (BIx4) are upscaled by ``upscale`` into FOLDER, unless they are there from an earlier run; BasicVSR
needs the extra ``basicvsr``. PSNR below a crop is that of the frame shown, protocol ``basicvsr``.
"""

import argparse
import os
from pathlib import Path

import cv2
import numpy as np

from vsr_plugins import get_protocol, upscale
from vsr_plugins.evaluation.scores import score_frame
from vsr_plugins.media.images.image_files import read_rgb
from vsr_plugins.visualization.comparison import comparison_figure

# Name of the model -> its caption.
METHODS = {
    'bicubic': 'bicubic',
    'latent-attention': 'latent attention\n(ours)',
    'basicvsr': "BasicVSR,\nauthors' weights",
}
TRUTH = 'ground truth'
# Clip -> frame to show, and top, left, height and width of the crop.
SHOWN = {'calendar': (20, (180, 150, 110, 110)), 'walk': (23, (75, 310, 110, 110))}


def panels(clip: str, number: int, data: Path, frames: Path) -> dict[str, np.ndarray]:
    """Caption -> frame: the input, each method with its PSNR, and the ground truth."""

    def frame(folder: Path) -> np.ndarray:
        return read_rgb(sorted(folder.glob('*.png'))[number])

    truth, protocol = frame(data / 'GT' / clip), get_protocol('basicvsr')
    shown = {'input\n': frame(data / 'BIx4' / clip)}
    for model, caption in METHODS.items():
        folder = frames / model / clip
        if not folder.is_dir():
            upscale(data / 'BIx4' / clip, folder, model=model)
        pixels = frame(folder)
        psnr = score_frame(pixels, truth, protocol, ('PSNR',))['PSNR']
        name, _, rest = caption.partition('\n')
        shown[f'{name}\n{rest} {psnr:.2f} dB'.replace('\n ', '\n')] = pixels
    return {**shown, f'{TRUTH}\n': truth}


def drawn(clip: str, data: Path, frames: Path) -> np.ndarray:
    """One clip as a picture, (h, w, 3) uint8."""
    number, window = SHOWN[clip]
    figure = comparison_figure(panels(clip, number, data, frames), f'{TRUTH}\n', window)
    figure.set_dpi(120)
    canvas = figure.canvas
    if not hasattr(canvas, 'buffer_rgba'):
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]


def main() -> None:
    """Draw the clips, one above the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('out', type=Path)
    parser.add_argument('--frames', type=Path, default=Path('work_dirs/front_picture'))
    args = parser.parse_args()
    data = Path(os.environ.get('VSR_DATA_ROOT', 'data')) / 'Vid4'
    pictures = [drawn(clip, data, args.frames) for clip in SHOWN]
    width = min(picture.shape[1] for picture in pictures)
    rows = [
        cv2.resize(p, (width, round(p.shape[0] * width / p.shape[1])), interpolation=cv2.INTER_AREA) for p in pictures
    ]
    args.out.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(args.out), np.concatenate(rows)[..., ::-1])


if __name__ == '__main__':
    main()
