"""Several models on one test set, in one table."""

from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config

from ..evaluation.protocols import get_protocol
from ..evaluation.scores import score_clip, summarise
from ..evaluation.tables import ScoreTable
from .clips import load_model, restore_clips


def measure_models(models: Sequence[tuple[Path, Path | None]], device: str = 'cpu') -> ScoreTable:
    """Measure models side by side, each on the first test set of its config and under that set's protocol.

    Args:
        models: Config file and checkpoint of each; None measures the weights that the config builds with.
        device: Where to compute.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If there is no model, two configs share a name, or they measure different frames or differently.
    """
    columns = {}
    title = ''
    for path, checkpoint in models:
        if not path.is_file():
            raise FileNotFoundError(f'no config at {path.resolve()}')
        if path.stem in columns:
            raise ValueError(f'two of the configs are called {path.stem}, and a table has a column for each name')
        config = Config.fromfile(path)
        loader, evaluator = (
            part[0] if isinstance(part, list) else part for part in (config.test_dataloader, config.test_evaluator)
        )
        metric = evaluator['metrics'][0] if 'metrics' in evaluator else evaluator
        protocol = get_protocol(metric['protocol'])
        title = title or metric.get('prefix') or path.stem
        model = load_model(config, checkpoint, device)
        frames = {
            clip.name: score_clip(clip.output, clip.gt, protocol, clip.name) for clip in restore_clips(model, loader)
        }
        columns[path.stem] = summarise(frames, protocol)
    return ScoreTable(title, columns)
