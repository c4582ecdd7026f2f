"""Stop a training whose loss is not a number."""

import logging
from collections.abc import Mapping
from typing import Any, Literal

import torch
from mmagic.registry import HOOKS
from mmengine.dist import all_reduce
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import Runner
from torch import Tensor

from .training_record import latest_checkpoint

ACTIONS = ('stop', 'skip')
MAX_SKIPPED = 100


@HOOKS.register_module()
class FiniteLossHook(Hook):
    """Guard the weights against a loss of NaN or infinity; ``ResumableIterBasedTrainLoop`` registers it.

    The loss is checked before the optimizer uses it, and the weights before a checkpoint is written: gradients can be
    NaN where the loss is not. So no checkpoint with NaN replaces a good one, whatever ``max_keep_ckpts``. The training
    stops with an error that has the iteration and the last checkpoint. To skip the step instead, name the hook in a
    config: ``custom_hooks = [dict(type='FiniteLossHook', action='skip')]``.

    Losses scaled for float16 (``AmpOptimWrapper``) are checked unscaled; infinite gradients are left to its scaler.

    Args:
        action: ``'stop'``, or ``'skip'``: the step changes nothing, and is logged.
        max_skipped: With ``'skip'``, stop after this many skipped steps in a row.

    Raises:
        ValueError: If ``action`` is unknown.
        FloatingPointError: In training, as described.
    """

    priority = 'VERY_HIGH'

    def __init__(self, action: Literal['stop', 'skip'] = 'stop', max_skipped: int = MAX_SKIPPED) -> None:
        if action not in ACTIONS:
            raise ValueError(f'action must be one of {ACTIONS}, but got {action!r}')
        self.action = action
        self.max_skipped = max_skipped
        self.skipped = 0
        self._runner: Runner | None = None

    def before_train(self, runner: Runner) -> None:
        """Check every loss that reaches an optimizer."""
        self._runner = runner
        for name, wrapper in _wrappers(runner.optim_wrapper).items():
            if not isinstance(getattr(wrapper, 'update_params', None), _Checked):
                wrapper.update_params = _Checked(self, name, wrapper)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Refuse to save weights that are not finite; the older checkpoints stay.

        Raises:
            FloatingPointError: If a weight is not finite.
        """
        for name, value in checkpoint['state_dict'].items():
            if value.is_floating_point() and not torch.isfinite(value).all():
                raise FloatingPointError(
                    f'weights are not finite at iteration {checkpoint["meta"].get("iter")} ({name}), though the loss '
                    f'was: they are not saved; {_last_checkpoint(runner)}. Lower the learning rate, or clip gradients '
                    '(optim_wrapper.clip_grad)'
                )

    def after_train(self, runner: Runner) -> None:
        """Remove the check."""
        for wrapper in _wrappers(runner.optim_wrapper).values():
            if isinstance(wrapper.update_params, _Checked):
                del wrapper.update_params

    def accepts(self, loss: Tensor, optimizer: str) -> bool:
        """Whether the step of a loss is to be taken.

        Raises:
            FloatingPointError: If the loss is not finite, and ``action`` or the number of steps in a row says so.
        """
        loss = loss.detach()
        state = torch.stack([torch.isfinite(loss).all(), ~torch.isnan(loss).any()]).float()
        all_reduce(state, 'min')  # all processes take a step, or none, and say why
        is_finite, is_number = state.bool().tolist()
        if is_finite:
            self.skipped = 0
            return True
        word = 'infinite' if is_number else 'NaN'
        what = f'the loss{f" of {optimizer}" if optimizer else ""} is {word} at iteration {self._runner.iter + 1}'
        self.skipped += 1
        if self.action == 'skip' and self.skipped <= self.max_skipped:
            print_log(f'{what}: this step is skipped', logger='current', level=logging.WARNING)
            return False
        raise FloatingPointError(
            f'{what}; {_last_checkpoint(self._runner)}. Lower the learning rate, clip gradients '
            '(optim_wrapper.clip_grad), or skip such steps: '
            "custom_hooks=[dict(type='FiniteLossHook', action='skip')]"
        )


class _Checked:
    """``update_params`` of an optimizer wrapper, with the check before it."""

    def __init__(self, hook: FiniteLossHook, name: str, wrapper: OptimWrapper) -> None:
        self.hook, self.name = hook, name
        self.update = wrapper.update_params

    def __call__(self, loss: Tensor, *args: Any, **kwargs: Any) -> None:
        if self.hook.accepts(loss, self.name):
            self.update(loss, *args, **kwargs)


def _wrappers(wrapper: OptimWrapper | OptimWrapperDict) -> Mapping[str, OptimWrapper]:
    return dict(wrapper.items()) if isinstance(wrapper, OptimWrapperDict) else {'': wrapper}


def _last_checkpoint(runner: Runner) -> str:
    latest = latest_checkpoint(runner.work_dir)
    return f'the last checkpoint is {latest}' if latest else 'there is no checkpoint yet'
