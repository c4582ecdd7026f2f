"""What a checkpoint of mmengine leaves out and a resumed training needs."""

from mmagic.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import Tensor, nn

from .random_state import pack_random_state, unpack_random_state

KEY = 'resume_state'


@HOOKS.register_module()
class ResumeStateHook(Hook):
    """Saves with each checkpoint, and restores when training resumes from it, three things mmengine forgets.

    * The states of the random number generators: layers that draw (noise, dropout) then draw the same numbers as in an
      uninterrupted run. In a distributed run they are those of the first process; the others go on from their seed.
    * Buffers that are not part of the state dict. Upstream's EDVR and BasicVSR count their steps in one, and begin the
      stage in which most of the network is frozen anew without it.
    * Which parameters are frozen.

    Fine-tuning (``load_from``) restores none of it. ``ResumableIterBasedTrainLoop`` registers this hook by itself.
    """

    # Restores after every other hook of ``before_train`` has drawn what it draws.
    priority = 'LOWEST'

    def __init__(self) -> None:
        self._loaded: dict | None = None

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Add the state to what is saved."""
        model = _unwrapped(runner)
        checkpoint[KEY] = dict(
            random=pack_random_state(),
            buffers={name: buffer.detach().cpu().clone() for name, buffer in _unsaved_buffers(model).items()},
            frozen=[name for name, parameter in model.named_parameters() if not parameter.requires_grad],
        )

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Keep the state; mmengine seeds the generators after this."""
        self._loaded = checkpoint.get(KEY) if runner._resume else None

    def before_train(self, runner: Runner) -> None:
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
        if runner.rank == 0:
            unpack_random_state(self._loaded['random'])
        self._loaded = None


def _unwrapped(runner: Runner) -> nn.Module:
    return runner.model.module if is_model_wrapper(runner.model) else runner.model


def _unsaved_buffers(model: nn.Module) -> dict[str, Tensor]:
    """Buffers registered with ``persistent=False``."""
    return {
        f'{prefix}.{name}' if prefix else name: module._buffers[name]
        for prefix, module in model.named_modules()
        for name in sorted(module._non_persistent_buffers_set)
        if module._buffers.get(name) is not None
    }
