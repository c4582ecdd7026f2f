"""The phase ``time``: networks, and the training step, in float32, in bfloat16 and compiled."""

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config, DictAction
from mmengine.optim import build_optim_wrapper
from torch import Tensor, nn

from vsr_plugins.engine.acceleration import accelerate
from vsr_plugins.engine.config_files import read_config
from vsr_plugins.engine.config_paths import config_path
from vsr_plugins.inference.cost import count_flops, median_seconds
from vsr_plugins.inference.memory import peak_memory
from vsr_plugins.models.build import build_network
from vsr_plugins.models.input_spec import input_spec
from vsr_plugins.models.reduced import REDUCED, moving_frames

from .checks import difference, first_output
from .work import Work, has_fast_bfloat16

PHASE = 'time'
# What is called so in tables -> the config that has the network.
NETWORKS = {
    'latent attention': 'latent_attn_llsll-c64_1xb16-20k_clips',
    'DUF-16L': 'duf16_x4_1xb16-300k_clips-bd',
    'EDVR-M': 'edvrm_1xb4-600k_clips',
    'BasicVSR': 'basicvsr_1xb4-300k_clips',
    'TDAN': 'tdan_x4_1xb4-lr1e-4-400k_clips',
    'Zooming Slow-Mo': 'zooming-slow-mo_c64b5-40_1xb4-300k_clips',
}
# Height and width of the frames by the device (Vid4's, and small ones; more where a network needs more), and how many
# of them for networks that take any number.
SIZES = {'cuda': (144, 180), 'cpu': (32, 32)}
FRAMES = {'cuda': 7, 'cpu': 2}
# Ways to train, the plain one first: arguments of ``accelerate``.
STEPS: Mapping[str, Mapping[str, Any]] = {
    'as it is': dict(),
    'channels last': dict(channels_last=True),
    'compiled': dict(compile={}),
    'channels last, compiled': dict(channels_last=True, compile={}),
}
LIMIT = 90
# A compiled step must win back the time of compiling so many times over.
MARGIN = 1.25


def run(work: Work, config: str | None, options: Sequence[str] = ()) -> None:
    """Time all networks plainly, then the training step of a config, then the networks compiled.

    Args:
        work: See there.
        config: The config that will be trained; None for none.
        options: See ``read_settings``.
    """
    precisions = ['float32', 'bfloat16'] if has_fast_bfloat16(work.device) else ['float32']
    for precision in precisions:
        for name in NETWORKS:
            task = partial(time_network, name, work.device, precision, False)
            work.item(PHASE, f'{name}, {precision}', task, LIMIT)
    if config is not None:
        for way in STEPS:
            work.item(PHASE, step_name(config, way), partial(time_step, config, work.device, way, options), LIMIT)
    for precision in reversed(precisions):
        for name in NETWORKS:
            task = partial(time_network, name, work.device, precision, True)
            work.item(PHASE, f'{name}, {precision}, compiled', task, LIMIT)


def step_name(config: str, way: str) -> str:
    """Name of the row of a training step."""
    return f'training step of {Path(config).stem}, {way}'


def time_network(name: str, device: torch.device, precision: str, compiled: bool) -> dict[str, Any]:
    """Time and memory of one network for one frame of its output; on a CPU of the reduced one of its kind."""
    torch.manual_seed(0)
    generator = dict(read_config(config_path(NETWORKS[name])).model.generator)
    if device.type == 'cpu':
        generator |= REDUCED[generator['type']]
    network = build_network(generator).to(device).eval()
    spec = input_spec(network)
    size = [max(side, spec.min_size) for side in SIZES[device.type]]
    frames = moving_frames(spec.window or FRAMES[device.type], *size)[None].to(device)
    autocast = torch.autocast(device.type, torch.bfloat16) if precision == 'bfloat16' else nullcontext()

    def call() -> Tensor:
        return first_output(network(frames))

    with torch.no_grad(), autocast:
        output = call()
        count = output.shape[1] if output.ndim == 5 else 1
        values: dict[str, Any] = {'input': 'x'.join(map(str, frames.shape[1:]))}
        if compiled:
            values |= _compile(network, call)
            values['difference'] = difference(call(), output)
        elif precision == 'float32':
            values['GFLOP a frame'] = count_flops(call)[0] / count / 1e9
        del output
        values['memory, MiB'] = _mebibytes(peak_memory(call, device))
        values['ms a frame'] = 1e3 * median_seconds(call, device) / count
    return values


