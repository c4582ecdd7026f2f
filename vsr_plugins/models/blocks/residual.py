"""Residual blocks without normalisation."""

from torch import Tensor, nn

from .convolutions import init_kaiming


class ResidualBlock(nn.Module):
    """Convolution, ReLU, convolution, and the input added: the block of EDSR, EDVR and BasicVSR.

    The parameters have the names of MMagic's ``ResidualBlockNoBN`` and its initialisation: Kaiming weights times 0.1,
    so that a deep stack starts near the identity ("ESRGAN: Enhanced Super-Resolution Generative Adversarial Networks",
    ECCV Workshops 2018, section 3.1).

    Args:
        mid_channels: Channels of input and output.
    """

    def __init__(self, mid_channels: int = 64) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(mid_channels, mid_channels, 3, padding=1)
        self.conv2 = nn.Conv2d(mid_channels, mid_channels, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        init_kaiming(self.conv1, self.conv2, scale=0.1)

    def forward(self, x: Tensor) -> Tensor:
        """(n, mid_channels, h, w) -> the same shape."""
        return x + self.conv2(self.relu(self.conv1(x)))


def residual_blocks(num_blocks: int, mid_channels: int) -> nn.Sequential:
    """Return a stack of ``ResidualBlock``."""
    return nn.Sequential(*(ResidualBlock(mid_channels) for _ in range(num_blocks)))
