"""The phase ``check``: does the device compute what the CPU computes?"""

import copy
import math
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from vsr_plugins.apis import upscale
from vsr_plugins.evaluation.functional import psnr
from vsr_plugins.inference.job.options import JobOptions, ModelOptions
from vsr_plugins.inference.memory import peak_memory
from vsr_plugins.inference.predictor import VideoPredictor
from vsr_plugins.models.blocks.deform import deform_backend, deform_conv2d
from vsr_plugins.models.reduced import build_reduced, example_inputs, moving_frames, network_names
from vsr_plugins.pretrained import load_pretrained

from .work import TOLERANCES, DiffersError, Work, full_precision, has_fast_bfloat16

PHASE = 'check'
# Of gradients, which add up many more numbers.
GRADIENT_TOLERANCE = 1e-3
# PSNR between a video that the device made, in half precision, and the CPU's in float32.
MIN_PSNR = 40.0
UPSCALE_FRAMES, UPSCALE_SIZE = 10, (72, 90)
UPSCALE_MODEL = {'cuda': 'latent-attention-half', 'cpu': 'espcn'}
# Height and width of frames that are to be too large for the memory.
MEMORY_SIZE = {'cuda': (720, 960), 'cpu': (256, 320)}


def run(work: Work) -> None:
    """Check the networks, deformable convolution, a whole ``vsr upscale`` and tiles when memory runs out."""
    with full_precision():
        work.item(PHASE, 'deformable convolution', partial(check_deformable, work.device), limit=60)
        for name in network_names():
            work.item(PHASE, name, partial(check_network, name, work.device), limit=60)
        work.item(PHASE, 'out of memory', partial(check_out_of_memory, work.device), limit=60)
        work.item(PHASE, 'vsr upscale', partial(check_upscale, work.device, work.folder), limit=120)


def check_network(name: str, device: torch.device) -> dict[str, Any]:
    """Forward in float32 and bfloat16 against float32 on the CPU, and gradients where convolutions are deformable.

    On a CPU without units for bfloat16 weights and frames are rounded to it instead, which takes no longer.

    Raises:
        DiffersError: If a difference is out of tolerance.
    """
    network = build_reduced(name)
    inputs = example_inputs(network)
    with torch.no_grad():
        expected = first_output(network(*inputs))
        moved = copy.deepcopy(network).to(device)
        there = [tensor.to(device) for tensor in inputs]
        values = {'float32': difference(first_output(moved(*there)), expected)}
        if has_fast_bfloat16(device):
            with torch.autocast(device.type, torch.bfloat16):
                low = first_output(moved(*there))
        else:
            low = first_output(copy.deepcopy(network).bfloat16().float()(*(part.bfloat16().float() for part in inputs)))
        values['bfloat16'] = difference(low, expected)
    if any('Deform' in type(part).__name__ or 'DCN' in type(part).__name__ for part in network.modules()):
        values['gradients'] = difference(_gradients(moved, there), _gradients(network, inputs))
    return _judged(values)


def check_deformable(device: torch.device) -> dict[str, Any]:
    """Output and all gradients of deformable convolution by the device's kernel, against the CPU's.

    Raises:
        DiffersError: If a difference is out of tolerance.
    """
    generator = torch.Generator().manual_seed(0)
    shapes = {'x': (2, 16, 24, 28), 'offset': (2, 36, 24, 28), 'mask': (2, 18, 24, 28), 'weight': (8, 16, 3, 3)}
    tensors = {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}
    tensors['mask'] = tensors['mask'].sigmoid()
    results = []
    for where, backend in ((torch.device('cpu'), 'grid_sample'), (device, 'torchvision')):
        leaves = {name: tensor.to(where).requires_grad_() for name, tensor in tensors.items()}
        with deform_backend(backend):
            output = deform_conv2d(**leaves, padding=1, deform_groups=2)
            grads = torch.autograd.grad(output.square().sum(), list(leaves.values()))
        results.append({'float32': output, **dict(zip((f'd {name}' for name in leaves), grads, strict=True))})
    expected, made = results
    return _judged({name: difference(made[name], expected[name]) for name in expected})