def time_step(config: str, device: torch.device, way: str, options: Sequence[str] = ()) -> dict[str, Any]:
    """Time and memory of a training step of a config, on frames of the size it trains on."""
    from mmagic.registry import MODELS
    from mmagic.structures import DataSample

    torch.manual_seed(0)
    settings = read_settings(config, options)
    adapt(settings, device)
    model = MODELS.build(settings.model)
    model.init_weights()
    model = model.to(device).train()
    loader = settings.train_dataloader
    count, size = find_option(loader, 'num_input_frames', 7), find_option(loader, 'gt_patch_size', 128)
    spec = input_spec(model.generator)
    truth = (moving_frames(count, size, size) * 255).round().to(torch.uint8)
    low = truth[..., :: spec.scale, :: spec.scale].contiguous()
    truth = truth[count // 2] if spec.output == 'center' else truth
    wrapper = build_optim_wrapper(model, settings.optim_wrapper)

    def step() -> None:
        samples = [DataSample(gt_img=truth, metainfo={'key': str(i)}) for i in range(loader.batch_size)]
        model.train_step({'inputs': [low] * loader.batch_size, 'data_samples': samples}, wrapper)

    accelerate(model.generator, STEPS[way].get('channels_last', False))
    values: dict[str, Any] = {'input': f'{loader.batch_size}x{count}x3x{low.shape[-2]}x{low.shape[-1]}'}
    if 'compile' in STEPS[way]:
        values |= _compile(model.generator, step)
    else:
        step()
    values['memory, MiB'] = _mebibytes(peak_memory(lambda: step() or truth, device))
    values['ms a step'] = 1e3 * median_seconds(step, device, max_seconds=4.0, max_calls=20)
    values['precision'] = 'bfloat16' if 'BFloat16' in settings.optim_wrapper.type else 'float32'
    return values


def read_settings(config: str, options: Sequence[str] = ()) -> Config:
    """A training config with some of its entries changed.

    Args:
        config: Which.
        options: ``'model.generator.mid_channels=32'`` and the like.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument('--options', nargs='*', action=DictAction)
    settings = read_config(config)
    settings.merge_from_dict(parser.parse_args(['--options', *options]).options or {})
    return settings


def adapt(settings: Any, device: torch.device) -> list[str]:
    """Change what of a training config does not fit a device; returns what was changed, in words.

    On a CPU, which is for rehearsals, batches are of two and the network is the reduced one of its kind.
    """
    changes = []
    if 'BFloat16' in settings.optim_wrapper.get('type', '') and not has_fast_bfloat16(device):
        settings.optim_wrapper.type = 'OptimWrapper'
        changes.append('float32 in the place of bfloat16')
    if device.type == 'cpu':
        generator = settings.model.generator
        generator.update(REDUCED.get(generator.type, {}))
        settings.train_dataloader.batch_size = min(settings.train_dataloader.batch_size, 2)
        changes.append('a reduced network, batches of 2')
    return changes


def choose_way(results: Any, config: str, seconds: float) -> tuple[str, str]:
    """The way to train that does the most steps in some seconds, compiling included, and why.

    Args:
        results: Rows of the phase ``time``.
        config: The config.
        seconds: That are left for training.
    """
    steps = {}
    for way in STEPS:
        row = results.find(PHASE, step_name(config, way))
        if row is not None and row.state == 'ok':
            lost = MARGIN * row.values.get('compiling, s', 0.0)
            steps[way] = max(seconds - lost, 0.0) / row.values['ms a step'] * 1e3
    plain = next(iter(STEPS))
    if not steps:
        return plain, 'no training step was timed'
    best = max(steps, key=steps.get)
    return best, ', '.join(f'{way}: {count:.0f} steps' for way, count in steps.items())


def _compile(network: nn.Module, call: Callable[[], object]) -> dict[str, Any]:
    """Compile a network in its first call."""
    torch.compiler.reset()
    accelerate(network, compile={})
    started = time.perf_counter()
    call()
    return {'compiling, s': round(time.perf_counter() - started, 1)}


def _mebibytes(count: int | None) -> int | None:
    return None if count is None else round(count / 2**20)


def find_option(config: Any, key: str, otherwise: int) -> int:
    """The first value of a key, anywhere in a config."""
    if isinstance(config, Mapping):
        if isinstance(config.get(key), int):
            return config[key]
        config = list(config.values())
    if isinstance(config, list | tuple):
        for part in config:
            found = find_option(part, key, 0)
            if found:
                return found
    return otherwise
