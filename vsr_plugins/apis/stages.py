"""Trainings that follow one another."""

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

# What a training reads of its config; the names that a config gives to parts of itself decide nothing.
READ = (
    'model', 'data_preprocessor', 'load_from', 'train_dataloader', 'train_cfg', 'optim_wrapper', 'param_scheduler',
    'auto_scale_lr', 'default_hooks', 'custom_hooks', 'val_dataloader', 'val_evaluator', 'val_cfg', 'randomness',
)  # fmt: skip
# And what of that decides about speed, memory and what is printed, not about the weights.
WITHOUT = frozenset(
    {'num_workers', 'persistent_workers', 'pin_memory', 'prefetch_factor', 'cache_mb', 'decoded_mb', 'logger'}
)
BEGUN, DONE = 'stage_begun', 'stage_done'


def train_stages(
    configs: Sequence[str | Path],
    out: str | Path,
    options: Mapping[str, object] | None = None,
    keep: bool = False,
    report: Callable[[str], None] = lambda line: None,
) -> list[Path]:
    """Train one config after the other, each in a folder of its own name, going on where it was stopped.

    A stage that needs the weights of an earlier one finds them beside its own folder, see ``LoadPartsHook``. A stage
    that is done is passed over, if it was trained as is asked now and from the weights that are there now.

    Args:
        configs: Config files, names of configs of this package or patterns of them, in the order of the training.
        out: Folder of the work directories.
        options: Changes to every config, as ``--cfg-options`` takes them.
        keep: Take trainings that are there for what is asked, whatever they were.
        report: Told in a line what is taken as it is.

    Returns:
        The best checkpoint of each.

    Raises:
        FileNotFoundError: If there is no such config.
        ValueError: If there is none, two have one name, a training fails, or one that is there is not what is asked.
    """
    paths = [path for config in configs for path in find_configs(config)]
    names = [path.stem for path in paths]
    if not paths or len(set(names)) != len(names):
        raise ValueError(f'configs of different names are needed, one for each stage, but got {names}')
    return [_train_stage(path, Path(out) / path.stem, options or {}, keep, report) for path in paths]


def _train_stage(
    config: Path, work_dir: Path, options: Mapping[str, object], keep: bool, report: Callable[[str], None]
) -> Path:
    asked = _asked(config, options, work_dir.parent)
    begun, done = work_dir / BEGUN, work_dir / DONE
    if done.is_file():
        record = _read(done)
        best = work_dir / record['best']
        if best.is_file():
            asked.update(best=best.name, best_weights=digest_file(best))
            if 'config' not in record:
                report(f'{work_dir}: done, though how it was trained is not on record')
            elif _differs(record, asked, work_dir, keep, report):
                _write(done, asked)
            return best
    # A training without a checkpoint begins anew; one that has none of these records was begun by ``mim train``.
    goes_on = (work_dir / 'last_checkpoint').is_file()
    differs = goes_on and begun.is_file() and _differs(_read(begun), asked, work_dir, keep, report)
    if differs or not goes_on:
        work_dir.mkdir(parents=True, exist_ok=True)
        _write(begun, asked)
    best = train(config, work_dir, options)
    _write(done, {**asked, 'best': best.name, 'best_weights': digest_file(best)})
    return best


def _asked(config: Path, options: Mapping[str, object], out: Path) -> dict[str, Any]:
    """What decides about the weights of a training: its config, and the weights it starts from by their names."""
    settings = read_config(config)
    settings.merge_from_dict(dict(options))
    read = to_builtins({key: settings[key] for key in READ if key in settings}, WITHOUT)
    return {'config': json.loads(json.dumps(read)), 'starts_from': dict(_starts_from(settings, config, out))}


def _starts_from(settings: Config, config: Path, out: Path) -> Iterator[tuple[str, str | None]]:
    """Names of checkpoints, and digests of those that are there."""
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
    record: Mapping[str, Any], asked: Mapping[str, Any], work_dir: Path, keep: bool, report: Callable[[str], None]
) -> bool:
    """Whether a training is not what is asked, which is an error unless it is to be kept."""
    what = _difference(record, asked)
    if what is None:
        return False
    if not keep:
        raise ValueError(
            f'the training in {work_dir} is not what is asked: {what}; remove that folder to train it anew, or take it '
            'as it is (vsr stages --keep, vsr table without --train)'
        )
    report(f'{work_dir}: kept, though {what}')
    return True


def _difference(record: Mapping[str, Any], asked: Mapping[str, Any]) -> str | None:
    for name, digest in asked['starts_from'].items():
        # Weights that are gone are not others.
        if digest is not None and record['starts_from'].get(name, digest) != digest:
            was = 'without' if record['starts_from'][name] is None else 'from other weights of'
            return f'it was started {was} {name}'
    if record.get('best_weights', asked.get('best_weights')) != asked.get('best_weights'):
        return f'{asked["best"]} is not the file that the training left'
    return _first_difference(record['config'], asked['config'])


def _first_difference(before: Any, now: Any, name: str = '') -> str | None:
    if isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        before, now = dict(enumerate(before)), dict(enumerate(now))
    if isinstance(before, dict) and isinstance(now, dict):
        parts = (
            _first_difference(before.get(key), now.get(key), f'{name}.{key}' if name else str(key))
            for key in {**before, **now}
        )
        return next((part for part in parts if part), None)
    return None if before == now else f'{name} was {_short(before)} and is {_short(now)} now'


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f'{text[:77]}...'


def _read(path: Path) -> dict[str, Any]:
    """A record; those that earlier versions left have the name of the best checkpoint and nothing else."""
    text = path.read_text(encoding='utf-8')
    try:
        return dict(json.loads(text))
    except (ValueError, TypeError):
        return {'best': text.strip()}


def _write(path: Path, record: Mapping[str, Any]) -> None:
    with atomic_write(path) as partial:
        partial.write_text(json.dumps(record, indent=1), encoding='utf-8')
