"""Diagnose a user's environment: compare it with the tested one and suggest a fix for each difference."""

import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .version import MMCV, REQUIREMENTS, __version__, fault_of, installed_version

# Folder under the data root -> kind of ``vsr prepare``, and files by which to detect it.
DATA_SETS = {
    'Vid4': ('vid4', ('meta_info_Vid4_GT.txt', 'GT', 'BIx4', 'BDx4')),
    'clips': ('clips', ('meta_info_clips_train.txt', 'meta_info_clips_val.txt', 'GT', 'BIx4')),
    'REDS': ('reds', ('train_sharp', 'train_sharp_bicubic')),
    'vimeo90k': ('vimeo90k', ('GT', 'BIx4', 'BDx4')),
    'SPMCS': ('spmcs', ('GT', 'BIx4', 'BDx4')),
}


@dataclass(frozen=True)
class Finding:
    """One line of the diagnosis.

    Attributes:
        subject: What was checked.
        state: ``'ok'``, ``'note'`` (works, but worth knowing) or ``'fault'``.
        text: Result of the check.
        remedy: What to do, empty if nothing.
    """

    subject: str
    state: Literal['ok', 'note', 'fault']
    text: str
    remedy: str = ''


def diagnose() -> list[Finding]:
    """Check versions, operators, device and data sets."""
    return [*_versions(), *_operators(), _device(), *_data_sets()]


def _versions() -> Iterator[Finding]:
    yield Finding('vsr_plugins', 'ok', f'{__version__} in {Path(__file__).parent}')
    yield Finding('Python', 'ok', f'{platform.python_version()} on {platform.platform(terse=True)}')
    from packaging.requirements import Requirement

    for requirement in [*REQUIREMENTS, MMCV]:
        parsed = Requirement(requirement)
        if fault := fault_of(requirement):
            yield Finding(parsed.name, 'fault', fault, f"pip install '{requirement}'")
        else:
            found = installed_version(parsed.name) or f'{installed_version("mmcv-lite")} of mmcv-lite'
            wanted = f' (needs {parsed.specifier})' if parsed.specifier else ''
            yield Finding(parsed.name, 'ok', found + wanted)
    full, lite = installed_version('mmcv'), installed_version('mmcv-lite')
    if full and lite and full.split('+')[0] != lite:
        remedy = f'pip uninstall mmcv-lite; pip install --force-reinstall --no-deps mmcv=={full}'
        yield Finding('mmcv-lite', 'fault', f'{lite} has overwritten files of mmcv {full}', remedy)


def _operators() -> Iterator[Finding]:
    import mmcv._ext

    from .models.blocks.deform import active_backend

    compiled = not hasattr(mmcv._ext, 'STAND_IN')
    yield Finding(
        'mmcv operators',
        'ok',
        'compiled' if compiled else 'none compiled; this package implements the deformable convolutions',
    )
    yield Finding('deformable convolution', 'ok', f'{active_backend()} backend on this device')


def _device() -> Finding:
    import torch

    if torch.cuda.is_available():
        return Finding('device', 'ok', f'{torch.cuda.get_device_name()}, CUDA {torch.version.cuda}')
    built = torch.version.cuda
    text = f'CPU, {torch.get_num_threads()} threads'
    remedy = 'the installed torch is built for CUDA; if there is a GPU, check its driver' if built else ''
    return Finding('device', 'note', text, remedy)


def _data_sets() -> Iterator[Finding]:
    value = os.environ.get('VSR_DATA_ROOT')
    root = Path(value or 'data')
    if value and not root.is_dir():
        yield Finding('VSR_DATA_ROOT', 'fault', f'{value} is not a folder', 'export VSR_DATA_ROOT=FOLDER')
        return
    origin = 'VSR_DATA_ROOT' if value else 'the default, VSR_DATA_ROOT is not set'
    yield Finding('data root', 'ok' if root.is_dir() else 'note', f'{root.resolve()} ({origin})')
    for folder, (kind, parts) in DATA_SETS.items():
        missing = [part for part in parts if not (root / folder / part).exists()]
        command = f'vsr prepare {kind} SRC {root}'
        if len(missing) == len(parts):
            yield Finding(folder, 'note', 'missing', command)
        elif missing:
            yield Finding(folder, 'fault', f'{root / folder} lacks {", ".join(missing)}', command)
        else:
            yield Finding(folder, 'ok', str(root / folder))
