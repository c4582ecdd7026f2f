"""One clip and one set of weights through three programs, side by side: wall time, greatest memory, start-up.

    python benchmarks/whole_upscale.py [--model basicvsr] [--frames 14] [--size 96x128] [--runs 2] [--device cpu]

``vsr``: ``vsr upscale``. ``upstream``: MMagic's ``VideoRestorationInferencer``. ``loop``: decode all frames with PyAV,
one call of the network, encode with the settings of ``vsr upscale`` (libx264, crf 17). Each run is a process of its
own; their order alternates, and the least of several runs counts. Start-up is the time until the weights are loaded and
work begins; what follows is ``work``. Memory is the greatest resident memory that the system saw.

    python benchmarks/whole_upscale.py --memory 14 56

prints the greatest memory of ``vsr upscale`` for clips of several lengths.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

PROGRAMS = ('vsr', 'upstream', 'loop')
STARTED = 'started'


def run_vsr(source: Path, target: Path, args: argparse.Namespace) -> None:
    """Upscale by the command's own function."""
    from vsr_plugins.apis import ModelOptions, OutputOptions, upscale, upscaling

    begin = upscaling.begin

    def begin_and_say(*arguments: object) -> None:
        print(STARTED, flush=True)
        begin(*arguments)

    upscaling.begin = begin_and_say
    upscale(source, target, ModelOptions(args.model, device=args.device), output=OutputOptions(crf=17))


def run_upstream(source: Path, target: Path, args: argparse.Namespace) -> None:
    """Upscale by MMagic's inferencer, which keeps all frames in memory."""
    from mmagic.apis.inferencers.video_restoration_inferencer import VideoRestorationInferencer

    from vsr_plugins.apis import find_configs
    from vsr_plugins.pretrained import find_pretrained

    config = find_configs(find_pretrained(args.model).config)[0]
    inferencer = VideoRestorationInferencer(
        str(config), f'pretrained:{args.model}', device=args.device, extra_parameters={}
    )
    print(STARTED, flush=True)
    inferencer(video=str(source), result_out_dir=str(target))


def run_loop(source: Path, target: Path, args: argparse.Namespace) -> None:
    """Decode, call the network, encode, with nothing else."""
    import av
    import numpy as np
    import torch

    from vsr_plugins.apis import load_pretrained
    from vsr_plugins.inference.predictor import network_of

    network = network_of(load_pretrained(args.model)).eval().to(args.device)
    print(STARTED, flush=True)
    with av.open(str(source)) as container:
        frames = np.stack([frame.to_ndarray(format='rgb24') for frame in container.decode(video=0)])
    clip = torch.from_numpy(frames).permute(0, 3, 1, 2)[None].to(args.device) / 255
    with torch.inference_mode():
        output = network(clip)[0].clamp(0, 1).mul(255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
    with av.open(str(target), 'w') as container:
        stream = container.add_stream('libx264', rate=25, options={'crf': '17'})
        stream.height, stream.width, stream.pix_fmt = *output.shape[1:3], 'yuv420p'
        for picture in output:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format='rgb24')))
        container.mux(stream.encode(None))


def measure(program: str, source: Path, args: argparse.Namespace) -> tuple[float, float, float]:
    """Return seconds of start-up and of work, and MiB, of one run."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / 'out.mp4'
        command = [sys.executable, '-W', 'ignore', __file__, '--one', program, str(source), str(target)]
        command += ['--model', args.model, '--device', args.device]
        begin = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        started = None
        for line in process.stdout:
            if line.strip() == STARTED:
                started = time.perf_counter()
        _, status, usage = os.wait4(process.pid, 0)
        end = time.perf_counter()
        if status or started is None or not target.exists():
            raise SystemExit(f'{program} ended with status {status}')
    return started - begin, end - started, usage.ru_maxrss / 1024


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--one', nargs=3, help=argparse.SUPPRESS)
    parser.add_argument('--model', default='basicvsr')
    parser.add_argument('--device', default='cpu')
    parser.add_argument('--frames', type=int, default=14)
    parser.add_argument('--size', default='96x128')
    parser.add_argument('--runs', type=int, default=2)
    parser.add_argument('--memory', type=int, nargs='+', metavar='FRAMES')
    args = parser.parse_args()
    if args.one:
        program, source, target = args.one
        {'vsr': run_vsr, 'upstream': run_upstream, 'loop': run_loop}[program](Path(source), Path(target), args)
        return
    from upscale import write_clip

    height, width = map(int, args.size.split('x'))
    with tempfile.TemporaryDirectory() as folder:
        for frames in args.memory or [args.frames]:
            write_clip(Path(folder) / f'{frames}.mp4', frames, height, width)
        if args.memory:
            for frames in args.memory:
                startup, work, memory = measure('vsr', Path(folder) / f'{frames}.mp4', args)
                print(f'{frames:5d} frames of {width}x{height}: {memory:.0f} MiB at most, {startup + work:.1f} s')
            return
        source = Path(folder) / f'{args.frames}.mp4'
        found = {program: [] for program in PROGRAMS}
        for number in range(args.runs):
            for program in PROGRAMS if number % 2 == 0 else PROGRAMS[::-1]:
                found[program].append(measure(program, source, args))
        print(f'{args.model}, {args.frames} frames of {width}x{height}, {args.device}, least of {args.runs} runs')
        for program, runs in found.items():
            startup, work, memory = (min(run[part] for run in runs) for part in range(3))
            total = min(run[0] + run[1] for run in runs)
            print(f'{program:9} {total:7.1f} s: start-up {startup:.1f} s, work {work:.1f} s; {memory:.0f} MiB at most')


if __name__ == '__main__':
    warnings.simplefilter('ignore')
    main()
