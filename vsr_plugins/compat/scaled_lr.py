"""Patch of mmagic 1.2.0: ``mim train --auto-scale-lr`` takes effect. Delete when mmagic does.

The fault: its training script parses the option and ignores it. With this patch the option sets
``auto_scale_lr.enable``, as mmengine's own script does; a config without a base batch size is an error.
"""

import sys
from functools import wraps
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.runner import Runner

OPTION = '--auto-scale-lr'
_upstream_from_cfg = Runner.from_cfg.__func__


def apply() -> None:
    """Replace ``Runner.from_cfg``."""
    Runner.from_cfg = classmethod(from_cfg)


@wraps(_upstream_from_cfg)
def from_cfg(cls: type[Runner], cfg: Config) -> Any:
    """Build a runner, with scaled learning rates if the training script was asked for them.

    Raises:
        ValueError: If the config has no ``auto_scale_lr.base_batch_size``.
    """
    if OPTION in sys.argv[1:] and Path(sys.argv[0]).name == 'train.py':
        scaling = dict(cfg.get('auto_scale_lr') or {})
        if not scaling.get('base_batch_size'):
            raise ValueError(
                f'{OPTION} needs the batch size that the learning rate is for, but the config has '
                f'auto_scale_lr={scaling or None}: add --cfg-options auto_scale_lr.base_batch_size=N'
            )
        cfg.auto_scale_lr = {**scaling, 'enable': True}
    return _upstream_from_cfg(cls, cfg)
