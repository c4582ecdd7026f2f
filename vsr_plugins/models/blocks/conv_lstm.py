"""Convolutional LSTM."""

import torch
from torch import Tensor, nn


class ConvLSTMCell(nn.Module):
    """One step of a convolutional LSTM, by default without peepholes.

    "Convolutional LSTM Network: A Machine Learning Approach for Precipitation Nowcasting" (NIPS 2015), without the
    terms of the cell state in its gates.

    Args:
        in_channels: Channels of the input.
        hidden_channels: Channels of the hidden and of the cell state.
        kernel_size: Odd size of the kernel.
        peephole_conv: Peepholes as in public implementations: input, forget and output gate take the cell state before
            the step through a convolution of the same kernel. The paper's peepholes are element-wise products, and its
            output gate takes the cell state after the step.
    """

    def __init__(
        self, in_channels: int, hidden_channels: int, kernel_size: int = 3, peephole_conv: bool = False
    ) -> None:
        super().__init__()
        self.hidden_channels = hidden_channels
        # Input gate, forget gate, candidate, output gate, as in torch.nn.LSTM.
        self.gates = nn.Conv2d(
            in_channels + hidden_channels, 4 * hidden_channels, kernel_size, padding=kernel_size // 2
        )
        # No bias: the gates have one.
        self.peephole_conv = (
            nn.Conv2d(hidden_channels, 3 * hidden_channels, kernel_size, padding=kernel_size // 2, bias=False)
            if peephole_conv
            else None
        )

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        """Return hidden and cell state, (n, hidden_channels, h, w) each, after the input (n, in_channels, h, w).

        ``state`` is the pair before the step; None means zeros.
        """
        if state is None:
            zeros = x.new_zeros(len(x), self.hidden_channels, *x.shape[-2:])
            state = zeros, zeros
        hidden, cell = state
        update, forget, candidate, emit = self.gates(torch.cat((x, hidden), dim=1)).chunk(4, dim=1)
        if self.peephole_conv is not None:
            peephole = self.peephole_conv(cell).chunk(3, dim=1)
            update, forget, emit = update + peephole[0], forget + peephole[1], emit + peephole[2]
        cell = forget.sigmoid() * cell + update.sigmoid() * candidate.tanh()
        return emit.sigmoid() * cell.tanh(), cell
