"""Record in each checkpoint what it was trained with, and compare it when a training resumes."""

import json
import logging
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from mmagic.registry import HOOKS
from mmengine.config import Config
from mmengine.hooks import CheckpointHook, Hook
from mmengine.logging import print_log
from mmengine.runner import Runner
from mmengine.runner import checkpoint as mmengine_checkpoint

from ..checkpoints.digests import digest_file
from ..checkpoints.safe_loading import load_torch_file
from ..pretrained import checkpoint_file
from ..version import __version__, installed_version
from .config_files import to_builtins
from .load_parts import find_checkpoint

KEY = 'training_record'
# Config keys that a training reads; other keys, such as intermediate variables, have no effect.
TRAINING_KEYS = (
    'model', 'data_preprocessor', 'load_from', 'train_dataloader', 'train_cfg', 'optim_wrapper', 'param_scheduler',
    'auto_scale_lr', 'default_hooks', 'custom_hooks', 'val_dataloader', 'val_evaluator', 'val_cfg', 'randomness',
)  # fmt: skip
# Nested keys that affect speed, memory and output, but not the weights.
IGNORED_KEYS = frozenset(
    {
        'num_workers', 'persistent_workers', 'pin_memory', 'prefetch_factor', 'cache_mb', 'decoded_mb', 'logger',
        'accept_changes',
    }
)  # fmt: skip
# A resumed training keeps these from its checkpoint, whatever the config now has; the network must fit its weights.
KEPT = ('model.generator', 'model.type', 'data_preprocessor', 'optim_wrapper', 'param_scheduler', 'auto_scale_lr')
# A resumed training does not read these: mmengine compares the seed itself.
UNREAD = ('load_from', 'randomness')
PACKAGES = ('torch', 'torchvision', 'mmagic', 'mmengine', 'mmcv', 'mmcv-lite', 'numpy')
MAX_LISTED = 5


@HOOKS.register_module()
class TrainingRecordHook(Hook):
    """Store in each checkpoint what it was trained with, and refuse to mix two trainings in one work directory.

    The record, ``checkpoint['training_record']``, has the parts of the config that a training reads (``config``), the
    digests of the weights it started from (``starts_from``), versions, the state of git, the command, the seed, and
    whether the training is ``complete``: the last validation is over too.

    A resumed training is compared with the record. What the checkpoint determines (the network, optimizer, learning
    rate and schedules) must be equal; other changes (losses, data, batch size, length) take effect and are logged. A
    training that begins anew in a folder with checkpoints is refused. Checkpoints without a record, of earlier versions
    or other packages, are accepted with one line. ``ResumableIterBasedTrainLoop`` registers this
    hook.

    Args:
        accept_changes: Resume in spite of any difference, and begin where there are checkpoints.

    Raises:
        ValueError: If the work directory has a checkpoint and the training does not resume, or a checkpoint of a
            different config; the message lists the differences.
    """

    # After hooks that load weights.
    priority = 'LOWEST'

    def __init__(self, accept_changes: bool = False) -> None:
        self.accept_changes = accept_changes
        self.record: dict[str, Any] | None = None
        self._changes: list[str] = []
        self._has_kept = False

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Compare a resumed checkpoint with the config, before its weights are loaded."""
        if not runner._resume:
            return
        record = checkpoint.get(KEY)
        if record is None:
            print_log('The checkpoint has no record of its config: it is not compared.', logger='current')
            return
        self.record = dict(record)
        changes = differences(record['config'], training_config(runner.cfg))
        kept = [text for name, text in changes if _is_below(name, KEPT)]
        self._changes = [text for name, text in changes if not _is_below(name, KEPT + UNREAD)]
        if kept and not self.accept_changes:
            raise ValueError(
                f'the checkpoint in {runner.work_dir} is of a different config, and resuming would ignore the change: '
                f'{_listed(kept)}. Restore the setting, train in another --work-dir (load_from=CHECKPOINT starts from '
                'its weights), or keep what the checkpoint has: --cfg-options train_cfg.accept_changes=True'
            )
        self._has_kept = bool(kept)
        for text in kept:
            print_log(f'Kept from the checkpoint: {text}', logger='current', level=logging.WARNING)
        for text in self._changes:
            print_log(f'Changed since the checkpoint, in effect from here on: {text}', logger='current')

    def before_train(self, runner: Runner) -> None:
        """Make the record of a new training, or check that a changed one has iterations left."""
        if runner.iter == 0:
            if not self.accept_changes:
                _refuse_to_overwrite(runner)
            self.record = make_record(runner)
        elif self._changes and runner.iter >= runner.max_iters and not self.accept_changes:
            raise ValueError(
                f'the training in {runner.work_dir} is complete at iteration {runner.iter}, so this change has no '
                f'effect: {_listed(self._changes)}. Train in another --work-dir, or raise train_cfg.max_iters'
            )
        elif self.record is None:
            self.record = make_record(runner)
        elif self._changes and not self._has_kept:
            self.record = {**self.record, 'config': training_config(runner.cfg), 'complete': False}

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Add the record to the checkpoint."""
        if self.record is not None:
            is_last = checkpoint['meta'].get('iter', 0) >= runner.max_iters
            validated = runner.message_hub.runtime_info.get('last_validation') == checkpoint['meta'].get('iter')
            complete = is_last and (runner.val_loop is None or validated)
            checkpoint[KEY] = {**self.record, 'complete': complete}

    def after_train(self, runner: Runner) -> None:
        """Save the last checkpoint once more after the last validation, which its first version lacks."""
        if runner.iter < runner.max_iters or (self.record or {}).get('complete') or runner.val_loop is None:
            return
        for hook in runner.hooks:
            if isinstance(hook, CheckpointHook) and not hook.by_epoch and hook.save_last and hook.last_ckpt:
                hook._save_checkpoint_with_step(runner, runner.iter, dict(epoch=runner.epoch, iter=runner.iter))


