"""Run trainings of several stages one after the other."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ..checkpoints.digests import digest_file
from ..engine.config_files import find_configs, read_config, to_builtins
from ..engine.load_parts import LoadPartsHook, find_checkpoint
from ..media.atomic_files import atomic_write
from ..pretrained import checkpoint_file
from .demo import train

# Config keys that a training reads; other keys, such as intermediate variables, have no effect.
TRAINING_KEYS = (
    'model', 'data_preprocessor', 'load_from', 'train_dataloader', 'train_cfg', 'optim_wrapper', 'param_scheduler',
    'auto_scale_lr', 'default_hooks', 'custom_hooks', 'val_dataloader', 'val_evaluator', 'val_cfg', 'randomness',
)  # fmt: skip
# Nested keys that affect speed, memory and output, but not the weights.
IGNORED_KEYS = frozenset(
    {'num_workers', 'persistent_workers', 'pin_memory', 'prefetch_factor', 'cache_mb', 'decoded_mb', 'logger'}
)
STARTED, DONE = 'stage_begun', 'stage_done'


def train_stages(
    configs: Sequence[str | Path],
    out: str | Path,
    options: Mapping[str, object] | None = None,
    keep: bool = False,
    report: Callable[[str], None] = lambda line: None,
) -> list[Path]:
    """Train one config after the other, each in a folder of its name; resume a training that was stopped.

    A stage that starts from the weights of an earlier one finds them beside its own folder, see ``LoadPartsHook``. A
    finished stage is skipped if it was trained with the requested config and from the present weights.

    Args:
        configs: Config files, names of configs of this package or patterns of them, in training order.
        out: Folder of the work directories.
        options: Changes to every config, as ``--cfg-options`` takes them.
        keep: Accept existing trainings even if they differ from the requested configs.
        report: Called with one line for each training that is accepted although it differs or is not recorded.

    Returns:
        The best checkpoint of each stage.

    Raises:
        FileNotFoundError: If a config does not exist.
        ValueError: If there is no config, two share a name, a training fails, or an existing training differs from the
            requested config.
    """
    paths = [path for config in configs for path in find_configs(config)]
    names = [path.stem for path in paths]
    if not paths or len(set(names)) != len(names):
        raise ValueError(f'stages need configs with different names, but got {names}')
    return [_train_stage(path, Path(out) / path.stem, options or {}, keep, report) for path in paths]


def _train_stage(
    config: Path, work_dir: Path, options: Mapping[str, object], keep: bool, report: Callable[[str], None]
) -> Path:
    requested = _requested(config, options, work_dir.parent)
    started, done = work_dir / STARTED, work_dir / DONE
    if done.is_file():
        record = _read(done)
        best = work_dir / record['best']
        if best.is_file():
            requested.update(best=best.name, best_weights=digest_file(best))
            if 'config' not in record:
                report(f'{work_dir}: done, but its config was not recorded')
            elif _differs(record, requested, work_dir, keep, report):
                _write(done, requested)
            return best
    # A training without a checkpoint restarts; one without these records was started by ``mim train``.
    is_resumed = (work_dir / 'last_checkpoint').is_file()
    differs = is_resumed and started.is_file() and _differs(_read(started), requested, work_dir, keep, report)
    if differs or not is_resumed:
        work_dir.mkdir(parents=True, exist_ok=True)
        _write(started, requested)
    best = train(config, work_dir, options)
    _write(done, {**requested, 'best': best.name, 'best_weights': digest_file(best)})
    return best


def _requested(config: Path, options: Mapping[str, object], out: Path) -> dict[str, Any]:
    """Everything that determines the weights of a training: its config, and the weights it starts from by name."""
    settings = read_config(config)
    settings.merge_from_dict(dict(options))
    read = to_builtins({key: settings[key] for key in TRAINING_KEYS if key in settings}, IGNORED_KEYS)
    return {'config': json.loads(json.dumps(read)), 'starts_from': dict(_starts_from(settings, config, out))}


def _starts_from(settings: Config, config: Path, out: Path) -> Iterator[tuple[str, str | None]]:
    """Yield the names of checkpoints and their digests; None for one that does not exist."""
    hooks = settings.get('custom_hooks') or ()
    parts = [part for hook in hooks if hook['type'] in ('LoadPartsHook', LoadPartsHook) for part in hook['parts']]
    if settings.get('load_from'):
        parts.append({'checkpoint': settings['load_from']})
    for part in parts:
        try:
            path = find_checkpoint(part['checkpoint'], out, part.get('which', 'best'))
            digest = digest_file(checkpoint_file(path))
        except FileNotFoundError:
            digest = None
        yield str(part['checkpoint']), digest


def _differs(
    record: Mapping[str, Any], requested: Mapping[str, Any], work_dir: Path, keep: bool, report: Callable[[str], None]
) -> bool:
    """Whether a training differs from the requested config; raises ``ValueError`` if it does, unless ``keep``."""
    difference = _difference(record, requested)
    if difference is None:
        return False
    if not keep:
        raise ValueError(
            f'{work_dir} was trained with a different config: {difference}; remove that folder to train again, or keep '
            'the training (vsr stages --keep, vsr table without --train)'
        )
    report(f'{work_dir}: kept, although {difference}')
    return True


def _difference(record: Mapping[str, Any], requested: Mapping[str, Any]) -> str | None:
    for name, digest in requested['starts_from'].items():
        # Weights that no longer exist do not count as different.
        if digest is not None and record['starts_from'].get(name, digest) != digest:
            was = 'without' if record['starts_from'][name] is None else 'from different weights of'
            return f'it was started {was} {name}'
    if record.get('best_weights', requested.get('best_weights')) != requested.get('best_weights'):
        return f'{requested["best"]} has changed since the training'
    return _first_difference(record['config'], requested['config'])


def _first_difference(before: Any, now: Any, name: str = '') -> str | None:
    if isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        before, now = dict(enumerate(before)), dict(enumerate(now))
    if isinstance(before, dict) and isinstance(now, dict):
        parts = (
            _first_difference(before.get(key), now.get(key), f'{name}.{key}' if name else str(key))
            for key in {**before, **now}
        )
        return next((part for part in parts if part), None)
    return None if before == now else f'{name} was {_short(before)}, now {_short(now)}'


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f'{text[:77]}...'


def _read(path: Path) -> dict[str, Any]:
    """Read a record; those of earlier versions contain only the name of the best checkpoint."""
    text = path.read_text(encoding='utf-8')
    try:
        return dict(json.loads(text))
    except (ValueError, TypeError):
        return {'best': text.strip()}


def _write(path: Path, record: Mapping[str, Any]) -> None:
    with atomic_write(path) as partial:
        partial.write_text(json.dumps(record, indent=1), encoding='utf-8')
