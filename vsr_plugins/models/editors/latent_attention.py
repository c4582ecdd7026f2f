"""Training and testing of networks with latent attention."""

from typing import Any

import torch
from mmagic.models.base_models import BaseEditModel
from mmagic.registry import MODELS
from mmagic.structures import DataSample
from torch import Tensor

from ..blocks.stochastic import HardAttention, LatentHead, latent_heads, stochastic_parts, without_sampling


@MODELS.register_module()
class LatentAttention(BaseEditModel):
    """Train by algorithm 1, and pass key frames that come with the clip to the network.

    Paper:
        Efficient Video Super-Resolution with Latent Attention. Computer Science, 2023, 50(11A): 221100156, section 5.

    While the variance heads are inactive (stage 1) the loss is ``L_re``. While they are active (stage 2) it is
    ``L_re + latent_weight * L_vae``; ``LatentStageHook`` activates them. Section 5.3 samples once and propagates once,
    so both losses use the same sampled output. With ``dual_pass`` ``L_re`` uses the output of the means instead, at the
    cost of a second forward pass. Neither loss gains from a larger standard deviation, so it falls under both readings,
    and more slowly with ``dual_pass`` (``benchmarks/latent_sigma.py``). ``kl_weight`` adds the term of eq. (5) that the
    paper drops, see ``LatentHead.divergence``; it is the only one that holds the standard deviation up.

    The paper's frames are in [0, 255]. ``L_re`` is a root of squares and ``L_vae`` a square, so their proportion, and
    the norm at which gradients are clipped, depend on that range: at 29 dB and lambda 0.1, ``L_vae`` is 0.35 % of the
    loss where frames are in [0, 1], and 48 % in [0, 255]. ``value_range`` scales frames for the losses.

    ``policy_weight`` replaces the gradient through samples by that of eq. (7), REINFORCE: samples with which a clip has
    an error below that of its most probable output become more probable, by ``(error - error of the means) * log q``.
    The error is the root of the mean square of a clip, the paper's norm. The paper subtracts nothing; subtracting the
    error of the means leaves the mean of the gradient and takes most of its variance, for a second forward pass. Hard
    attention needs it: nothing else reaches its queries and keys.

    A sample whose meta key ``num_key_frames`` is k carries k key frames after the frames of its clip
    (``AppendKeyFrames`` appends them); they are passed to the network as ``key_frames``.

    Args:
        generator (dict): The network, with or without latent heads.
        pixel_loss (dict): ``L_re``, eq. (22).
        latent_loss (dict | None): ``L_vae``, eq. (23); None is the mean squared error: the paper's Gaussian, alpha 1.
        latent_weight (float): lambda. The paper does not state it.
        dual_pass (bool): See above.
        value_range (float): White of the frames in the losses; 255 is the paper's.
        kl_weight (float): Factor of the divergence of the heads, 0 or more; 0 is the paper's.
        policy_weight (float): Alpha of eq. (7), 0 or more; 0 passes gradients through the samples of the heads.
        **kwargs: As ``BaseEditModel``.

    Raises:
        ValueError: If a factor is out of range, or the network has hard attention and ``policy_weight`` is 0.
    """

    def __init__(
        self,
        generator: dict,
        pixel_loss: dict,
        latent_loss: dict | None = None,
        latent_weight: float = 0.1,
        dual_pass: bool = False,
        value_range: float = 1.0,
        kl_weight: float = 0.0,
        policy_weight: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(generator=generator, pixel_loss=pixel_loss, **kwargs)
        if value_range <= 0 or kl_weight < 0 or policy_weight < 0:
            raise ValueError(
                f'value_range must be above 0, kl_weight and policy_weight at least 0, but got {value_range}, '
                f'{kl_weight} and {policy_weight}'
            )
        if not policy_weight and any(isinstance(part, HardAttention) for part in self.generator.modules()):
            raise ValueError('hard attention learns by policy_weight, which must be above 0, but is 0')
        self.value_range = value_range
        self.kl_weight = kl_weight
        self.policy_weight = policy_weight
        for head in latent_heads(self.generator).values():
            head.keeps_divergence = kl_weight > 0
            head.keeps_log_prob = policy_weight > 0
        self.latent_loss = MODELS.build(latent_loss or dict(type='MSELoss', loss_weight=1.0, reduction='mean'))
        self.latent_weight = latent_weight
        self.dual_pass = dual_pass

    def forward_tensor(self, inputs: Tensor, data_samples: DataSample | None = None, **kwargs: Any) -> Tensor:
        """(n, t + k, c, h, w) -> (n, t, c, scale * h, scale * w)."""
        count = _num_key_frames(data_samples)
        if count:
            inputs, kwargs['key_frames'] = inputs[:, :-count], inputs[:, -count:]
        return self.generator(inputs, **kwargs)

    def forward_train(self, inputs: Tensor, data_samples: DataSample | None = None, **kwargs: Any) -> dict[str, Tensor]:
        """Compute the losses of the current stage; in stage 2 also the share of the variational one, for the log."""
        gt = data_samples.gt_img * self.value_range
        output = self.forward_tensor(inputs, data_samples, **kwargs) * self.value_range
        parts = [part for part in stochastic_parts(self.generator) if part.sampling]
        if not parts:
            return dict(loss_re=self.pixel_loss(output, gt))
        log_prob = sum(part.log_prob for part in parts) if self.policy_weight else None
        heads = [part for part in parts if isinstance(part, LatentHead)]
        means = output
        if self.dual_pass or self.policy_weight:
            with without_sampling(self.generator), torch.set_grad_enabled(self.dual_pass):
                means = self.forward_tensor(inputs, data_samples, **kwargs) * self.value_range
        losses = dict(loss_re=self.pixel_loss(means if self.dual_pass else output, gt))
        if heads:
            losses['loss_vae'] = self.latent_weight * self.latent_loss(output, gt)
            losses['latent_share'] = losses['loss_vae'].detach() / (losses['loss_re'] + losses['loss_vae']).detach()
        if log_prob is not None:
            advantage = (_rmse(output, gt) - _rmse(means, gt)).detach()
            losses['loss_policy'] = self.policy_weight * (advantage * log_prob).mean()
            for part in parts:
                part.log_prob = None
        if self.kl_weight:
            losses['loss_kl'] = self.kl_weight * sum(head.divergence for head in heads)
            for head in heads:
                head.divergence = None
        return losses

    def convert_to_datasample(self, predictions: DataSample, data_samples: DataSample, inputs: Tensor | None) -> list:
        """As upstream, without the key frames in the input."""
        count = _num_key_frames(data_samples)
        return super().convert_to_datasample(
            predictions, data_samples, inputs[:, :-count] if inputs is not None and count else inputs
        )


def _rmse(output: Tensor, target: Tensor) -> Tensor:
    """(n, ...) -> (n,), the norm of equation 7 as a mean over values."""
    return (output - target).square().flatten(1).mean(1).sqrt()


def _num_key_frames(data_samples: DataSample | None) -> int:
    """Number of key frames appended to each clip of a batch.

    Raises:
        ValueError: If the numbers differ between clips.
    """
    counts = set(data_samples.metainfo.get('num_key_frames', [0])) if data_samples is not None else {0}
    if len(counts) != 1:
        raise ValueError(f'all clips of a batch must have the same number of key frames, but got {sorted(counts)}')
    return counts.pop()