def training_config(config: Config) -> dict[str, Any]:
    """Return the parts of a config that determine the weights of a training, as the values of JSON."""
    read = to_builtins({key: config[key] for key in TRAINING_KEYS if key in config}, IGNORED_KEYS)
    return json.loads(json.dumps(read))


def starting_weights(config: Config, parent: Path) -> dict[str, str | None]:
    """Return the names of the checkpoints that a training starts from with their digests; None for a missing one.

    Args:
        config: Config of the training.
        parent: Folder of its work directory.
    """
    hooks = config.get('custom_hooks') or ()
    parts = [dict(part) for hook in hooks if _name(hook) == 'LoadPartsHook' for part in hook['parts']]
    if config.get('load_from'):
        parts.append({'checkpoint': config['load_from']})
    return dict(_digests(parts, parent))


def _digests(parts: list[dict], parent: Path) -> Iterator[tuple[str, str | None]]:
    for part in parts:
        try:
            path = find_checkpoint(part['checkpoint'], parent, part.get('which', 'best'))
            digest = digest_file(checkpoint_file(path))
        except FileNotFoundError:
            digest = None
        yield str(part['checkpoint']), digest


def make_record(runner: Runner) -> dict[str, Any]:
    """Return the record of a training that begins; see ``TrainingRecordHook``."""
    versions = {'vsr_plugins': __version__, 'python': platform.python_version()}
    versions.update({name: found for name in PACKAGES if (found := installed_version(name))})
    folders = {'vsr_plugins': Path(__file__).parent}
    if runner.cfg.filename:
        folders['config'] = Path(runner.cfg.filename).resolve().parent
    return {
        'config': training_config(runner.cfg),
        'starts_from': starting_weights(runner.cfg, Path(runner.work_dir).parent),
        'versions': versions,
        'git': {name: git_state(folder) for name, folder in folders.items()},
        'command': [str(word) for word in sys.argv],
        'device': torch.cuda.get_device_name() if torch.cuda.is_available() else platform.processor() or 'cpu',
        'seed': runner.seed,
        'processes': runner.world_size,
    }


def git_state(folder: Path) -> str:
    """Return the commit of a folder, with ``-dirty`` if files differ from it; '' outside of a repository."""
    command = ['git', '-C', str(folder), 'describe', '--always', '--dirty', '--abbrev=40', '--exclude=*']
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ''
    return done.stdout.strip() if done.returncode == 0 else ''


def read_record(checkpoint: str | Path) -> dict[str, Any] | None:
    """Read the record of a checkpoint, with ``'iter'``, its iteration; None if it has no record.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If it is damaged.
    """
    path = Path(checkpoint)
    if not path.is_file():
        raise FileNotFoundError(f'no checkpoint at {path.absolute()}')
    content = load_torch_file(path)
    record = content.get(KEY) if isinstance(content, Mapping) else None
    return None if record is None else {**record, 'iter': content['meta'].get('iter', 0)}


def latest_checkpoint(work_dir: str | Path) -> Path | None:
    """Return the newest complete checkpoint of a work directory; None if there is none."""
    if not Path(work_dir, 'last_checkpoint').is_file():
        return None
    found = mmengine_checkpoint.find_latest_checkpoint(str(work_dir))
    return None if found is None else Path(found)


def differences(before: Any, now: Any, name: str = '') -> list[tuple[str, str]]:
    """Return the name of each setting that differs, and a text with both values.

    Args:
        before: Settings of the checkpoint, dictionaries, lists and scalars of JSON.
        now: Settings of the config.
        name: Name of both.
    """
    if isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        before, now = dict(enumerate(before)), dict(enumerate(now))
    if isinstance(before, dict) and isinstance(now, dict):
        return [
            found
            for key in {**before, **now}
            for found in differences(before.get(key), now.get(key), f'{name}.{key}' if name else str(key))
        ]
    return [] if before == now else [(name, f'{name} was {_short(before)}, now {_short(now)}')]


def _refuse_to_overwrite(runner: Runner) -> None:
    """Raise if the work directory has checkpoints; a new training would overwrite them, or mix with them."""
    latest = latest_checkpoint(runner.work_dir)
    record = None if latest is None else read_record(latest)
    changes = [] if record is None else differences(record['config'], training_config(runner.cfg))
    if changes:
        raise ValueError(
            f'{runner.work_dir} has checkpoints of a training with a different config: '
            f'{_listed([text for _, text in changes])}. Use another --work-dir, remove that folder, or train there '
            'all the same: --cfg-options train_cfg.accept_changes=True'
        )
    if record is not None:
        raise ValueError(
            f'{runner.work_dir} has checkpoints of this training, the last of iteration {record["iter"]}, which a new '
            'one would overwrite. Go on from it with --resume, use another --work-dir, remove that folder, or train '
            'there all the same: --cfg-options train_cfg.accept_changes=True'
        )


def _is_below(name: str, roots: tuple[str, ...]) -> bool:
    return any(name == root or name.startswith(f'{root}.') for root in roots)


def _name(hook: Mapping) -> str:
    kind = hook['type']
    return kind.rpartition('.')[2] if isinstance(kind, str) else kind.__name__


def _listed(texts: list[str]) -> str:
    more = f'; and {len(texts) - MAX_LISTED} more' if len(texts) > MAX_LISTED else ''
    return '; '.join(texts[:MAX_LISTED]) + more


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f'{text[:77]}...'
