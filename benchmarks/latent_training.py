"""Short trainings of latent attention on real clips, for benchmarks that compare ways of training it."""

from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.runner import Runner

CONFIG = Path(__file__).parents[1] / 'configs' / 'latent_attn' / 'latent_attn_llsll-c32_1xb4-2k_clips.py'


def add_arguments(parser: ArgumentParser) -> None:
    """Add what all of these benchmarks ask for."""
    parser.add_argument('--width', type=int, default=16, help='channels of every layer')
    parser.add_argument('--lr', type=float, default=1e-3, help='learning rate')
    parser.add_argument('--out', type=Path, default=Path('work_dirs'), help='where the trainings are kept')


def train(
    work_dir: Path,
    iterations: int,
    lr: float,
    generator: Mapping[str, Any],
    model: Mapping[str, Any],
    hooks: Sequence[Mapping[str, Any]] = (),
    validations: int = 1,
    start: Path | None = None,
) -> Runner:
    """Train with batches of 4, a rate that rises over 50 iterations, and seed 0.

    Args:
        work_dir: Where it is kept; its name is that of the experiment.
        iterations: Number of iterations.
        lr: Learning rate.
        generator: Arguments of the network that differ from the config.
        model: Arguments of the model that differ from the config.
        hooks: Custom hooks.
        validations: Number of measurements on the held-out clips, at equal distances.
        start: Checkpoint to start from.

    Returns:
        The runner when it is done.
    """
    config = Config.fromfile(CONFIG)
    config.experiment_name = work_dir.name
    config.work_dir = str(work_dir)
    config.randomness = dict(seed=0)
    config.model.generator.update(generator)
    config.model.update(model)
    config.custom_hooks = list(hooks)
    config.train_cfg.update(max_iters=iterations, val_interval=iterations // validations)
    config.optim_wrapper.optimizer.lr = lr
    config.param_scheduler = [dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=50)]
    config.default_hooks.logger.interval = 25
    config.load_from = str(start) if start else None
    runner = Runner.from_cfg(config)
    runner.train()
    return runner
