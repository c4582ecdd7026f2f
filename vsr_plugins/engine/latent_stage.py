"""Two-stage training of networks with latent heads."""

from collections.abc import Sequence

from mmagic.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ..models.blocks.attention import latent_heads


@HOOKS.register_module()
class LatentStageHook(Hook):
    """Opens the variance heads of a model after so many iterations, and logs what they predict.

    Algorithm 1 of "Efficient Video Super-Resolution with Latent Attention" (Computer Science, 2023, 50(11A)): stage 1
    trains with the heads' means for K iterations, stage 2 with samples. The stage is a function of the iteration alone,
    so it is right after a resume, and heads are found inside any wrapper, so it is right in distributed training (where
    ``find_unused_parameters=True`` is needed, since stage 1 does not use the variance layers).

    Logs ``sigma/NAME`` for each head while it is open: mean standard deviation of its last sample.

    Args:
        switch_iter: K, 0 to open the heads at once. The paper does not give it.
    """

    # Before the logger reads the scalars of an iteration.
    priority = 'NORMAL'

    def __init__(self, switch_iter: int) -> None:
        if switch_iter < 0:
            raise ValueError(f'switch_iter must be 0 or more, but got {switch_iter}')
        self.switch_iter = switch_iter
        self._open: bool | None = None

    def before_train(self, runner: Runner) -> None:
        """Refuse a model without heads.

        Raises:
            ValueError: If there is no head to open.
        """
        if not latent_heads(runner.model):
            raise ValueError('LatentStageHook needs a network with latent heads; build it with variational=True')
        self._open = None

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Sequence | None = None) -> None:
        """Open or close the heads."""
        opened = runner.iter >= self.switch_iter
        for head in latent_heads(runner.model).values():
            head.sampling = opened
        if opened != self._open:
            state = 'open, L_re + lambda L_vae' if opened else f'closed until iteration {self.switch_iter}, L_re'
            runner.logger.info(f'variance heads are {state}')
            self._open = opened

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Sequence | None = None, outputs: dict | None = None
    ) -> None:
        """Log the standard deviations."""
        for name, head in latent_heads(runner.model).items():
            if head.sampling and head.last_sigma is not None:
                name = name.removeprefix('module.').removeprefix('generator.')
                runner.message_hub.update_scalar(f'train/sigma/{name}', head.last_sigma.item())
