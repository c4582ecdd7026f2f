"""Speed up training of an unchanged network: memory layout and ``torch.compile``."""

from collections.abc import Mapping
from typing import Any

from mmagic.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import nn

from ..models.blocks.fast.layout import keep_channels_last


@HOOKS.register_module()
class AccelerationHook(Hook):
    """Train the generator with its convolutions in channels-last layout, compiled, or both.

    mmengine's own ``compile=True`` compiles all of ``train_step``, with the data preprocessor, the losses and the
    optimizer wrapper. This hook compiles the generator only, and only in training: in validation every clip has another
    size and would be compiled again. Names in the state dict do not change, so checkpoints fit either way.

    Args:
        channels_last: Put the weights of 2-D and 3-D convolutions into channels-last layout.
        compile: Arguments of ``torch.compile``, ``{}`` for its defaults; None does not compile.

    Raises:
        ValueError: If the model has no generator; raised when training begins.
    """

    def __init__(self, channels_last: bool = False, compile: Mapping[str, Any] | None = None) -> None:
        self.channels_last = channels_last
        self.compile = None if compile is None else dict(compile)
        self._compiled: Any = None

    def before_train(self, runner: Runner) -> None:
        """Convert the layout and compile."""
        accelerate(_generator(runner), self.channels_last, self.compile)

    def before_val(self, runner: Runner) -> None:
        """Disable the compiled generator."""
        generator = _generator(runner)
        self._compiled, generator._compiled_call_impl = generator._compiled_call_impl, None

    def after_val(self, runner: Runner) -> None:
        """Enable the compiled generator again."""
        _generator(runner)._compiled_call_impl, self._compiled = self._compiled, None


def accelerate(network: nn.Module, channels_last: bool = False, compile: Mapping[str, Any] | None = None) -> None:
    """Change a network in place, see ``AccelerationHook``; its weights keep their names and values.

    Args:
        network: Any network.
        channels_last: See ``AccelerationHook``.
        compile: See ``AccelerationHook``.
    """
    if channels_last:
        keep_channels_last(network)
    if compile is not None:
        network.compile(**compile)


def _generator(runner: Runner) -> nn.Module:
    model = runner.model.module if is_model_wrapper(runner.model) else runner.model
    generator = getattr(model, 'generator', None)
    if generator is None:
        raise ValueError(f'{type(model).__name__} has no generator to accelerate')
    return generator
