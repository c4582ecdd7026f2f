import pytest
import torch
from checks import assert_vsr_net

from vsr_plugins.models import BicubicNet, LatentAttentionNet


def count(**arguments):
    return sum(p.numel() for p in LatentAttentionNet(**arguments).parameters())


@pytest.mark.parametrize(
    ('arguments', 'parameters'),
    [
        ({}, 4_108_739),  # table 5 of the paper
        ({'variational': True}, 4_150_339),
        ({'attn_layout': ''}, 1_698_563),  # Res16: 1.70 M +- 0.02 M, as the two below
        ({'num_layers': 10, 'mid_channels': 36, 'attn_layout': 'SSSSS', 'variational': True}, 1_717_311),
        ({'num_layers': 10, 'mid_channels': 48, 'attn_layout': 'LLLLL', 'variational': True}, 1_690_803),
    ],
)
def test_parameters(arguments, parameters):
    assert count(**arguments) == parameters


@pytest.mark.parametrize('scale', [2, 3, 4])
@pytest.mark.parametrize('layout', ['', 'LS', 'SLS'])
def test_contract(scale, layout):
    net = LatentAttentionNet(mid_channels=8, num_layers=6, attn_layout=layout, scale=scale, chunk_length=3)
    assert_vsr_net(net, t=4)


@pytest.mark.parametrize('shape', [(1, 1, 3, 7, 7), (1, 2, 3, 33, 47), (1, 8, 3, 1, 50)])
def test_any_size_and_length(shape):
    net = LatentAttentionNet(mid_channels=4, num_layers=5).eval()
    n, t, c, h, w = shape
    assert net(torch.rand(shape)).shape == (n, t, c, 4 * h, 4 * w)


def test_blocks_stand_where_the_paper_has_them():
    assert list(LatentAttentionNet(mid_channels=2).attention) == ['3', '6', '9', '12', '15']
    ten = LatentAttentionNet(mid_channels=2, num_layers=10, attn_layout='SSSSS')
    assert list(ten.attention) == ['2', '4', '6', '8', '10']


def test_a_network_with_zeroed_blocks_is_the_network_without_blocks():
    net = LatentAttentionNet(mid_channels=6, num_layers=5).eval()
    bare = LatentAttentionNet(mid_channels=6, num_layers=5, attn_layout='').eval()
    bare.load_state_dict({key: value for key, value in net.state_dict().items() if not key.startswith('attention')})
    frames = torch.rand(1, 7, 3, 8, 8)
    assert (net(frames) - bare(frames)).abs().max() > 1e-4
    for parameter in net.attention.parameters():
        torch.nn.init.zeros_(parameter)
    torch.testing.assert_close(net(frames), bare(frames))


def test_a_long_clip_is_its_chunks():
    net = LatentAttentionNet(mid_channels=4, num_layers=4, attn_layout='LS', chunk_length=3).eval()
    frames = torch.rand(1, 5, 3, 8, 8)
    tail = torch.cat((frames[:, 3:], torch.zeros(1, 1, 3, 8, 8)), dim=1)
    expected = torch.cat((net(frames[:, :3]), net(tail)[:, :2]), dim=1)
    torch.testing.assert_close(net(frames), expected)


def test_global_residual_adds_the_bicubic_frame():
    net = LatentAttentionNet(mid_channels=4, num_layers=4, attn_layout='L').eval()
    frames = torch.rand(1, 7, 3, 8, 9)
    plain = net(frames)
    net.global_residual = True
    torch.testing.assert_close(net(frames) - plain, BicubicNet()(frames), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ({'attn_layout': 'LXL'}, "'LXL'"),
        ({'num_layers': 2, 'attn_layout': 'LLL'}, 'num_layers=2'),
        ({'chunk_length': 3, 'chunk_overlap': 3}, '0 <= chunk_overlap < chunk_length'),
        ({'scale': 0}, 'scale'),
        ({'num_layers': 0, 'attn_layout': ''}, 'num_layers'),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        LatentAttentionNet(mid_channels=4, **arguments)


def test_blocks_and_networks_are_registered():
    from mmagic.registry import MODELS

    for name in ('LatentAttentionNet', 'BicubicNet', 'LongRangeAttention', 'ShortRangeAttention', 'LatentHead'):
        assert MODELS.get(name).__name__ == name
