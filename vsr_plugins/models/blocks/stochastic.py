"""Parts of a network that draw samples while training: Gaussian heads and hard attention.

Source: "Efficient Video Super-Resolution with Latent Attention" (Computer Science, 2023, 50(11A): 221100156), sections
3.2 and 4.2, eq. (7), figure 5.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from .conv3d import Conv1x1x1
from .convolutions import init_zero


class LatentHead(nn.Module):
    """Two parallel layers on top of a block, mean and log-variance of a Gaussian, and a sample of it (figure 5).

    ``z = mu + eps * sigma`` with ``eps ~ N(0, 1)`` while training with ``sampling`` on, ``z = mu`` otherwise. The paper
    does not state what the variance layer predicts; here it is the log-variance, clamped to [-10, 2], with zero weights
    and bias -6, so that enabling it starts from the trained mean head.

    Args:
        channels: Channels of the block's output.
        num_samples: Output in evaluation mode: 0 (default) the mean, S > 0 the average of S samples.

    Attributes:
        sampling: Whether the variance head is active (algorithm 1, line 3). Off initially: stage 1 trains the mean.
        last_sigma: Mean sigma of the last sample, () detached; None before the first.
        keeps_divergence: Whether a sample in training leaves its divergence in ``divergence``, for a loss.
        prior_sigma: Standard deviation of the prior of ``divergence``; initially that of the samples, exp(-3).
        keeps_log_prob: Whether a sample in training leaves ``log_prob``, for the gradient of eq. (7), and passes no
            gradient back itself.
        log_prob: (n,) mean over values of ``log N(z; mu, sigma)`` of the last sample, with its gradient.
        divergence: Mean over values of ``KL(N(mu, sigma) || N(mu, prior_sigma))``, () with its gradient. Eq. (5) of the
            paper has the term; the paper drops it, because posterior and prior share all parameters there. Here they
            share the mean, so that the term has an effect on sigma alone.

    Raises:
        ValueError: If ``num_samples`` is negative.
    """

    LOG_VARIANCE_RANGE = (-10.0, 2.0)

    def __init__(self, channels: int, num_samples: int = 0) -> None:
        super().__init__()
        if num_samples < 0:
            raise ValueError(f'num_samples must be 0 (the mean) or more, but got {num_samples}')
        self.num_samples = num_samples
        self.mean = Conv1x1x1(channels, channels)
        self.log_variance = Conv1x1x1(channels, channels)
        init_zero(self.log_variance, bias=-6.0)
        self.sampling = False
        self.last_sigma: Tensor | None = None
        self.keeps_divergence = False
        self.prior_sigma = math.exp(-3.0)
        self.divergence: Tensor | None = None
        self.keeps_log_prob = False
        self.log_prob: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        """(n, c, t, h, w) -> (n, c, t, h, w)."""
        mean = self.mean(x)
        num_samples = int(self.sampling) if self.training else self.num_samples
        if num_samples == 0:
            return mean
        sigma = self.sigma(x)
        self.last_sigma = sigma.detach().mean()
        if self.training and self.keeps_divergence:
            ratio = sigma / self.prior_sigma
            self.divergence = (ratio.square() / 2 - ratio.log() - 0.5).mean()
        # The average of S draws equals one draw of a Gaussian with sigma / sqrt(S).
        sample = mean + sigma * torch.randn_like(sigma) * num_samples**-0.5
        if self.training and self.keeps_log_prob:
            sample = sample.detach()
            log_density = -((sample - mean) / sigma).square() / 2 - sigma.log() - math.log(2 * math.pi) / 2
            self.log_prob = log_density.flatten(1).mean(1)
        return sample

    def sigma(self, x: Tensor) -> Tensor:
        """Standard deviation at every position, (n, c, t, h, w) -> (n, c, t, h, w)."""
        return torch.exp(0.5 * self.log_variance(x).clamp(*self.LOG_VARIANCE_RANGE))


class HardAttention(nn.Module):
    """Each query takes the value of one key, drawn from ``softmax(scale * query key^T)`` (section 3.2).

    In training with ``sampling`` on the key is drawn; otherwise it is the most probable one. No gradient reaches
    queries and keys through the value that is taken. They learn by eq. (7), from ``log_prob``; see ``LatentAttention``.

    Attributes:
        sampling: Whether keys are drawn in training. On initially.
        log_prob: (n,) mean over queries of the log-probability of the drawn keys, with its gradient; None before the
            first.
    """

    # Scores that are held at once without gradients.
    MAX_SCORES = 1 << 24

    def __init__(self) -> None:
        super().__init__()
        self.sampling = True
        self.log_prob: Tensor | None = None

    def forward(self, query: Tensor, key: Tensor, value: Tensor, scale: float = 1.0) -> Tensor:
        """(n, q, c), (n, k, c), (n, k, c) -> (n, q, c), rows of ``value``."""
        if self.training and self.sampling:
            chosen = self._draw(query, key, scale)
        else:
            rows = max(self.MAX_SCORES // max(key.shape[0] * key.shape[1], 1), 1)
            chosen = torch.cat([(scale * part @ key.mT).argmax(-1) for part in query.split(rows, dim=1)], dim=1)
        return value.gather(1, chosen.unsqueeze(-1).expand(-1, -1, value.shape[-1]))

    def _draw(self, query: Tensor, key: Tensor, scale: float) -> Tensor:
        """Draw one key per query, (n, q), and keep the log-probability of the draw."""
        log_probs = (scale * query @ key.mT).float().log_softmax(-1)
        with torch.no_grad():
            # The largest of log-probabilities plus Gumbel noise is a draw from them.
            chosen = (log_probs - torch.empty_like(log_probs).exponential_().log()).argmax(-1)
        self.log_prob = log_probs.gather(-1, chosen.unsqueeze(-1)).squeeze(-1).mean(1)
        return chosen


def latent_heads(module: nn.Module) -> dict[str, LatentHead]:
    """Latent heads of a network by name, in the network's order."""
    return {name: part for name, part in module.named_modules() if isinstance(part, LatentHead)}


def stochastic_parts(module: nn.Module) -> list[LatentHead | HardAttention]:
    """Parts of a network that draw samples in training, in the network's order."""
    return [part for part in module.modules() if isinstance(part, LatentHead | HardAttention)]


@contextmanager
def without_sampling(module: nn.Module) -> Iterator[None]:
    """Within this context heads of ``module`` return their means, and hard attention the most probable values."""
    states = [(part, part.sampling) for part in stochastic_parts(module)]
    try:
        for part, _ in states:
            part.sampling = False
        yield
    finally:
        for part, sampling in states:
            part.sampling = sampling