def check_upscale(device: torch.device, folder: Path) -> dict[str, Any]:
    """``vsr upscale`` of ten frames there, as a command, and its PSNR to what the CPU makes in float32.

    Raises:
        DiffersError: If the two are farther apart than half precision.
        RuntimeError: If the command fails.
    """
    source = folder / 'upscale' / 'frames'
    source.mkdir(parents=True, exist_ok=True)
    for number, frame in enumerate(moving_frames(UPSCALE_FRAMES, *UPSCALE_SIZE)):
        cv2.imwrite(str(source / f'{number:04d}.png'), (frame.permute(1, 2, 0).numpy() * 255).round().astype(np.uint8))
    model, targets = UPSCALE_MODEL[device.type], [folder / 'upscale' / name for name in ('expected', 'made')]
    upscale(source, targets[0], ModelOptions(model, device='cpu', precision='float32'), job=JobOptions(force=True))
    _command('upscale', str(source), str(targets[1]), '--force', '--model', model, '--device', str(device))
    made = []
    for target in targets:
        paths = sorted(target.glob('*.png'))
        if len(paths) != UPSCALE_FRAMES:
            raise RuntimeError(f'{len(paths)} frames were made of {UPSCALE_FRAMES}')
        made.append(np.stack([cv2.imread(str(path)) for path in paths]))
    decibels = psnr(*made)
    values = {'PSNR to the CPU': min(decibels, 100.0)}
    if decibels < MIN_PSNR:
        raise DiffersError(values, f'PSNR is below {MIN_PSNR}')
    return values


def check_out_of_memory(device: torch.device) -> dict[str, Any]:
    """Frames that do not fit are restored in tiles, with the same outcome.

    On CUDA the memory of this process is limited to less than whole frames take; on the CPU, whose memory is limited by
    what else runs there, the network itself refuses frames that are too large.

    Raises:
        DiffersError: If the outcome is another, or memory did suffice.
    """
    network = load_pretrained('espcn')
    height, width = MEMORY_SIZE[device.type]
    frames = (moving_frames(3, height, width).permute(0, 2, 3, 1) * 255).round().to(torch.uint8).numpy()

    def restore() -> tuple[Tensor, int | None]:
        predictor = VideoPredictor(network, device, 'float32', tile=0)
        made = torch.stack([picture for pictures in predictor.restore(iter(frames)) for picture in pictures])
        return made, predictor._tiler.tile

    (expected, _), peak = restore(), peak_memory(lambda: restore()[0], device)
    if device.type == 'cuda':
        torch.cuda.empty_cache()
        total = torch.cuda.get_device_properties(device).total_memory
        allowed = torch.cuda.memory_reserved(device) + 0.4 * peak
        torch.cuda.set_per_process_memory_fraction(allowed / total, device)
        try:
            made, tile = restore()
        finally:
            torch.cuda.set_per_process_memory_fraction(1.0, device)
            torch.cuda.empty_cache()
    else:
        handle = network.register_forward_pre_hook(partial(_refuse, most=height * width // 2))
        made, tile = restore()
        handle.remove()
    values = {'tile': tile, 'float32': difference(made, expected), 'peak, MiB': round((peak or 0) / 2**20)}
    if tile is None:
        raise DiffersError(values, 'the limit was not met: nothing was halved')
    return _judged(values)


def difference(made: Tensor, expected: Tensor) -> float:
    """Root mean square of what differs, relative to that of what is expected; infinite where not all is finite."""
    made, expected = made.detach().double().cpu(), expected.detach().double().cpu()
    if made.shape != expected.shape or not made.isfinite().all():
        return math.inf
    norm = float(expected.norm())
    return float((made - expected).norm()) / norm if norm else float(made.norm())


def _judged(values: dict[str, Any]) -> dict[str, Any]:
    for name, value in values.items():
        is_gradient = name == 'gradients' or name.startswith('d ')
        tolerance = GRADIENT_TOLERANCE if is_gradient else TOLERANCES.get(name)
        if tolerance is not None and not value <= tolerance:
            raise DiffersError(values, f'{name} differs by {value:.2g}, more than {tolerance:g}')
    return values


def first_output(output: Any) -> Tensor:
    """What a network returns, or the first of several."""
    return output[0] if isinstance(output, (tuple, list)) else output


def _gradients(network: nn.Module, inputs: Sequence[Tensor]) -> Tensor:
    """Gradients of the mean square of the output, with respect to all parameters that take part."""
    network.zero_grad()
    first_output(network(*inputs)).square().mean().backward()
    return torch.cat([p.grad.flatten().cpu() for p in network.parameters() if p.grad is not None])


def _refuse(network: nn.Module, inputs: tuple[Tensor, ...], most: int) -> None:
    if inputs[0].shape[-1] * inputs[0].shape[-2] > most:
        raise torch.OutOfMemoryError('out of memory')


def _command(*arguments: str) -> None:
    """``vsr``, in a process of its own."""
    program = 'import sys; from vsr_plugins.cli import main; sys.exit(main(sys.argv[1:]))'
    done = subprocess.run([sys.executable, '-c', program, *arguments], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f'vsr {arguments[0]} ended with {done.returncode}: {done.stderr.strip()[-500:]}')
