"""Training and testing of networks with latent attention."""

from typing import Any

from mmagic.models.base_models import BaseEditModel
from mmagic.registry import MODELS
from mmagic.structures import DataSample
from torch import Tensor

from ..blocks.attention import closed_heads, latent_heads


@MODELS.register_module()
class LatentAttention(BaseEditModel):
    """Train by algorithm 1, and pass key frames that come with the clip to the network.

    Paper:
        Efficient Video Super-Resolution with Latent Attention. Computer Science, 2023, 50(11A): 221100156, section 5.

    While the variance heads are inactive (stage 1) the loss is ``L_re``. While they are active (stage 2) it is
    ``L_re + latent_weight * L_vae``; ``LatentStageHook`` activates them. Section 5.3 samples once and propagates once,
    so both losses use the same sampled output. With ``dual_pass`` ``L_re`` uses the output of the means instead, at the
    cost of a second forward pass. Neither loss gains from a larger standard deviation, so it falls under both readings,
    and more slowly with ``dual_pass`` (``benchmarks/latent_sigma.py``).

    A sample whose meta key ``num_key_frames`` is k carries k key frames after the frames of its clip
    (``AppendKeyFrames`` appends them); they are passed to the network as ``key_frames``.

    Args:
        generator (dict): The network, with or without latent heads.
        pixel_loss (dict): ``L_re``, eq. (22).
        latent_loss (dict | None): ``L_vae``, eq. (23); None is the mean squared error: the paper's Gaussian, alpha 1.
        latent_weight (float): lambda. The paper does not state it.
        dual_pass (bool): See above.
        **kwargs: As ``BaseEditModel``.
    """

    def __init__(
        self,
        generator: dict,
        pixel_loss: dict,
        latent_loss: dict | None = None,
        latent_weight: float = 0.1,
        dual_pass: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(generator=generator, pixel_loss=pixel_loss, **kwargs)
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
        """Compute the losses of the current stage."""
        gt = data_samples.gt_img
        output = self.forward_tensor(inputs, data_samples, **kwargs)
        if not any(head.sampling for head in latent_heads(self.generator).values()):
            return dict(loss_re=self.pixel_loss(output, gt))
        restored = output
        if self.dual_pass:
            with closed_heads(self.generator):
                restored = self.forward_tensor(inputs, data_samples, **kwargs)
        return dict(loss_re=self.pixel_loss(restored, gt), loss_vae=self.latent_weight * self.latent_loss(output, gt))

    def convert_to_datasample(self, predictions: DataSample, data_samples: DataSample, inputs: Tensor | None) -> list:
        """As upstream, without the key frames in the input."""
        count = _num_key_frames(data_samples)
        return super().convert_to_datasample(
            predictions, data_samples, inputs[:, :-count] if inputs is not None and count else inputs
        )


def _num_key_frames(data_samples: DataSample | None) -> int:
    """Number of key frames appended to each clip of a batch.

    Raises:
        ValueError: If the numbers differ between clips.
    """
    counts = set(data_samples.metainfo.get('num_key_frames', [0])) if data_samples is not None else {0}
    if len(counts) != 1:
        raise ValueError(f'all clips of a batch must have the same number of key frames, but got {sorted(counts)}')
    return counts.pop()
