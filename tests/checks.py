"""What every video super-resolution network of this package must do."""

import copy

import torch
from torch import nn


def assert_vsr_net(net: nn.Module, t: int, size: tuple[int, int] = (16, 20)) -> None:
    """Shape, finite values, a gradient for every parameter, state_dict round trip, batch independence, odd sizes."""
    torch.manual_seed(0)
    channels = 3
    frames = torch.rand(2, t, channels, *size)
    expected = (2, channels) if net.output == 'center' else (2, t if net.output == 'all' else 2 * t - 1, channels)

    net.train()
    output = net(frames)
    assert output.shape == (*expected, size[0] * net.scale, size[1] * net.scale)
    assert output.isfinite().all()
    output.square().mean().backward()
    without = [name for name, p in net.named_parameters() if p.requires_grad and (p.grad is None or not p.grad.any())]
    assert not without, f'no gradient for {without}'

    net.eval()
    with torch.no_grad():
        output = net(frames)
        other = copy.deepcopy(net)
        for parameter in other.parameters():
            parameter.zero_()
        other.load_state_dict(net.state_dict())
        torch.testing.assert_close(other(frames), output)
        torch.testing.assert_close(net(frames[1:]), output[1:], atol=1e-5, rtol=1e-4)
        odd = frames[..., : size[0] - 3, : size[1] - 1]
        assert net(odd).shape[-2:] == ((size[0] - 3) * net.scale, (size[1] - 1) * net.scale)
