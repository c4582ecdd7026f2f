"""Starting a training from the weights of several others."""

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
    """Fills parts of a network from checkpoints of other trainings, before the first iteration.

    For training in stages where a stage joins several networks of the one before (the branches of RobustVSR), or
    deepens one (EDVR). A resumed training keeps its own weights, and testing does not look for the checkpoints.

    Args:
        parts: What comes from where, in this order; each a dict of

            - ``checkpoint``: a local file, the work directory of a training, ``pretrained:NAME``, or a list of these,
              of which the first that is there is taken. What is not absolute is looked for beside this training's work
              directory, then from where the command was run.
            - ``which``: of a work directory the ``'best'`` checkpoint, or the ``'last'``. Default the best.
            - ``source``: beginning of the names to take, such as ``'generator.branch.'``; default all.
            - ``target``: what stands in its place here, such as ``'generator.branches.0.'``; default the same.
            - ``inflate``: lets a kernel for one frame start one for k frames side by side in the input channels:
              ``'center'`` puts it at the frame in the middle and zeros elsewhere, so that the training starts from
              what the network made of one frame; ``'mean'`` repeats it k times and divides by k, so that it starts
              from the average of the frames; ``'difference'`` leaves the other frames the kernels they were initialised
              with and takes their sum from the middle one's, so that frames that are alike give what one of them gave,
              and what differs between them is seen from the first step. Default None, shapes must agree.
            - ``partial``: True lets names below ``target`` that the checkpoint lacks keep their values, and leaves out
              what has no place here. Default False.
            - ``optional``: True lets the training start without this part where neither its checkpoint nor a work
              directory is there, which the log says. Default False.
            - ``unless_loaded``: True leaves this part out of a training whose ``load_from`` names weights, which then
              stay as they are. For weights that a whole network, or its optical flow, usually starts from. Default
              False.

    Raises:
        ValueError: If a part is no dict, has no checkpoint or something else than these, or, when loaded, does not fit.
        FileNotFoundError: If a checkpoint is missing, when it is loaded.
    """

    OPTIONS = frozenset({'checkpoint', 'which', 'source', 'target', 'inflate', 'partial', 'optional', 'unless_loaded'})
    # Of those, what ``load_part`` takes.
    LOADING = frozenset({'source', 'target', 'inflate', 'partial'})

    def __init__(self, parts: Sequence[Mapping]) -> None:
        if not isinstance(parts, Sequence) or not all(isinstance(part, Mapping) for part in parts):
            raise ValueError(f'parts must be a list of dicts, one a part, but got {parts!r}')
        for part in parts:
            names = _names(part.get('checkpoint'))
            if not names or not all(isinstance(name, (str, Path)) for name in names) or part.keys() - self.OPTIONS:
                raise ValueError(
                    f'a part has a checkpoint and may have {", ".join(sorted(self.OPTIONS - {"checkpoint"}))}, '
                    f'but got {dict(part)}'
                )
            _check_inflate(part.get('inflate'))
            _check_which(part.get('which', 'best'))
        self.parts = [dict(part) for part in parts]

    def before_train(self, runner: Runner) -> None:
        """Load the parts, unless the training goes on from a checkpoint of its own."""
        if runner.iter > 0:
            return
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        beside = Path(runner.work_dir).parent
        for part in self.parts:
            if part.get('unless_loaded') and getattr(runner, '_has_loaded', False):
                print_log(f'{part["checkpoint"]} is not loaded: the weights of load_from stay', logger='current')
                continue
            try:
                path = find_checkpoint(part['checkpoint'], beside, part.get('which', 'best'))
            except FileNotFoundError as error:
                # A folder without a checkpoint is that of a training that was begun and not finished.
                begun = any(place.is_dir() for name in _names(part['checkpoint']) for place in _places(name, beside))
                if not part.get('optional') or begun:
                    raise FileNotFoundError(f'{error}, or train without: --cfg-options custom_hooks=[]') from None
                print_log(f'The training starts without it: {error}', logger='current', level=logging.WARNING)
                continue
            weights = checkpoint_weights(path)
            options = {key: value for key, value in part.items() if key in self.LOADING}
            try:
                loaded = load_part(model, weights, **options)
            except ValueError as error:
                raise ValueError(f'{path}: {error}') from error
            print_log(f'{len(loaded)} tensors, {loaded[0]} and so on, come from {path}', logger='current')


