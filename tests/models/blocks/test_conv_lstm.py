import math

import pytest
import torch

from vsr_plugins.models.blocks.conv_lstm import ConvLSTMCell


def test_one_pixel_is_an_lstm_cell():
    cell = ConvLSTMCell(3, 5, kernel_size=1)
    reference = torch.nn.LSTMCell(3, 5)
    with torch.no_grad():
        cell.gates.weight.copy_(torch.cat((reference.weight_ih, reference.weight_hh), dim=1)[..., None, None])
        cell.gates.bias.copy_(reference.bias_ih + reference.bias_hh)
    state = expected = None
    for _ in range(3):
        x = torch.randn(4, 3)
        state = cell(x[..., None, None], state)
        expected = reference(x, expected)
        for ours, theirs in zip(state, expected, strict=True):
            torch.testing.assert_close(ours[..., 0, 0], theirs)


def test_peepholes_by_hand():
    """One pixel, one channel, all weights typed: the gates take the cell state before the step."""
    cell = ConvLSTMCell(1, 1, kernel_size=1, peephole_conv=True)
    with torch.no_grad():
        cell.gates.weight.copy_(torch.tensor([[0.1, 0.2], [0.3, -0.4], [0.5, 0.6], [-0.7, 0.8]])[..., None, None])
        cell.gates.bias.copy_(torch.tensor([0.01, 0.02, 0.03, 0.04]))
        cell.peephole_conv.weight.copy_(torch.tensor([1.0, -2.0, 3.0]).reshape(3, 1, 1, 1))
        x, hidden, before = (torch.full((1, 1, 1, 1), value) for value in (2.0, -1.0, 0.5))
        shown, after = cell(x, (hidden, before))

    def sigmoid(value):
        return 1 / (1 + math.exp(-value))

    # Input, forget and output gate with 1, -2 and 3 times 0.5; the candidate without.
    expected = sigmoid(1.02 - 1.0) * 0.5 + sigmoid(0.01 + 0.5) * math.tanh(0.43)
    assert after.item() == pytest.approx(expected, rel=1e-6)
    assert shown.item() == pytest.approx(sigmoid(-2.16 + 1.5) * math.tanh(expected), rel=1e-6)
