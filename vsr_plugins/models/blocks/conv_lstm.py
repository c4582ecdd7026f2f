"""Convolutional LSTM."""

import torch
from torch import Tensor, nn


class ConvLSTMCell(nn.Module):
    """A step of a convolutional LSTM without peepholes.

    "Convolutional LSTM Network: A Machine Learning Approach for Precipitation Nowcasting" (NIPS 2015), without
    its terms in the cell state.

    Args:
        in_channels: Channels of the input.
        hidden_channels: Channels of the hidden and of the cell state.
        kernel_size: Odd size of the kernel.
    """

    def __init__(self, in_channels: int, hidden_channels: int, kernel_size: int = 3) -> None:
        super().__init__()
        self.hidden_channels = hidden_channels
        # Input gate, forget gate, candidate, output gate, as in torch.nn.LSTM.
        self.gates = nn.Conv2d(
            in_channels + hidden_channels, 4 * hidden_channels, kernel_size, padding=kernel_size // 2
        )

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        """Hidden and cell state, (n, hidden_channels, h, w) each, after the input (n, in_channels, h, w).

        ``state`` are those before it; None stands for zeros.
        """
        if state is None:
            zeros = x.new_zeros(len(x), self.hidden_channels, *x.shape[-2:])
            state = zeros, zeros
        hidden, cell = state
        update, forget, candidate, show = self.gates(torch.cat((x, hidden), dim=1)).chunk(4, dim=1)
        cell = forget.sigmoid() * cell + update.sigmoid() * candidate.tanh()
        return show.sigmoid() * cell.tanh(), cell
