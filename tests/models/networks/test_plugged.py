"""Blocks plugged into networks of others: nothing changes at first, and then every block learns."""

import pytest
import torch
from checks import assert_vsr_net

from vsr_plugins.models import PluggedNet

LONG = dict(type='LongRangeAttention', channels=8)
EDVR = dict(
    type='EDVRNet', in_channels=3, out_channels=3, mid_channels=8, deform_groups=2, num_blocks_extraction=1,
    num_blocks_reconstruction=1,
)  # fmt: skip


@pytest.mark.parametrize(
    ('network', 'blocks', 'size'),
    [
        (EDVR, {'fusion': LONG}, (16, 20)),
        (EDVR | {'with_tsa': False}, {'fusion': dict(type='ShortRangeAttention', channels=8)}, (16, 20)),
        (dict(type='BasicVSRNet', mid_channels=8, num_blocks=1), {'fusion': dict(LONG, channels=8)}, (64, 64)),
    ],
)
def test_it_is_the_network_until_it_is_trained(network, blocks, size):
    torch.manual_seed(0)
    net = PluggedNet(network, blocks)
    frames = torch.rand(1, 5, 3, *size)
    with torch.no_grad():
        torch.testing.assert_close(net(frames), net.network(frames), atol=1e-6, rtol=0)
        bare = PluggedNet(network, {})
        bare.network.load_state_dict(net.network.state_dict())
        torch.testing.assert_close(net(frames), bare(frames), atol=1e-6, rtol=0)
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    for _ in range(2):
        optimizer.zero_grad()
        (net(frames) - 0.5).square().mean().backward()
        optimizer.step()
    gradients = {name: p.grad for name, p in net.blocks.named_parameters() if not name.endswith('key.bias')}
    assert gradients and all(value is not None and value.any() for value in gradients.values())
    with torch.no_grad():
        bare.network.load_state_dict(net.network.state_dict())
        assert (net(frames) - bare(frames)).abs().max() > 1e-6
        assert net(frames[..., :-3]).shape[-1] == 4 * (size[1] - 3)


@pytest.mark.parametrize('with_tsa', [True, False])
def test_the_block_sees_a_clip_and_is_added_to_it(with_tsa):
    torch.manual_seed(0)
    net = PluggedNet(EDVR | {'with_tsa': with_tsa}, {'fusion': dict(LONG, zero_init=False)}).eval()
    frames = torch.rand(1, 5, 3, 8, 12)
    seen = []
    # After the block's.
    net.network.fusion.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    bare = PluggedNet(EDVR | {'with_tsa': with_tsa}, {}).eval()
    bare.network.load_state_dict(net.network.state_dict())
    bare.network.fusion.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    with torch.no_grad():
        net(frames), bare(frames)
        plugged, plain = (features.reshape(1, 5, 8, 8, 12) for features in seen)
        update = net.blocks['fusion'](plain.permute(0, 2, 1, 3, 4)).permute(0, 2, 1, 3, 4)
    assert update.std() > 1e-3
    torch.testing.assert_close(plugged, plain + update)


def test_contract():
    net = PluggedNet(
        dict(type='VESPCNNet', mid_channels=4, num_layers=3),
        {'restoration.2': dict(type='ShortRangeAttention', channels=4, zero_init=False)},
    )
    assert_vsr_net(net, t=3)


@pytest.mark.parametrize(
    ('blocks', 'message'),
    [({'nowhere': LONG}, 'nowhere'), ({'restoration': dict(type='Conv', channels=8)}, "'Conv'")],
)
def test_wrong_arguments_are_named(blocks, message):
    with pytest.raises(ValueError, match=message):
        PluggedNet(dict(type='VESPCNNet'), blocks)
