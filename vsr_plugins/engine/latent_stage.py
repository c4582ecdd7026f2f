"""Two-stage training of networks with latent heads."""

from collections.abc import Sequence

from mmagic.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ..models.blocks.stochastic import latent_heads


@HOOKS.register_module()
class LatentStageHook(Hook):
    """Activate the variance heads of a model at a given iteration, and log their standard deviations.

    Algorithm 1 of "Efficient Video Super-Resolution with Latent Attention" (Computer Science, 2023, 50(11A)): stage 1
    trains with the heads' means for K iterations, stage 2 with samples. The stage depends on the iteration only, so it
    is right after a resume, and heads are found inside any wrapper, so it is right in distributed training (which needs
    ``find_unused_parameters=True``, since stage 1 does not use the variance layers).

    Logs ``sigma/NAME`` for each active head: mean standard deviation of its last sample.

    Args:
        switch_iter: K, 0 to activate the heads at once. The paper does not state it.
    """

    # Before the logger reads the scalars of an iteration.
    priority = 'NORMAL'

    def __init__(self, switch_iter: int) -> None:
        if switch_iter < 0:
            raise ValueError(f'switch_iter must be 0 or more, but got {switch_iter}')
        self.switch_iter = switch_iter
        self._active: bool | None = None

    def before_train(self, runner: Runner) -> None:
        """Check that the model has latent heads.

        Raises:
            ValueError: If the model has no latent head.
        """
        if not latent_heads(runner.model):
            raise ValueError('LatentStageHook needs a network with latent heads; build it with variational=True')
        self._active = None

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Sequence | None = None) -> None:
        """Activate or deactivate the heads."""
        active = runner.iter >= self.switch_iter
        for head in latent_heads(runner.model).values():
            head.sampling = active
        if active != self._active:
            state = 'active, L_re + lambda L_vae' if active else f'inactive until iteration {self.switch_iter}, L_re'
            runner.logger.info(f'variance heads are {state}')
            self._active = active

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Sequence | None = None, outputs: dict | None = None
    ) -> None:
        """Log the standard deviations of active heads."""
        for name, head in latent_heads(runner.model).items():
            if head.sampling and head.last_sigma is not None:
                name = name.removeprefix('module.').removeprefix('generator.')
                runner.message_hub.update_scalar(f'train/sigma/{name}', head.last_sigma.item())
