"""What ``vsr upscale`` costs beside its network: share of the time that is the network's, and memory over the length.

    python benchmarks/upscale.py share [--config FILE --checkpoint FILE] [--frames N] [--size HxW]
    python benchmarks/upscale.py memory [--frames 200 2000]

``share`` upscales a clip with a real network, random weights unless told otherwise, and prints how much of the time
from the first frame read to the file renamed was spent in the network. ``memory`` upscales clips of two lengths by
bicubic interpolation, each in a process of its own, and prints the greatest resident memory the system saw of each.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import av
import numpy as np

CONFIG = Path(__file__).parents[1] / 'configs' / 'latent_attn_vid4.py'
SMALL = 'bicubic'


def write_clip(path: Path, frames: int, height: int, width: int) -> None:
    """A clip of a texture that drifts."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 255, (height // 8 + 2, width // 8 + 2, 3), np.uint8)
    texture = coarse.repeat(8, 0).repeat(8, 1)
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('libx264', rate=25, options={'preset': 'ultrafast', 'crf': '20'})
        stream.height, stream.width = height, width
        for index in range(frames):
            view = np.roll(texture, (index % 8, index % 13), (0, 1))[:height, :width]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(view), format='rgb24')))
        container.mux(stream.encode(None))


def measure_share(args: argparse.Namespace) -> None:
    """Print how much of the time the network had."""
    from mmengine.config import Config

    from vsr_plugins.apis import upscale
    from vsr_plugins.inference.job.options import ModelOptions
    from vsr_plugins.inference.load_model import load_model

    height, width = map(int, args.size.split('x'))
    model = load_model(Config.fromfile(args.config), args.checkpoint)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / 'in.mp4'
        write_clip(source, args.frames[0], height, width)
        made = upscale(source, Path(folder) / 'out.mp4', ModelOptions(model, device=args.device))
    print(
        f'{Path(args.config).stem}, {args.frames[0]} frames of {width}x{height}: {made.seconds:.1f} s, '
        f'{made.read / made.seconds:.2f} fps, {made.network_seconds / made.seconds:.1%} of the time in the network'
    )


def measure_memory(args: argparse.Namespace) -> None:
    """Print the greatest resident memory of an upscale of each length."""
    height, width = map(int, args.size.split('x'))
    peaks = []
    for frames in args.frames:
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / 'in.mp4'
            write_clip(source, frames, height, width)
            command = [sys.executable, '-W', 'ignore', __file__, 'one', str(source), str(Path(folder) / 'out.mp4')]
            before = os.times()
            process = subprocess.Popen(command)
            _, status, usage = os.wait4(process.pid, 0)
            if status:
                raise SystemExit(f'the upscale of {frames} frames ended with status {status}')
            peaks.append(usage.ru_maxrss)
            seconds = os.times().elapsed - before.elapsed
        print(f'{frames:5d} frames of {width}x{height}: {usage.ru_maxrss / 1024:.0f} MiB at most, {seconds:.1f} s')
    print(f'{peaks[-1] / peaks[0] - 1:+.1%} from {args.frames[0]} to {args.frames[-1]} frames')


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('what', choices=('share', 'memory', 'one'))
    parser.add_argument('paths', nargs='*', help=argparse.SUPPRESS)
    parser.add_argument('--config', default=str(CONFIG))
    parser.add_argument('--checkpoint')
    parser.add_argument('--device', default='cpu')
    parser.add_argument('--frames', type=int, nargs='+')
    parser.add_argument('--size')
    args = parser.parse_args()
    if args.what == 'one':
        from vsr_plugins.apis import ModelOptions, upscale

        upscale(*args.paths, ModelOptions(SMALL, device='cpu'))
    elif args.what == 'share':
        args.frames, args.size = args.frames or [28], args.size or '144x180'
        measure_share(args)
    else:
        args.frames, args.size = args.frames or [200, 2000], args.size or '96x128'
        measure_memory(args)


if __name__ == '__main__':
    warnings.simplefilter('ignore')
    main()
