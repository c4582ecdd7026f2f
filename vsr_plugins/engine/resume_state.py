"""Save and restore training state that mmengine's checkpoints omit."""

from collections.abc import Iterator
from contextlib import contextmanager

from mmagic.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapper
from mmengine.runner import Runner
from torch import Tensor, nn

from .random_state import pack_random_state, seed_all, unpack_random_state

KEY = 'resume_state'


@HOOKS.register_module()
class ResumeStateHook(Hook):
    """Save with each checkpoint, and restore on resume, the training state that mmengine omits.

    * The states of the random number generators: layers that draw (noise, dropout) then draw the same numbers as in an
      uninterrupted run. In a distributed run they are those of the first process; the others are seeded in each
      iteration by its number and theirs, so that no two processes draw the same.
    * Buffers that are not part of the state dict. Upstream's EDVR and BasicVSR count their steps in one; without it
      they restart the stage in which most of the network is frozen.
    * Which parameters are frozen.
    * Gradients, if they are accumulated over several iterations; in a distributed run those of the first process, so
      that only a checkpoint between updates is resumed identically.

    Fine-tuning (``load_from``) restores none of it. ``ResumableIterBasedTrainLoop`` registers this hook automatically.
    """

    # Restore after every other hook has drawn its random numbers.
    priority = 'LOWEST'

    def __init__(self) -> None:
        self._loaded: dict | None = None
        self._paused: dict | None = None

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Within this context, random draws change neither the training nor checkpoints saved meanwhile."""
        self._paused = pack_random_state()
        try:
            yield
        finally:
            unpack_random_state(self._paused)
            self._paused = None

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Add the state to the checkpoint."""
        model = _unwrapped(runner)
        checkpoint[KEY] = dict(
            random=self._paused or pack_random_state(),
            buffers={name: buffer.detach().cpu().clone() for name, buffer in _unsaved_buffers(model).items()},
            frozen=[name for name, parameter in model.named_parameters() if not parameter.requires_grad],
            gradients={
                name: parameter.grad.detach().cpu().clone()
                for name, parameter in model.named_parameters()
                if parameter.grad is not None and _is_accumulating(runner.optim_wrapper)
            },
        )

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Store the loaded state; mmengine seeds the generators after this."""
        self._loaded = checkpoint.get(KEY) if runner._resume else None

    def before_train_epoch(self, runner: Runner) -> None:
        """Restore the state, right before the first iteration."""
        if self._loaded is None:
            return
        model = _unwrapped(runner)
        buffers = _unsaved_buffers(model)
        for name, value in self._loaded['buffers'].items():
            if name in buffers and buffers[name].shape == value.shape:
                buffers[name].copy_(value)
        frozen = set(self._loaded['frozen'])
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(name not in frozen)
            if (gradient := self._loaded['gradients'].get(name)) is not None:
                parameter.grad = gradient.to(parameter.device)
        if runner.rank == 0:
            unpack_random_state(self._loaded['random'])
        self._loaded = None

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: object = None) -> None:
        """Seed the generators of all processes but the first."""
        if runner.rank > 0:
            seed_all(runner.seed, runner.iter, runner.rank)


def _unwrapped(runner: Runner) -> nn.Module:
    return runner.model.module if is_model_wrapper(runner.model) else runner.model


def _is_accumulating(wrapper: OptimWrapper) -> bool:
    """Whether the gradients contain iterations not yet used by an update."""
    wrappers = wrapper.values() if hasattr(wrapper, 'values') else [wrapper]
    return any(each._accumulative_counts > 1 and not each.should_update() for each in wrappers)


def _unsaved_buffers(model: nn.Module) -> dict[str, Tensor]:
    """Buffers registered with ``persistent=False``."""
    return {
        f'{prefix}.{name}' if prefix else name: module._buffers[name]
        for prefix, module in model.named_modules()
        for name in sorted(module._non_persistent_buffers_set)
        if module._buffers.get(name) is not None
    }
