"""Patch of mmengine <= 0.10.7: ``--resume`` of a config with ``load_from``. Delete when mmengine does it.

The fault: with both, mmengine resumes from the file of ``load_from`` itself. Released weights have no iteration, so it
fails with ``KeyError: 'epoch'``; the checkpoint of an earlier stage has that stage's iteration and optimizer, so the
training continues the earlier stage. With this patch, the latest checkpoint of the work directory is resumed; without
one the training begins from the weights, as it does without ``--resume``. A checkpoint of the work directory itself
that ``load_from`` names is resumed.
"""

from functools import wraps
from pathlib import Path

from mmengine.runner import Runner
from mmengine.runner import checkpoint as mmengine_checkpoint

_upstream_load_or_resume = Runner.load_or_resume


def apply() -> None:
    """Replace ``load_or_resume`` of mmengine's runner."""
    Runner.load_or_resume = load_or_resume


@wraps(_upstream_load_or_resume)
def load_or_resume(self: Runner) -> None:
    """Resume the latest checkpoint of the work directory, else load the weights of ``load_from``."""
    named = self._load_from
    is_other = named is not None and Path(named).resolve().parent != Path(self.work_dir).resolve()
    if not self._resume or not is_other or self._has_loaded:
        _upstream_load_or_resume(self)
        return
    latest = mmengine_checkpoint.find_latest_checkpoint(self.work_dir)
    if latest is not None:
        self.logger.info(f'Resume {latest}; load_from={named} was for the beginning of the training.')
        self.resume(latest)
    else:
        self.logger.info(f'No checkpoint in {self.work_dir} to resume: the training begins from {named}.')
        self._resume = False
        self.load_checkpoint(named)
    self._has_loaded = True
