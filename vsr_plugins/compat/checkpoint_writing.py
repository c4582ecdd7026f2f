"""Patch of mmengine <= 0.10.7: write checkpoints atomically. Delete when mmengine does.

Four faults: a checkpoint is written under its final name, so a killed process leaves a truncated file; with
``max_keep_ckpts`` and ``save_best`` the old file is deleted before the new one is written, so a killed process can
leave none; ``last_checkpoint`` may name a file that is missing or truncated; and in a work directory that was copied,
paths lead to the original, from which a resumed training goes on and whose best checkpoint it deletes. With this patch,
files are renamed into place, deletions come last and only where the training saves, and the latest checkpoint is the
newest complete one.
"""

import os
import os.path as osp
import re
import sys
import zipfile
from collections import deque
from collections.abc import Callable
from functools import wraps
from math import inf
from pathlib import Path
from typing import Any

import mmengine
from mmengine.dist import get_rank, is_main_process
from mmengine.fileio.backends import LocalBackend
from mmengine.hooks import CheckpointHook
from mmengine.logging import print_log
from mmengine.runner import _flexible_runner as flexible_runner_module
from mmengine.runner import checkpoint as checkpoint_module
from mmengine.runner import runner as runner_module

_upstream_put = LocalBackend.put
_upstream_save = CheckpointHook._save_checkpoint_with_step
_upstream_save_best = CheckpointHook._save_best_checkpoint
_ITERATION = re.compile(r'(?:iter|epoch)_(\d+)\.pth$')


def apply() -> None:
    """Replace mmengine's functions by those of this file."""
    LocalBackend.put = put
    LocalBackend.put_text = put_text
    CheckpointHook._save_checkpoint_with_step = save_then_delete
    CheckpointHook._save_best_checkpoint = save_best_then_delete
    # While mmengine.runner is imported it is not yet an attribute of mmengine.
    for module in (checkpoint_module, runner_module, flexible_runner_module, sys.modules['mmengine.runner']):
        module.find_latest_checkpoint = find_latest_checkpoint


def put(self: LocalBackend, obj: bytes, filepath: str | Path) -> None:
    """Write bytes to a file atomically.

    Raises:
        OSError: If writing fails; an existing file of that name is unchanged.
    """
    if osp.exists(filepath) and not osp.isfile(filepath):
        # A device or a pipe, which must not be replaced.
        _upstream_put(self, obj, filepath)
        return
    # Write to the target of a link, as upstream does.
    filepath = osp.realpath(filepath)
    folder, name = osp.split(filepath)
    mmengine.mkdir_or_exist(folder)
    # One fixed name per file and process: the next attempt overwrites the leftover of a killed process, and processes
    # that write the same file (mmengine's results of a test) do not rename each other's.
    partial = osp.join(folder, f'.{name}.partial{get_rank() or ""}')
    try:
        with open(partial, 'wb') as file:
            file.write(obj)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, filepath)
    except BaseException as error:
        if osp.exists(partial):
            os.remove(partial)
        if not isinstance(error, OSError):
            raise
        raise OSError(
            error.errno,
            f'{error.strerror or error} while writing {len(obj) / 2**20:.1f} MiB; an existing file is unchanged',
            filepath,
        ) from None


def put_text(self: LocalBackend, obj: str, filepath: str | Path, encoding: str = 'utf-8') -> None:
    """Write text as ``put`` writes bytes."""
    put(self, obj.encode(encoding), filepath)


@wraps(_upstream_save)
def save_then_delete(self: CheckpointHook, runner: Any, step: int, meta: dict) -> None:
    """Save a checkpoint, then delete those beyond ``max_keep_ckpts``."""
    outdated = []
    if self.max_keep_ckpts > 0 and (not self.keep_ckpt_ids or self.keep_ckpt_ids[-1] != step):
        ids = [*self.keep_ckpt_ids, step]
        outdated, kept = ids[: -self.max_keep_ckpts], ids[-self.max_keep_ckpts :]
        self.keep_ckpt_ids = deque(kept, self.max_keep_ckpts)
        runner.message_hub.update_info('keep_ckpt_ids', kept)
    limit, self.max_keep_ckpts = self.max_keep_ckpts, -1
    try:
        _upstream_save(self, runner, step, meta)
    finally:
        self.max_keep_ckpts = limit
    for old in outdated:
        _remove(self, self.file_backend.join_path(self.out_dir, self.filename_tmpl.format(old)))


