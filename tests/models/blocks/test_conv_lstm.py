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
