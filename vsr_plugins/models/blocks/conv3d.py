"""3 x 3 x 3 convolutions of features."""

from torch import Tensor, nn

from .fast.temporal_winograd import conv3d


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
        return conv3d(input, self.weight, self.bias)
