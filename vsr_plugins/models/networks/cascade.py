"""Several networks one after the other."""

from collections.abc import Sequence
from math import prod

from torch import Tensor, nn

from ..build import build_network
from ..input_spec import input_spec
from .base import Network


class CascadeNet(Network):
    """Networks one after the other, each on the output of the one before: x2 and x2 again for x4, or x1 and then x4.

    Notes on EDVR's two-stage restoration (CVPR Workshops 2019, section 3.4) ask whether two small steps are better than
    a large one, and whether the first stage should upsample at all: with scale 1 and a residual it restores at low
    resolution. All stages are trained together.

    Args:
        stages: Configs of the networks, each (n, t, c, h, w) -> (n, t, c, s * h, s * w).
        init_cfg: See ``Network``.

    Raises:
        ValueError: If there is no stage, or one returns other than all frames.
    """

    multiple_of = 1
    window = None
    output = 'all'

    def __init__(self, stages: Sequence[dict], init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg=init_cfg)
        if not stages:
            raise ValueError('a cascade needs at least one stage, but got none')
        self.stages = nn.ModuleList(build_network(stage) for stage in stages)
        specs = [input_spec(stage) for stage in self.stages]
        for stage, spec in zip(self.stages, specs, strict=True):
            if spec.output != 'all' or spec.pre_upsampled or spec.multiple_of != 1:
                raise ValueError(
                    f'{type(stage).__name__} cannot be a stage: it must return all frames and take any size'
                )
        self.scale = prod(spec.scale for spec in specs)
        # Frames are independent if they are in every stage.
        if all(getattr(stage, 'temporal_context', None) == 0 for stage in self.stages):
            self.temporal_context = 0

    def forward(self, lqs: Tensor) -> Tensor:
        """All frames: (n, t, c, h, w) in [0, 1] -> (n, t, c, scale * h, scale * w), any size."""
        for stage in self.stages:
            lqs = stage(lqs)
        return lqs
