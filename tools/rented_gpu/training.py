"""The phase ``train``: a config for the minutes that are left, its weights in the output folder at any moment."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from mmengine.hooks import CheckpointHook, Hook
from mmengine.runner import Runner
from torch import Tensor

from vsr_plugins.checkpoints.weight_files import read_checkpoint, read_weights, write_weights
from vsr_plugins.engine.time_budget import SECONDS
from vsr_plugins.engine.training_curve import read_curve, write_curve

from .results import MAX_BYTES
from .timings import STEPS, adapt, choose_way, read_settings
from .work import Work

PHASE = 'train'
# Share of the phase, and seconds at least, for what comes after the last iteration.
CLOSING, MIN_CLOSING = 0.02, 5.0
# Seconds between two times that the last weights are written.
INTERVAL = 20.0
# Option of a config that trains in bfloat16.
IN_FLOAT32 = 'optim_wrapper.type=OptimWrapper'
LAST, BEST, CURVE, CONFIG = 'weights_last.safetensors', 'weights_best.safetensors', 'scalars.json', 'config.py'


@dataclass(frozen=True)
class Training:
    """What is trained, and how.

    Attributes:
        config: Which config.
        options: See ``timings.read_settings``.
        way: One of ``timings.STEPS``; None takes what the phase ``time`` found to be the fastest.
        weights: To start from; None for what the config says.
        total_minutes: Of all calls that train together, over which learning rates fall; None for this call alone.
    """

    config: str
    options: Sequence[str] = ()
    way: str | None = None
    weights: str | None = None
    total_minutes: float | None = None

    @property
    def name(self) -> str:
        """Name of the config."""
        return Path(self.config).stem


def run(work: Work, training: Training) -> None:
    """Train; a training of the same config in the same folder, of an earlier call, is continued."""
    # Each call trains for its own minutes, so that this row is always made anew.
    previous = work.results.find(PHASE, training.name)
    if previous is not None:
        work.results.rows.remove(previous)
    work.item(PHASE, training.name, lambda: train(work, training))


def train(work: Work, training: Training) -> dict[str, Any]:
    """See ``run``; returns what the row says.

    A training in bfloat16 whose loss or weights are no longer finite goes on in float32 from its last checkpoint.

    Raises:
        FloatingPointError: If that happens in float32.
    """
    try:
        return _train(work, training)
    except FloatingPointError as error:
        if 'BFloat16' not in read_settings(training.config, training.options).optim_wrapper.get('type', ''):
            raise
        print(f'{error}; going on in float32', flush=True)
        values = _train(work, replace(training, options=[*training.options, IN_FLOAT32]))
        changes = ['float32 from the last checkpoint before numbers were not finite in bfloat16', values['changes']]
        return values | {'changes': ', '.join(filter(None, changes))}


def _train(work: Work, training: Training) -> dict[str, Any]:
    settings = read_settings(training.config, training.options)
    changes = adapt(settings, work.device)
    way, reason = training.way, 'asked for'
    if way is None:
        way, reason = choose_way(work.results, training.config, work.left)
    changes += fit(settings, work.folder / 'train' / training.name, STEPS[way])
    if training.weights is not None:
        settings.load_from = training.weights
    before = minutes_before(Path(settings.work_dir))
    settings.train_cfg.max_minutes = training.total_minutes or before + work.left / 60
    # A later machine may compute in another precision, and has other minutes.
    settings.train_cfg.accept_changes = True
    work.results.out.joinpath(CONFIG).write_text(settings.pretty_text, encoding='utf-8')
    runner = Runner.from_cfg(settings)
    closing = max(CLOSING * work.left, MIN_CLOSING)
    if training.total_minutes is None:
        # The loop is built later. Building the model may have taken its time.
        runner._train_loop['max_minutes'] = before + max(work.left - closing, 1.0) / 60
    values = {'way': way, 'changes': ', '.join(changes), 'note': reason}
    hook = ExportHook(work, training.name, work.until - closing / 2, values)
    runner.register_hook(hook, priority='LOWEST')
    runner.train()
    return hook.values


def minutes_before(work_dir: Path) -> float:
    """Minutes that the training in a work directory has had; 0 if there is none."""
    record = work_dir / 'last_checkpoint'
    if not record.is_file():
        return 0.0
    checkpoint = read_checkpoint(record.read_text(encoding='utf-8').strip())
    return checkpoint['message_hub']['runtime_info'].get(SECONDS, 0.0) / 60


def fit(settings: Any, work_dir: Path, way: dict[str, Any]) -> list[str]:
    """Change a training config to what is on this machine; returns what was changed, in words.

    Args:
        settings: The config.
        work_dir: For checkpoints and logs; a training that is there is continued.
        way: Arguments of ``AccelerationHook``.
    """
    changes = []
    settings.work_dir = str(work_dir)
    settings.resume = (work_dir / 'last_checkpoint').is_file()
    if settings.resume:
        changes.append('resumed')
    settings.visualizer.vis_backends = [dict(type='LocalVisBackend')]
    loader = settings.train_dataloader
    loader.num_workers = min(loader.num_workers, max((os.cpu_count() or 1) - 2, 0))
    if not loader.num_workers:
        loader.persistent_workers = False
    if way:
        settings.custom_hooks = [*(settings.get('custom_hooks') or []), dict(type='AccelerationHook', **way)]
    loaders, evaluators = (_listed(settings.get(f'val_{part}')) for part in ('dataloader', 'evaluator'))
    pairs = [pair for pair in zip(loaders, evaluators, strict=True) if _is_there(pair[0]['dataset'])]
    if len(pairs) < len(loaders):
        changes.append(f'{len(loaders) - len(pairs)} of {len(loaders)} validation sets are not here')
    if pairs:
        settings.val_dataloader, settings.val_evaluator = map(list, zip(*pairs, strict=True))
    else:
        settings.val_dataloader = settings.val_evaluator = settings.val_cfg = None
        settings.default_hooks.checkpoint.save_best = None
    return changes


class ExportHook(Hook):
    """Writes weights in half precision, the curve and the row while a model is trained, and ends in time.

    Args:
        work: See there.
        name: Of the row.
        end: When to stop whatever the loop says, in seconds of ``time.time()``.
        values: Of the row, to be added to.
    """

    def __init__(self, work: Work, name: str, end: float, values: dict[str, Any]) -> None:
        self.work, self.name, self.end, self.values = work, name, end, values
        self.started = self.written = time.time()
        self.first = 0
        self._best: Path | None = None

    def before_train(self, runner: Runner) -> None:
        """Note where the training begins."""
        self.first = runner.iter

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: dict | None = None
    ) -> None:
        """Write from time to time, and stop at the end."""
        now = time.time()
        if now >= self.end and not runner.train_loop.stop_training:
            runner.train_loop.stop_training = True
            for hook in runner.hooks:
                if isinstance(hook, CheckpointHook):
                    hook._save_checkpoint(runner)
        elif now - self.written >= INTERVAL:
            self.export(runner)

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Write the best weights where there are better ones."""
        self.values |= {key: round(value, 3) for key, value in (metrics or {}).items() if 'PSNR' in key}
        best = max(Path(runner.work_dir).glob('best_*.pth'), key=lambda path: path.stat().st_mtime, default=None)
        if best is not None and best != self._best:
            self._best = best
            self.values |= export_half(read_weights(best), self.work.results.out / BEST, self.work.folder, best.stem)
        self.export(runner)

    def after_train(self, runner: Runner) -> None:
        """Write the last weights."""
        self.export(runner)

    def export(self, runner: Runner) -> None:
        """Write the weights of this moment, the curve, and the row."""
        self.written = time.time()
        model, out = runner.model, self.work.results.out
        self.values['iterations'] = runner.iter
        self.values['ms an iteration'] = 1e3 * (self.written - self.started) / max(runner.iter - self.first, 1)
        loss = runner.message_hub.log_scalars.get('train/loss')
        if loss is not None and len(loss.data[0]):
            self.values['loss'] = float(loss.mean(min(100, len(loss.data[0]))))
        if self.work.device.type == 'cuda':
            self.values['memory, MiB'] = round(torch.cuda.max_memory_allocated() / 2**20)
        self.values |= export_half(model.state_dict(), out / LAST, self.work.folder, f'iter_{runner.iter}')
        write_curve(read_curve(Path(runner.work_dir)), out / CURVE)
        values = {key: value for key, value in self.values.items() if key != 'note'}
        self.work.results.put(PHASE, self.name, 'running', values, self.values.get('note', ''))


def export_half(weights: dict[str, Tensor], target: Path, elsewhere: Path, origin: str) -> dict[str, Any]:
    """Write weights in half precision; returns what there is to say of it.

    Args:
        weights: By name.
        target: A file of the output folder.
        elsewhere: Folder for weights that are too large for the output folder.
        origin: Is noted in the file.
    """
    said = {target.stem: origin}
    size = sum(value.numel() * (2 if value.is_floating_point() else value.element_size()) for value in weights.values())
    if size > 0.99 * MAX_BYTES:
        target = elsewhere / target.name
        said[target.stem] = f'{origin}, too large to be brought back, is in {target}'
    write_weights(weights, target, {'origin': origin}, force=True, half=True)
    return said


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value] if value else []


def _is_there(dataset: Any) -> bool:
    """Whether the data set of a validation has its folder."""
    root = dataset.get('data_root')
    if root is None:
        return True
    file = dataset.get('ann_file')
    return Path(root, file or '').exists() and not (file and not Path(root, file).read_text(encoding='utf-8').strip())