@wraps(_upstream_save_best)
def save_best_then_delete(self: CheckpointHook, runner: Any, metrics: dict) -> None:
    """Save the best checkpoint, then delete the previous best one."""
    before = _best_paths(self)
    # Upstream deletes these paths before it writes; so clear them while it runs.
    _set_best_paths(self, dict.fromkeys(before))
    try:
        _upstream_save_best(self, runner, metrics)
    finally:
        written = {key: path for key, path in _best_paths(self).items() if path}
        _set_best_paths(self, before | written)
    for key, path in written.items():
        if before[key] is not None:
            # Never outside of this training, if its folder is the copy of another one.
            old = self.file_backend.join_path(self.out_dir, osp.basename(before[key]))
            if osp.basename(old) != osp.basename(path):
                _remove(self, old)


def find_latest_checkpoint(path: str) -> str | None:
    """Return the newest complete checkpoint of a work directory.

    That is the file named in ``last_checkpoint``, unless it is missing or damaged, or the process was killed between
    writing a later checkpoint and writing its name.

    Args:
        path: The work directory.

    Returns:
        Path of the checkpoint, or None if there is none yet.
    """
    record = Path(path) / 'last_checkpoint'
    text = record.read_text(encoding='utf-8', errors='replace').strip('\0 \r\n') if record.is_file() else ''
    # A work directory that was moved or copied has checkpoints of its own; the path leads to those of the original.
    has_own = any(_ITERATION.match(entry.name) for entry in Path(path).glob('*.pth'))
    names = [osp.join(path, osp.basename(text)), *([] if has_own else [text])]
    named = next((name for name in names if text and _is_complete(name)), None)
    if named and osp.isdir(named):
        return named
    folders = [str(path)] if has_own else dict.fromkeys([str(path), osp.dirname(named or text) or str(path)])
    candidates = [
        str(entry) for folder in folders for entry in Path(folder).glob('*.pth') if _ITERATION.match(entry.name)
    ]
    # Sort by time: a folder may contain later iterations of an earlier training.
    candidates = sorted(
        (entry for entry in candidates if _is_complete(entry)),
        key=lambda entry: (osp.getmtime(entry), _iteration(entry)),
    )
    if named:
        written = record.stat().st_mtime
        later = [
            entry for entry in candidates if osp.getmtime(entry) > written and _iteration(entry) > _iteration(named)
        ]
        return later[-1] if later else named
    if not candidates:
        print_log(f'No checkpoint in {path}: training starts from the beginning.', logger='current')
        return None
    if text:
        print_log(
            f'The last checkpoint {text} is missing or damaged; using {candidates[-1]} instead.', logger='current'
        )
    return candidates[-1]


def _iteration(path: str) -> float:
    """Iteration in the name of a checkpoint; infinite if there is none, so that no other is later."""
    match = _ITERATION.match(osp.basename(path))
    return int(match.group(1)) if match else inf


def _is_complete(path: str) -> bool:
    """Whether a file is a complete checkpoint: those of torch >= 1.6 are zip files, with the index at the end.

    DeepSpeed's are folders.
    """
    return osp.isdir(path) or (osp.isfile(path) and zipfile.is_zipfile(path))


def _best_paths(hook: CheckpointHook) -> dict[str | None, str | None]:
    """Best checkpoint by metric; the key None is for a single metric."""
    return {None: getattr(hook, 'best_ckpt_path', None), **getattr(hook, 'best_ckpt_path_dict', {})}


def _set_best_paths(hook: CheckpointHook, paths: dict[str | None, str | None]) -> None:
    paths = dict(paths)
    hook.best_ckpt_path = paths.pop(None)
    if paths:
        hook.best_ckpt_path_dict = paths


def _remove(hook: CheckpointHook, path: str) -> None:
    if not is_main_process():
        return
    delete: Callable = hook.file_backend.rmtree if hook.file_backend.isdir(path) else hook.file_backend.remove
    if hook.file_backend.exists(path):
        delete(path)
