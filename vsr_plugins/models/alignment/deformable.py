"""TDAN's alignment by deformable convolutions."""

import torch
from mmagic.models.editors.tdan.tdan_net import TDANNet
from torch import Tensor

from ..networks.base import Network
from .aligners import require_one_size


class DeformableAlignment(Network):
    """TDAN's alignment by deformable convolutions, with upstream's layers: it synthesises the aligned frame.

    Paper:
        TDAN: Temporally-Deformable Alignment Network for Video Super-Resolution. CVPR 2020, section 3.2.

    Layer names equal those of upstream's ``TDANNet``, so its weights load here.

    Args:
        mid_channels: Channels of the features.
        num_blocks: Residual blocks before the alignment.
        init_cfg: See ``Network``.
    """

    def __init__(self, mid_channels: int = 64, num_blocks: int = 5, init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg=init_cfg)
        tdan = TDANNet(mid_channels=mid_channels, num_blocks_before_align=num_blocks, num_blocks_after_align=1)
        for name, part in tdan.named_children():
            if name != 'reconstruct':
                self.add_module(name, part)

    def forward(self, neighbours: Tensor, references: Tensor) -> Tensor:
        """Aligned neighbours, two of (m, 3, h, w) -> (m, 3, h, w).

        Raises:
            ValueError: If their shapes differ.
        """
        require_one_size(neighbours, references)
        reference, neighbour = self.feat_extract(references), self.feat_extract(neighbours)
        both = self.feat_aggregate(torch.cat((reference, neighbour), dim=1))
        return self.to_rgb(self.align_2(self.align_1(neighbour, both)))
