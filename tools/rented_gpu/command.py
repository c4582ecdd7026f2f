"""Put the minutes of a rented GPU to use: install, check, time, train.

Phases, each with a time limit of its own; what fails is written down and does not keep the others from their work:

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
import json
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
from .results import MAX_BYTES, Results, faults_of_output, write_atomically

ROOT = Path(__file__).resolve().parents[2]
CONFIG = 'latent_attn_llsll-c64_1xb16-20k_patches'
LOG = 'log.txt'
# Which phase runs, and until when; in the work folder.
STATE = 'state.json'
# Phase -> the module that carries it out.
MODULES = {'data': 'data', 'check': 'checks', 'time': 'timings', 'train': 'training'}
# Seconds that a phase may be late before its process is ended, and how often one whose process died is taken up again.
GRACE, ATTEMPTS = 10.0, 4


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
    parser.add_argument('--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='changes of the config')
    parser.add_argument('--weights', help='what the training starts from (default: what the config says)')
    parser.add_argument(
        '--way', help="how it is trained, 'as it is', 'channels last', 'compiled' (default: the fastest)"
    )
    parser.add_argument(
        '--total-minutes', type=float, help='of training in all calls together, over which learning rates fall'
    )
    # Of the process that computes.
    parser.add_argument('--start', type=float, help=argparse.SUPPRESS)
    parser.add_argument('--end', type=float, help=argparse.SUPPRESS)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the phases; the status is 1 if one of them did not do all that it should."""
    argv = list(sys.argv[1:] if argv is None else argv)
    args = build_parser().parse_args(argv)
    if args.end is not None:
        return run_phases(args)
    args.out, args.work = args.out.resolve(), args.work.resolve()
    plan = Plan.of(args.minutes, args.phases)
    results = Results(args.out, args.work)
    results.describe(command=' '.join(argv), minutes=args.minutes)
    site = args.work / 'site-packages'
    if 'install' in plan.phases:
        _install(results, args.wheels, site)
    with open(args.out / LOG, 'ab') as log:
        _supervise(plan, argv, environment_of(site, args.work), results, log)
    results = Results(args.out, args.work)
    results.rows = [row for row in results.rows if row.phase != 'output']
    for number, fault in enumerate(faults_of_output(args.out)):
        results.put('output', f'fault {number + 1}', 'failed', note=fault)
    seconds = time.time() - plan.start
    results.describe(seconds=round(seconds))
    print(results.markdown())
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


def run_phases(args: argparse.Namespace) -> int:
    """What the process that computes does: one phase after the other, and for each a note when it must be over."""
    import torch

    import vsr_plugins  # noqa: F401

    from . import work

    plan = Plan(args.start, args.end, tuple(args.phases))
    args.work.mkdir(parents=True, exist_ok=True)
    device = torch.device(args.device)
    results = Results(args.out, args.work)
    if device.type == 'cuda' and not torch.cuda.is_available():
        results.put('start', 'device', 'failed', note='PyTorch finds no CUDA device here')
        return 0
    if device.type == 'cuda' and device.index is None:
        # Some functions of torch.cuda take no device without a number.
        device = torch.device('cuda', torch.cuda.current_device())
    results.describe(**work.describe(device))
    started = time.perf_counter()
    from mmagic.utils import register_all_modules

    register_all_modules()
    modules = {phase: importlib.import_module(f'.{name}', __package__) for phase, name in MODULES.items()}
    results.put('start', 'imports', 'ok', {'seconds': round(time.perf_counter() - started, 1)})
    for phase in plan.phases:
        until = plan.until(phase)
        write_atomically(args.work / STATE, json.dumps([phase, until]))
        print(f'{phase}: {until - time.time():.0f} s', flush=True)
        task = work.Work(results, device, until, args.work)
        if phase == 'data':
            modules['data'].run(task, args.config, args.data, args.photos, args.cfg_options)
        elif phase == 'check':
            modules['check'].run(task)
        elif phase == 'time':
            modules['time'].run(task, args.config, args.cfg_options)
        else:
            training = modules['train']
            what = (args.config, args.cfg_options, args.way, args.weights, args.total_minutes)
            training.run(task, training.Training(*what))
    return 0


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


def _supervise(plan: Plan, argv: list[str], environment: dict[str, str], results: Results, log: BinaryIO) -> None:
    """Run the phases in a process of their own; one that dies or exceeds its time is followed by another.

    After a death that goes on with what the phase has not done yet, otherwise with the phases to come.
    """
    script = [sys.executable, '-u', str(Path(__file__).resolve().parent), *argv]
    own = ['--start', str(plan.start), '--end', str(plan.end), '--out', str(results.out), '--work', str(results.kept)]
    state = results.kept / STATE
    phases = [phase for phase in plan.phases if phase != 'install']
    attempts = 0
    while phases:
        write_atomically(state, json.dumps(['start', plan.end]))
        status = _run_in_time(state, plan.end, [*script, *own, '--phases', *phases], environment, log)
        if status == 0:
            return
        phase, _ = json.loads(state.read_text(encoding='utf-8'))
        results = Results(results.out, results.kept)
        how = 'stopped' if status is None else 'crashed'
        note = 'its time was over' if status is None else f'the process ended with {status}, see {LOG}'
        ended = results.end_running(phase, how, note)
        if not any(row.phase == phase for row in results.rows):
            results.put(phase, 'the phase', how, note=note)
        if phase == 'start':
            return
        attempts += 1
        is_over = how == 'stopped' or not ended or phase == 'train' or attempts == ATTEMPTS
        phases = phases[phases.index(phase) + is_over :]
        if is_over:
            attempts = 0


def _run_in_time(state: Path, end: float, command: list[str], environment: dict[str, str], log: BinaryIO) -> int | None:
    """Run a command as long as the phase that it has noted in ``state`` has time, and until ``end`` at most.

    Returns:
        Its status; None if it had to be ended.
    """
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    reader = threading.Thread(target=_copy, args=(process.stdout, log), daemon=True)
    reader.start()
    try:
        while process.poll() is None:
            _, until = json.loads(state.read_text(encoding='utf-8'))
            if time.time() > min(until + GRACE, end):
                return None
            time.sleep(0.2)
        return process.returncode
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
        if log.tell() + len(line) < MAX_BYTES - 2**16:
            log.write(line)
            log.flush()