def find_checkpoint(name: str | Path | Sequence[str | Path], beside: Path, which: str = 'best') -> Path:
    """The file that ``LoadPartsHook`` means by ``checkpoint``.

    Args:
        name: A checkpoint, a work directory, ``pretrained:NAME``, or a list of these.
        beside: Where to look first.
        which: Of a work directory the ``'best'`` checkpoint, or the ``'last'``.

    Returns:
        A file, or ``pretrained:NAME`` as it came where its file is on this machine; of a list the first that is there.

    Raises:
        ValueError: If ``which`` is neither, or no weights are called NAME.
        FileNotFoundError: If there is none.
    """
    _check_which(which)
    missing = []
    for one in _names(name):
        try:
            return _find_one(one, beside, which)
        except FileNotFoundError as error:
            missing.append(str(error))
            # Of a training that was begun, what comes after it in the list is no replacement.
            if any(place.is_dir() for place in _places(one, beside)):
                break
    raise FileNotFoundError('; '.join(missing))


def _find_one(name: str | Path, beside: Path, which: str) -> Path:
    if str(name).startswith(PRETRAINED_PREFIX):
        checkpoint_file(name)
        return Path(name)
    places = _places(name, beside)
    for path in places:
        if path.is_file():
            return path
        found = _last(path) if which == 'last' else _best(path)
        if found is not None:
            return found
    where = ' or '.join(dict.fromkeys(str(path.absolute()) for path in places))
    if Path(name).suffix in SUFFIXES:
        raise FileNotFoundError(f'no checkpoint at {where}; train that stage first, or put the file there')
    raise FileNotFoundError(
        f'no checkpoint, and no work directory with a {which} one, at {where}; train that stage first'
    )


def _names(name: Any) -> list:
    return [name] if isinstance(name, (str, Path)) else list(name) if isinstance(name, Sequence) else []


def _places(name: str | Path, beside: Path) -> tuple[Path, Path]:
    return beside / name, Path(name)


def _best(work_dir: Path) -> Path | None:
    return max(work_dir.glob('best_*.pth'), key=lambda file: file.stat().st_mtime, default=None)


def _last(work_dir: Path) -> Path | None:
    record = work_dir / 'last_checkpoint'
    # It names the file by where it was written, from where the folder may have been moved.
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
    """Copy the weights whose names begin with ``source`` to where they begin with ``target``.

    Args:
        model: The model to fill.
        state_dict: The weights.
        source: See ``LoadPartsHook``, as the rest.
        target: None for ``source``.
        inflate: See there.
        partial: See there.

    Returns:
        Names in ``model`` that were filled.

    Raises:
        ValueError: If nothing begins so, a name is missing or left over, or a shape differs.
    """
    _check_inflate(inflate)
    target = source if target is None else target
    own = {name: value for name, value in model.state_dict().items() if name.startswith(target)}
    given = {target + name[len(source) :]: value for name, value in state_dict.items() if name.startswith(source)}
    missing, unknown = sorted(own.keys() - given.keys()), sorted(given.keys() - own.keys())
    fitting = [name for name in own if name in given]
    if not fitting or ((missing or unknown) and not partial):
        raise ValueError(
            f"{len(fitting)} of {len(own)} tensors of '{target}*' are there as '{source}*'; "
            f'missing: {missing[:3]}, without a place: {unknown[:3]}'
        )
    for name in fitting:
        value, place = given[name], own[name]
        if inflate and value.ndim == place.ndim >= 2 and value.shape != place.shape:
            times, rest = divmod(place.shape[1], value.shape[1])
            if not rest:
                value = _inflated(value, list(place.chunk(times, dim=1)), inflate)
        if value.shape != place.shape:
            raise ValueError(f'{name} is {tuple(place.shape)}, but the checkpoint has {tuple(value.shape)}')
        place.copy_(value)
    return fitting


def _inflated(value: Tensor, own: list[Tensor], inflate: str) -> Tensor:
    """A kernel for one frame as one for as many as there are in ``own``, see ``LoadPartsHook``."""
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
