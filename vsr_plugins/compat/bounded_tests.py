"""Patch of mmagic 1.2.0: ``mim test`` and validation of long clips in bounded memory. Delete when mmagic bounds it.

The fault: a clip is loaded, restored and measured at once, about 45 MB a frame at 720p, so memory grows with its
length until the process is killed. With this patch, clips of ``ClipFramesDataset`` are measured in parts; see
``vsr_plugins.engine.bounded_clips``.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from mmagic.engine.runner import multi_loops
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from ..engine.bounded_clips import bounded_all

LOOPS = (multi_loops.MultiValLoop, multi_loops.MultiTestLoop)


def apply() -> None:
    """Replace how both loops are built."""
    for loop in LOOPS:
        loop.__init__ = _with_parts(loop.__init__)


def _with_parts(upstream: Callable) -> Callable:
    @wraps(upstream)
    def init(self: Any, runner: Runner, dataloader: Any, evaluator: Any, *args: Any, **kwargs: Any) -> None:
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        dataloader = bounded_all(dataloader, evaluator, getattr(model, 'generator', model))
        upstream(self, runner, dataloader, evaluator, *args, **kwargs)

    return init
