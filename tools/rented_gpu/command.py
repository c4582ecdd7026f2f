"""Put the minutes of a rented GPU to use: install, check, time, train.

Phases, each in a process of its own with a time limit of its own, and each written down whatever becomes of it:

  install  wheels into a folder of their own (--wheels)
  data     what the config reads, made of clips and photographs (--data, --photos)
  check    every network against the CPU, deformable convolution, vsr upscale, tiles when memory runs out
  time     six networks and the training step, in float32, in bfloat16 and compiled
  train    the config (--config) for the minutes that are left

OUT gets results.md and results.json, which are complete at any moment, log.txt, and of the training weights in half
precision, config.py and scalars.json. Everything else is in WORK, from which a later call goes on.
"""

import argparse
import contextlib
import importlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from .handed_over import install_wheels
from .plan import SHARES, Plan
from .results import MOST_BYTES, Results, faults_of_output

ROOT = Path(__file__).resolve().parents[2]
CONFIG = 'latent_attn_llsll-c64_1xb16-20k_clips'
LOG = 'log.txt'
# Seconds between the request to end and the end, and times that a phase whose process died is taken up again.
GRACE, ATTEMPTS = 3.0, 4


def build_parser() -> argparse.ArgumentParser:
    """The parser of the command line."""
    parser = argparse.ArgumentParser(
        prog='rented_gpu', description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--out', type=Path, required=True, help='output folder, a few small files')
    parser.add_argument('--work', type=Path, default=Path('work_dirs/rented_gpu'), help='folder for everything else')
    parser.add_argument('--minutes', type=float, default=14.0, help='all the time there is (default: 14)')
    parser.add_argument('--phases', nargs='+', choices=tuple(SHARES), default=tuple(SHARES), help='(default: all)')
    parser.add_argument('--device', default='cuda', help='cuda (default), or cpu for a rehearsal in small sizes')
    parser.add_argument('--wheels', nargs='+', type=Path, default=[], metavar='DIR', help='folders of wheels')
    parser.add_argument('--data', nargs='+', type=Path, default=[], metavar='PATH', help='clips: archives, folders')
    parser.add_argument('--photos', nargs='+', type=Path, default=[], metavar='PATH', help='photographs, likewise')
    parser.add_argument('--config', default=CONFIG, help=f'what is trained (default: {CONFIG})')
    parser.add_argument('--weights', help='what the training starts from (default: what the config says)')
    parser.add_argument(
        '--way', help="how it is trained, 'as it is', 'channels last', 'compiled' (default: the fastest)"
    )
    parser.add_argument('--until', type=float, help=argparse.SUPPRESS)  # of a phase's own process
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the phases; the status is 1 if one of them did not do all that it should."""
    argv = list(sys.argv[1:] if argv is None else argv)
    args = build_parser().parse_args(argv)
    if args.until is not None:
        return run_phase(args)
    args.out, args.work = args.out.resolve(), args.work.resolve()
    plan = Plan.of(args.minutes, args.phases)
    results = Results(args.out, args.work)
    results.describe(command=' '.join(argv), minutes=args.minutes)
    site = args.work / 'site-packages'
    environment = environment_of(site, args.work)
    with open(args.out / LOG, 'ab') as log:
        for phase in plan.phases:
            until = plan.until(phase)
            print(f'{phase}: {until - time.time():.0f} s', flush=True)
            if phase == 'install':
                _install(results, args.wheels, site)
            else:
                _run_apart(phase, argv, until, environment, results, log)
                results = Results(args.out, args.work)
        seconds = time.time() - plan.start
        results.describe(seconds=round(seconds))
    results.rows = [row for row in results.rows if row.phase != 'output']
    faults = faults_of_output(args.out)
    for number, fault in enumerate(faults):
        results.put('output', f'fault {number + 1}', 'failed', note=fault)
    print((args.out / 'results.md').read_text(encoding='utf-8'))
    print(f'done in {seconds:.0f} s of {60 * args.minutes:.0f} s: {args.out}')
    return int(any(row.state not in ('ok', 'skipped') for row in results.rows))


def environment_of(site: Path, work: Path) -> dict[str, str]:
    """Environment of a phase: this clone and what was installed come first, caches and data lie in ``work``."""
    paths = [str(ROOT), str(site), *filter(None, [os.environ.get('PYTHONPATH')])]
    return {
        **os.environ,
        'PYTHONPATH': os.pathsep.join(paths),
        'PYTHONUNBUFFERED': '1',
        'VSR_DATA_ROOT': str(work / 'data'),
        'VSR_PHOTOS': str(work / 'photos'),
        'TORCHINDUCTOR_CACHE_DIR': str(work / 'inductor'),
        'TRITON_CACHE_DIR': str(work / 'triton'),
        'HF_HUB_OFFLINE': '1',
    }


def run_phase(args: argparse.Namespace) -> int:
    """What the process of a phase does."""
    sys.path[:0] = [path for path in os.environ.get('PYTHONPATH', '').split(os.pathsep) if path not in sys.path]
    import torch

    import vsr_plugins  # noqa: F401

    from . import work

    (phase,) = args.phases
    device = torch.device(args.device)
    results = Results(args.out, args.work)
    if device.type == 'cuda' and not torch.cuda.is_available():
        results.put(phase, 'device', 'failed', note='PyTorch finds no CUDA device here')
        return 0
    results.describe(**work.describe(device))
    args.work.mkdir(parents=True, exist_ok=True)
    task = work.Work(results, device, args.until, args.work)
    if phase == 'data':
        _module('data').run(task, args.config, args.data, args.photos)
    elif phase == 'check':
        _module('checks').run(task)
    elif phase == 'time':
        _module('timings').run(task, args.config)
    else:
        _module('training').run(task, args.config, args.way, args.weights)
    return 0


def _module(name: str) -> object:
    from mmagic.utils import register_all_modules

    register_all_modules()
    return importlib.import_module(f'.{name}', __package__)


def _install(results: Results, wheels: Sequence[Path], site: Path) -> None:
    if not wheels:
        results.put('install', 'wheels', 'skipped', note='none were handed over')
        return
    started = time.perf_counter()
    try:
        installed = install_wheels(wheels, site)
    except (ValueError, OSError) as error:
        results.put('install', 'wheels', 'failed', note=error)
        return
    values = {'packages': len(installed), 'seconds': round(time.perf_counter() - started, 1)}
    results.put('install', 'wheels', 'ok', values, ', '.join(installed))


def _run_apart(
    phase: str, argv: list[str], until: float, environment: dict[str, str], results: Results, log: BinaryIO
) -> None:
    """Run a phase in a process of its own until its time is over; where the process dies, go on after what it did."""
    out, work = results.out, results.kept
    script = [sys.executable, '-u', str(Path(__file__).resolve().parent)]
    own = ['--phases', phase, '--until', str(until), '--out', str(out), '--work', str(work)]
    for _ in range(ATTEMPTS):
        status = _run_until(until + GRACE, [*script, *argv, *own], environment, log)
        results = Results(out, work)
        if status == 0:
            return
        if status is None:
            if not results.end_running(phase, 'stopped', 'its time was over'):
                results.put(phase, 'the phase', 'stopped', note='its time was over')
            return
        ended = results.end_running(phase, 'crashed', f'the process ended with {status}, see {LOG}')
        if not ended:
            results.put(phase, 'the phase', 'crashed', note=f'the process ended with {status}, see {LOG}')
            return
        if phase == 'train':
            return


def _run_until(end: float, command: list[str], environment: dict[str, str], log: BinaryIO) -> int | None:
    """Run a command with its output to the terminal and the log; None if it had to be ended."""
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    reader = threading.Thread(target=_copy, args=(process.stdout, log), daemon=True)
    reader.start()
    try:
        return process.wait(max(end - time.time(), 0))
    except subprocess.TimeoutExpired:
        return None
    finally:
        # What it started, too: compilers, loaders of data.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        reader.join(timeout=2)


def _copy(stream: BinaryIO, log: BinaryIO) -> None:
    """To the terminal and the log, which stays within what an output folder may hold."""
    for line in stream:
        sys.stdout.buffer.write(line)
        sys.stdout.flush()
        if log.tell() + len(line) < MOST_BYTES - 2**16:
            log.write(line)
            log.flush()
