"""Start a training from the weights of several other trainings."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from mmagic.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import Tensor

from ..checkpoints.weight_files import SUFFIXES
from ..pretrained import PRETRAINED_PREFIX, checkpoint_file, checkpoint_weights

INFLATIONS = (None, 'center', 'mean', 'difference')
WHICH = ('best', 'last')


@HOOKS.register_module()
class LoadPartsHook(Hook):
    """Load parts of a network from checkpoints of other trainings, before the first iteration.

    For training in stages where a stage combines several networks of the previous one (the branches of RobustVSR), or
    deepens one (EDVR). A resumed training keeps its own weights, and testing does not need the checkpoints.

    Args:
        parts: Parts to load, in this order; each a dict of

            - ``checkpoint``: a local file, the work directory of a training, ``pretrained:NAME``, or a list of these,
              of which the first that exists is used. Relative paths are resolved against the parent of this training's
              work directory, then against the current directory.
            - ``which``: of a work directory the ``'best'`` checkpoint, or the ``'last'``. Default the best.
            - ``source``: prefix of the names to load, such as ``'generator.branch.'``; default all.
            - ``target``: replacement of that prefix here, such as ``'generator.branches.0.'``; default the same.
            - ``inflate``: expands a kernel for one frame to k frames concatenated in the input channels: ``'center'``
              puts it at the centre frame and zeros elsewhere, so the training starts from the output of the network for
              one frame; ``'mean'`` repeats it k times and divides by k, so it starts from the average of the frames;
              ``'difference'`` keeps the initial kernels of the other frames and subtracts their sum from that of the
              centre frame, so equal frames give the output for one frame, and differences between frames take effect
              from the first step. Default None, shapes must agree.
            - ``partial``: True keeps the values of names below ``target`` that the checkpoint lacks, and skips names
              that this network lacks. Default False.
            - ``optional``: True skips this part, with a warning, if neither its checkpoint nor a work directory exists.
              Default False.
            - ``unless_loaded``: True skips this part in a training whose ``load_from`` names weights, which are kept.
              For the usual initial weights of a complete network, or of its optical flow. Default False.

    Raises:
        ValueError: If a part is not a dict, has no checkpoint or unknown options, or, when loaded, does not fit.
        FileNotFoundError: If a checkpoint does not exist, when it is loaded.
    """

    OPTIONS = frozenset({'checkpoint', 'which', 'source', 'target', 'inflate', 'partial', 'optional', 'unless_loaded'})
    # Options passed to ``load_part``.
    LOADING = frozenset({'source', 'target', 'inflate', 'partial'})

    def __init__(self, parts: Sequence[Mapping]) -> None:
        if not isinstance(parts, Sequence) or not all(isinstance(part, Mapping) for part in parts):
            raise ValueError(f'parts must be a list of dicts, one per part, but got {parts!r}')
        for part in parts:
            names = _names(part.get('checkpoint'))
            if not names or not all(isinstance(name, (str, Path)) for name in names) or part.keys() - self.OPTIONS:
                raise ValueError(
                    f'a part needs a checkpoint and takes {", ".join(sorted(self.OPTIONS - {"checkpoint"}))}, '
                    f'but got {dict(part)}'
                )
            _check_inflate(part.get('inflate'))
            _check_which(part.get('which', 'best'))
        self.parts = [dict(part) for part in parts]

    def before_train(self, runner: Runner) -> None:
        """Load the parts, unless the training resumes from its own checkpoint."""
        if runner.iter > 0:
            return
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        parent = Path(runner.work_dir).parent
        for part in self.parts:
            if part.get('unless_loaded') and getattr(runner, '_has_loaded', False):
                print_log(f'{part["checkpoint"]} is not loaded: the weights of load_from are kept', logger='current')
                continue
            try:
                path = find_checkpoint(part['checkpoint'], parent, part.get('which', 'best'))
            except FileNotFoundError as error:
                # A folder without a checkpoint belongs to a training that was started and not finished.
                started = any(path.is_dir() for name in _names(part['checkpoint']) for path in _paths(name, parent))
                if not part.get('optional') or started:
                    raise FileNotFoundError(f'{error}, or train without it: --cfg-options custom_hooks=[]') from None
                print_log(f'Training starts without this part: {error}', logger='current', level=logging.WARNING)
                continue
            weights = checkpoint_weights(path)
            options = {key: value for key, value in part.items() if key in self.LOADING}
            try:
                loaded = load_part(model, weights, **options)
            except ValueError as error:
                raise ValueError(f'{path}: {error}') from error
            print_log(f'loaded {len(loaded)} tensors ({loaded[0]}, ...) from {path}', logger='current')


def find_checkpoint(name: str | Path | Sequence[str | Path], parent: Path, which: str = 'best') -> Path:
    """Return the file of a ``checkpoint`` of ``LoadPartsHook``.

    Args:
        name: A checkpoint, a work directory, ``pretrained:NAME``, or a list of these.
        parent: Folder to search before the current directory.
        which: Of a work directory the ``'best'`` checkpoint, or the ``'last'``.

    Returns:
        A file, or ``pretrained:NAME`` unchanged if its file exists; of a list the first that exists.

    Raises:
        ValueError: If ``which`` is neither, or no weights are named NAME.
        FileNotFoundError: If no checkpoint exists.
    """
    _check_which(which)
    missing = []
    for one in _names(name):
        try:
            return _find_one(one, parent, which)
        except FileNotFoundError as error:
            missing.append(str(error))
            # If that training was started, later items of the list are no replacement.
            if any(path.is_dir() for path in _paths(one, parent)):
                break
    raise FileNotFoundError('; '.join(missing))


def _find_one(name: str | Path, parent: Path, which: str) -> Path:
    if str(name).startswith(PRETRAINED_PREFIX):
        checkpoint_file(name)
        return Path(name)
    paths = _paths(name, parent)
    for path in paths:
        if path.is_file():
            return path
        checkpoint = _last(path) if which == 'last' else _best(path)
        if checkpoint is not None:
            return checkpoint
    where = ' or '.join(dict.fromkeys(str(path.absolute()) for path in paths))
    if Path(name).suffix in SUFFIXES:
        raise FileNotFoundError(f'no checkpoint at {where}; train that stage first, or copy the file there')
    raise FileNotFoundError(
        f'no checkpoint, and no work directory with a {which} checkpoint, at {where}; train that stage first'
    )


def _names(name: Any) -> list:
    return [name] if isinstance(name, (str, Path)) else list(name) if isinstance(name, Sequence) else []


def _paths(name: str | Path, parent: Path) -> tuple[Path, Path]:
    return parent / name, Path(name)


def _best(work_dir: Path) -> Path | None:
    return max(work_dir.glob('best_*.pth'), key=lambda file: file.stat().st_mtime, default=None)


def _last(work_dir: Path) -> Path | None:
    record = work_dir / 'last_checkpoint'
    # It contains the path where the file was written; the folder may have been moved since.
    path = work_dir / Path(record.read_text(encoding='utf-8').strip()).name if record.is_file() else None
    return path if path is not None and path.is_file() else None


@torch.no_grad()
def load_part(
    model: torch.nn.Module,
    state_dict: Mapping[str, Tensor],
    source: str = '',
    target: str | None = None,
    inflate: str | None = None,
    partial: bool = False,
) -> list[str]:
    """Copy the weights whose names begin with ``source`` to the names that begin with ``target``.

    Args:
        model: The model to load into.
        state_dict: The weights.
        source: See ``LoadPartsHook``.
        target: See ``LoadPartsHook``; None for ``source``.
        inflate: See ``LoadPartsHook``.
        partial: See ``LoadPartsHook``.

    Returns:
        Names in ``model`` that were loaded.

    Raises:
        ValueError: If no name begins with ``source``, a name is missing or unexpected, or a shape differs.
    """
    _check_inflate(inflate)
    target = source if target is None else target
    own = {name: value for name, value in model.state_dict().items() if name.startswith(target)}
    weights = {target + name[len(source) :]: value for name, value in state_dict.items() if name.startswith(source)}
    missing, unknown = sorted(own.keys() - weights.keys()), sorted(weights.keys() - own.keys())
    common = [name for name in own if name in weights]
    if not common or ((missing or unknown) and not partial):
        raise ValueError(
            f"the checkpoint has {len(common)} of {len(own)} tensors of '{target}*' as '{source}*'; "
            f'missing: {missing[:3]}, unexpected: {unknown[:3]}'
        )
    for name in common:
        value, own_value = weights[name], own[name]
        if inflate and value.ndim == own_value.ndim >= 2 and value.shape != own_value.shape:
            times, rest = divmod(own_value.shape[1], value.shape[1])
            if not rest:
                value = _inflated(value, list(own_value.chunk(times, dim=1)), inflate)
        if value.shape != own_value.shape:
            raise ValueError(f'{name} is {tuple(own_value.shape)}, but the checkpoint has {tuple(value.shape)}')
        own_value.copy_(value)
    return common


def _inflated(value: Tensor, own: list[Tensor], inflate: str) -> Tensor:
    """Expand a kernel for one frame to ``len(own)`` frames, see ``LoadPartsHook``."""
    center = len(own) // 2
    if inflate == 'mean':
        parts = [value / len(own)] * len(own)
    elif inflate == 'center':
        parts = [value if i == center else torch.zeros_like(value) for i in range(len(own))]
    else:
        others = sum(kernel for i, kernel in enumerate(own) if i != center)
        parts = [value - others if i == center else kernel for i, kernel in enumerate(own)]
    return torch.cat(parts, dim=1)


def _check_inflate(inflate: str | None) -> None:
    if inflate not in INFLATIONS:
        raise ValueError(f'inflate must be one of {INFLATIONS}, but got {inflate!r}')


def _check_which(which: str) -> None:
    if which not in WHICH:
        raise ValueError(f'which must be one of {WHICH}, but got {which!r}')
