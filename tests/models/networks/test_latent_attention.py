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
        ({'attn_layout': 'SSLSS'}, 5_559_107),
        ({'attn_layout': ''}, 1_698_563),  # Res16: 1.70 M +- 0.02 M, as the next two
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


def test_the_second_convolution_of_a_residual_pair_starts_at_a_tenth():
    convs = LatentAttentionNet(mid_channels=16, num_layers=6, attn_layout='').convs
    first, second = (convs[i].weight.std().item() for i in (2, 3))
    assert second == pytest.approx(first / 10, rel=0.1)
    assert convs[4].weight.std().item() == pytest.approx(first, rel=0.1)


def test_positions_of_the_blocks():
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


def test_blocks_that_start_at_zero_leave_a_trained_network_as_it_is_and_then_learn():
    bare = LatentAttentionNet(mid_channels=6, num_layers=5, attn_layout='')
    net = LatentAttentionNet(mid_channels=6, num_layers=5, attn_layout='LSLSL', zero_init=True)
    net.load_state_dict(bare.state_dict(), strict=False)
    frames = torch.rand(1, 7, 3, 8, 8)
    torch.testing.assert_close(net(frames), bare(frames), atol=1e-6, rtol=0)
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    for _ in range(2):
        optimizer.zero_grad()
        (net(frames) - 0.5).square().mean().backward()
        optimizer.step()
    gradients = {
        name: p.grad.abs().max() for name, p in net.attention.named_parameters() if not name.endswith('key.bias')
    }
    assert all(value > 0 for value in gradients.values()), gradients


def test_a_long_clip_is_its_chunks():
    net = LatentAttentionNet(mid_channels=4, num_layers=4, attn_layout='LS', chunk_length=3).eval()
    frames = torch.rand(1, 5, 3, 8, 8)
    tail = torch.cat((frames[:, 3:], torch.zeros(1, 1, 3, 8, 8)), dim=1)
    expected = torch.cat((net(frames[:, :3]), net(tail)[:, :2]), dim=1)
    torch.testing.assert_close(net(frames), expected)


def test_key_frames_reach_the_long_range_blocks_of_every_chunk():
    net = LatentAttentionNet(mid_channels=4, num_layers=4, attn_layout='LS', chunk_length=3).eval()
    frames, key_frames = torch.rand(2, 5, 3, 9, 8), torch.rand(2, 2, 3, 9, 8)
    plain, aided = net(frames), net(frames, key_frames)
    assert aided.shape == plain.shape
    assert ((aided - plain).abs().amax((2, 3, 4)) > 0).all()
    # A set of keys has no order, and key frames do not attend to each other.
    torch.testing.assert_close(net(frames, key_frames.flip(1)), aided, atol=1e-6, rtol=1e-5)
    short = LatentAttentionNet(mid_channels=4, num_layers=4, attn_layout='SS', chunk_length=3).eval()
    torch.testing.assert_close(short(frames, key_frames), short(frames))
    with pytest.raises(ValueError, match=r'\(2, 2, 3, 8, 8\)'):
        net(frames, key_frames[..., :8, :])


def test_a_still_clip_is_its_own_key_frame():
    """Repeated keys do not change the softmax, with any weights: eqs. (9) and (10)."""
    net = LatentAttentionNet(mid_channels=4, num_layers=3, attn_layout='L', chunk_length=3).eval()
    # A key frame is represented by the centre of a still clip of three frames.
    still = torch.rand(1, 1, 3, 8, 8).expand(-1, 3, -1, -1, -1)
    block = net.attention['3']
    features = net.extract(net._to_layout(still.transpose(1, 2)), taps=(taps := {}))
    external = net._external_features(still, still[:, :1])
    torch.testing.assert_close(external['3'], block.reduced(taps['3'])[:, :, 1:2])
    assert features.shape == (1, 4, 3, 8, 8)


def test_half_precision_gives_float32_frames_close_to_those_of_full_precision():
    net = LatentAttentionNet(mid_channels=8, num_layers=6, attn_layout='LS', global_residual=True).eval()
    frames = torch.rand(1, 3, 3, 12, 16)
    with torch.no_grad():
        full = net(frames)
        with torch.autocast('cpu', dtype=torch.bfloat16):
            autocast = net(frames)
        half = net.bfloat16()(frames)
    for output in (autocast, half):
        assert output.dtype == torch.float32
        assert 0 < (output - full).abs().max() < 0.01 * (full - BicubicNet()(frames)).abs().max() + 1e-3
    # Not rounded to the 256 steps that bfloat16 has between 0.5 and 1.
    assert (half - half.bfloat16().float()).abs().max() > 1e-4


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
        ({'chunk_length': 3, 'chunk_overlap': 3}, 'got 3 and 3'),
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
