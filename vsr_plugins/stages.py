"""Trainings that follow one another."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from .demo import train
from .inference.cascade import cache_first_stage


def train_stages(
    configs: Sequence[str | Path], out: str | Path, options: Mapping[str, object] | None = None
) -> list[Path]:
    """Train one config after the other, each in a folder of its own name, going on where it was stopped.

    A stage that needs the weights of an earlier one finds them beside its own folder, see ``LoadPartsHook``. One that
    is trained on what an earlier one restores has that restored before it begins, see ``cache_first_stage``. A stage
    that is done is passed over.

    Args:
        configs: Config files, in the order of the training.
        out: Folder of the work directories.
        options: Changes to every config, as ``--cfg-options`` takes them.

    Returns:
        The best checkpoint of each.

    Raises:
        FileNotFoundError: If there is no such config.
        ValueError: If there is none, two have one name, or a training fails.
    """
    paths = [Path(config) for config in configs]
    names = [path.stem for path in paths]
    if not paths or len(set(names)) != len(names):
        raise ValueError(f'configs of different names are needed, one for each stage, but got {names}')
    for path in paths:
        if not path.is_file():
            raise FileNotFoundError(f'no config at {path}')
    return [_train_stage(path, Path(out) / path.stem, options or {}) for path in paths]


def _train_stage(config: Path, work_dir: Path, options: Mapping[str, object]) -> Path:
    done = work_dir / 'stage_done'
    if done.is_file():
        best = work_dir / done.read_text(encoding='utf-8').strip()
        if best.is_file():
            return best
    cache_first_stage(config, work_dir.parent)
    best = train(config, work_dir, options)
    done.write_text(best.name, encoding='utf-8')
    return best
