"""3-D convolutions of features."""

from torch import Tensor, nn

from .fast.pointwise import conv1x1x1
from .fast.stacked_frames import conv3d_of_few_channels, is_faster
from .fast.temporal_winograd import conv3d


class Conv1x1x1(nn.Conv3d):
    """``nn.Conv3d(in_channels, out_channels, 1)``, with its parameter names; see ``fast`` for its speed.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, 1)

    def forward(self, input: Tensor) -> Tensor:
        """(n, in_channels, t, h, w) -> (n, out_channels, t, h, w)."""
        return conv1x1x1(input, self.weight, self.bias)


class Conv3x3x3(nn.Conv3d):
    """``nn.Conv3d(in_channels, out_channels, 3, padding=1)``, with its parameter names; see ``fast`` for its speed.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, 3, padding=1)

    def forward(self, input: Tensor) -> Tensor:
        """(n, in_channels, t, h, w) -> (n, out_channels, t, h, w)."""
        convolve = conv3d_of_few_channels if is_faster(input, self.weight) else conv3d
        return convolve(input, self.weight, self.bias)
