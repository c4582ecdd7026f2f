"""Run trainings of several stages one after the other."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ..engine.config_files import find_configs, merge_options, read_config
from ..engine.load_parts import find_checkpoint
from ..engine.training_record import differences, latest_checkpoint, read_record, starting_weights, training_config
from .demo import train

# Most differences listed in an error.
MAX_LISTED = 5
# Earlier versions marked a finished training by this file.
EARLIER_RECORD = 'stage_done'


def train_stages(
    configs: Sequence[str | Path],
    out: str | Path,
    options: Mapping[str, object] | None = None,
    keep: bool = False,
    report: Callable[[str], None] = lambda line: None,
    gpus: int = 1,
) -> list[Path]:
    """Train one config after the other, each in a folder of its name; resume a training that was stopped.

    A stage that starts from the weights of an earlier one finds them beside its own folder, see ``LoadPartsHook``. A
    finished stage is skipped if its checkpoint was trained with the requested config and from the present weights, see
    ``TrainingRecordHook``.

    Args:
        configs: Config files, names of configs of this package or patterns of them, in training order.
        out: Folder of the work directories.
        options: Changes to every config, as ``--cfg-options`` takes them.
        keep: Accept existing trainings even if they differ from the requested configs.
        report: Called with one line for each training that is accepted although it differs or has no record.
        gpus: Number of processes to train by, each with a GPU where there are some.

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
    return [_train_stage(path, Path(out) / path.stem, options or {}, keep, report, gpus) for path in paths]


def _train_stage(
    config: Path,
    work_dir: Path,
    options: Mapping[str, object],
    keep: bool,
    report: Callable[[str], None],
    gpus: int,
) -> Path:
    latest = latest_checkpoint(work_dir)
    if latest is None:
        return train(config, work_dir, options, gpus)
    settings = read_config(config)
    merge_options(settings, options)
    record = read_record(latest)
    if record is None:
        report(f'{work_dir}: trained by an earlier version, its config is not recorded')
        done = (work_dir / EARLIER_RECORD).is_file()
    else:
        done = record['complete']
        now = training_config(settings)
        weights = starting_weights(settings, work_dir.parent)
        changes = [*_other_weights(record['starts_from'], weights), *differences(record['config'], now)]
        texts = '; '.join(text for _, text in changes[:MAX_LISTED])
        if changes and not keep:
            raise ValueError(
                f'{work_dir} was trained with a different config: {texts}; remove that folder to train again, or keep '
                'the training (vsr stages --keep, vsr table without --train)'
            )
        if changes:
            report(f'{work_dir}: kept, although {texts}')
            options = {**options, 'train_cfg.accept_changes': True}
    if done:
        try:
            return find_checkpoint(work_dir.name, work_dir.parent)
        except FileNotFoundError:
            report(f'{work_dir}: its best checkpoint is missing')
    return train(config, work_dir, options, gpus)


def _other_weights(before: Mapping[str, str | None], now: Mapping[str, str | None]) -> list[tuple[str, str]]:
    """Weights that a training was not started from, as ``differences`` returns settings."""
    found = []
    for name, digest in now.items():
        # Weights that no longer exist do not count as different.
        if digest is not None and before.get(name, digest) != digest:
            was = 'without' if before[name] is None else 'from different weights of'
            found.append((name, f'it was started {was} {name}'))
    return found
