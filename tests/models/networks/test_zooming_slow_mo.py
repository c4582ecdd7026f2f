"""Zooming Slow-Mo, compared with published counts and the authors' outputs, and windows with complete clips."""

import pytest
import torch
from checks import assert_vsr_net
from goldens import assert_near, load_golden

from vsr_plugins.checkpoints.converters.zooming_slow_mo import convert
from vsr_plugins.models import BicubicNet, DeformableConvLSTM, FeatureTemporalInterpolation, ZoomingSlowMoNet
from vsr_plugins.models.blocks.pyramid_alignment import ModulatedDeformConv

SMALL = {'mid_channels': 8, 'deform_groups': 2, 'num_blocks_extraction': 1, 'num_blocks_reconstruction': 1}


def with_motion(net):
    """Set nonzero offsets: they start at zero, but trained ones are not."""
    for module in net.modules():
        if isinstance(module, ModulatedDeformConv):
            torch.nn.init.normal_(module.conv_offset.weight, std=0.05)
    return net


def loud(net):
    """Amplify the weights: at the usual initialisation signals fade, and frames hardly affect each other."""
    for module in net.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight, nonlinearity='linear')
    return with_motion(net)


def small(**arguments):
    torch.manual_seed(0)
    return with_motion(ZoomingSlowMoNet(**SMALL, **arguments))


def test_parameters_are_the_published_ones():
    with torch.device('meta'):
        net = ZoomingSlowMoNet()
        ten_blocks = ZoomingSlowMoNet(num_blocks_reconstruction=10)
        restoring = ZoomingSlowMoNet(interpolate=False)
    parts = {
        'whole': net,
        'recurrence': net.recurrence,
        'interpolation': net.interpolation,
        'state alignment': net.recurrence.hidden_alignment,
    }
    assert {name: sum(p.numel() for p in part.parameters()) for name, part in parts.items()} == {
        'whole': 11_102_771,
        'recurrence': 5_063_392,
        # Their count of the interpolation omits the 1 x 1 convolution that fuses its two directions.
        'interpolation': 2_224_016 + 128 * 64 + 64,
        'state alignment': 2_379_984,
    }
    assert sum(p.numel() for p in ten_blocks.parameters()) == 8_887_091
    without = sum(p.numel() for part in (net.pyramid, net.interpolation) for p in part.parameters())
    assert sum(p.numel() for p in restoring.parameters()) == 11_102_771 - without


@pytest.mark.parametrize('interpolate', [True, False])
def test_global_residual_is_bicubic_of_blended_frames(interpolate):
    net = small(global_residual=True, interpolate=interpolate, window_length=2, halo=0)
    torch.nn.init.zeros_(net.reconstruction.conv_last.weight)
    torch.nn.init.zeros_(net.reconstruction.conv_last.bias)
    lqs = torch.rand(2, 5, 3, 9, 13)
    if interpolate:
        blended = torch.empty(2, 9, 3, 9, 13)
        blended[:, ::2] = lqs
        blended[:, 1::2] = lqs[:, :4].lerp(lqs[:, 1:], 0.5)
    else:
        blended = lqs
    expected = BicubicNet(scale=4)(blended)
    torch.testing.assert_close(net(lqs), expected)
    with torch.no_grad():
        torch.testing.assert_close(net(lqs), expected)


def test_deformable_convolutions_start_as_plain_ones_of_half_strength():
    """Offsets 0 and masks of sigmoid(0)."""
    part = ModulatedDeformConv(4, 2)
    features, motion = torch.rand(1, 4, 6, 7), torch.rand(1, 4, 6, 7)
    expected = torch.nn.functional.conv2d(features, part.weight, padding=1) / 2 + part.bias.reshape(1, -1, 1, 1)
    torch.testing.assert_close(part(features, motion), expected)


@pytest.mark.parametrize('arguments', [{'scale': 3}, {'interpolate': False, 'scale': 2}])
def test_contract(arguments):
    assert_vsr_net(small(**arguments), t=2, size=(8, 12))


@pytest.mark.parametrize('shape', [(1, 2, 3, 1, 1), (2, 3, 3, 5, 7), (1, 1, 3, 8, 8)])
def test_any_size_and_length(shape):
    n, t, c, h, w = shape
    with torch.no_grad():
        assert small()(torch.rand(shape)).shape == (n, 2 * t - 1, c, 4 * h, 4 * w)


@pytest.mark.golden
@pytest.mark.parametrize('case', ['', '_2f'])
@pytest.mark.parametrize('gradients', [True, False])
def test_it_equals_the_authors_implementation(golden_root, case, gradients):
    golden = load_golden(golden_root, 'zooming_slow_mo')
    net = golden_net(golden)
    with torch.set_grad_enabled(gradients):
        assert_near(net(golden[f'input{case}']), golden[f'output{case}'])


@pytest.mark.golden
def test_its_parts_equal_the_authors_implementation(golden_root):
    golden = load_golden(golden_root, 'zooming_slow_mo')
    net, inter = golden_net(golden), golden['inter']
    with torch.no_grad():
        frames = golden['input_2f'].transpose(0, 1).flatten(0, 1)
        pyramids = [net.pyramid(net._extract(frame[None])) for frame in frames]
        for number, pyramid in enumerate(pyramids, start=1):
            for level, features in enumerate(pyramid, start=1):
                assert_near(features, inter[f'fea{number}_L{level}'])
        both = net.interpolation.first(*pyramids), net.interpolation.second(*pyramids[::-1])
        assert_near(torch.cat(both, dim=1), inter['pcd_align_out'])
        assert_near(net.interpolation(*pyramids), inter['interpolated'])
        assert_near(net.recurrence(inter['blstm_in']), inter['blstm_out'])
        alignment = net.recurrence.hidden_alignment
        frame = alignment.pyramid(inter['easy_pcd_h_in_feature'])
        assert_near(alignment(frame, inter['easy_pcd_h_in_state']), inter['easy_pcd_h_out'])


@pytest.mark.golden
def test_the_error_of_a_halo_is_as_documented(golden_root):
    golden = load_golden(golden_root, 'zooming_slow_mo')
    net = golden_net(golden)
    forth = golden['input'][..., :16, :20]
    frames = torch.cat((forth, forth.flip(1), forth, forth.flip(1)), dim=1)
    with torch.no_grad():
        whole = net(frames)
        net.window_length = 8
        for net.temporal_context, stated in ((1, 1e-2), (2, 1e-3), (4, 2e-5)):
            apart = (net(frames) - whole).abs().amax(dim=(0, 2, 3, 4))
            assert stated / 50 < apart[15] < stated
            assert apart.max() == apart[15]
            assert apart[: 2 * (8 + net.temporal_context - 5)].max() < 2e-6


def golden_net(golden):
    net = ZoomingSlowMoNet(
        mid_channels=16, deform_groups=4, num_blocks_extraction=2, num_blocks_reconstruction=2, window_length=None
    )
    net.load_state_dict(convert(golden['state_dict']))
    return net.eval()


@pytest.mark.golden
def test_incomplete_weights_are_named(golden_root):
    weights = load_golden(golden_root, 'zooming_slow_mo')['state_dict']
    assert convert({f'module.{key}': value for key, value in weights.items()}).keys() == convert(weights).keys()
    with pytest.raises(ValueError, match=r'recon\.weight'):
        convert(weights | {'recon.weight': torch.zeros(1)})
    del weights['HRconv.bias']
    with pytest.raises(ValueError, match=r'reconstruction\.conv_hr\.bias'):
        convert(weights)
    with pytest.raises(ValueError, match='conv_first'):
        convert({})


@pytest.mark.parametrize('interpolate', [True, False])
def test_training_and_evaluation_compute_the_same(interpolate):
    net, frames = small(interpolate=interpolate), torch.rand(2, 3, 3, 9, 12)
    expected = net(frames)
    with torch.no_grad():
        torch.testing.assert_close(net(frames), expected, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize('interpolate', [True, False])
def test_away_from_the_halo_windows_equal_the_complete_clip(interpolate):
    """Frames four ahead affect a ten-thousandth of the contrast; the last window is exact."""
    net = loud(small(interpolate=interpolate, window_length=None)).eval()
    for alignment in (net.recurrence.hidden_alignment, net.recurrence.cell_alignment):
        alignment.interpolation.blend.weight.data.mul_(2)
    frames, window = torch.rand(1, 12, 3, 4, 8), 5
    per_input = 2 if interpolate else 1
    with torch.no_grad():
        whole = net(frames)
        net.window_length = window
        for net.temporal_context in (0, 2, 7):
            apart = (net(frames) - whole).abs().amax(dim=(0, 2, 3, 4)) / whole.std()
            windows = (12 - net.temporal_context) // window
            for number, difference in enumerate(apart.tolist()):
                ahead = per_input * (window + net.temporal_context) - 1 - number % (per_input * window)
                if number >= per_input * window * windows:
                    assert difference < 1e-5
                elif ahead >= 4:
                    assert difference < 1e-4
            if net.temporal_context == 0:
                assert apart[per_input * window - 1] > 5e-3  # frames beyond a window do have an effect


def test_windows_bound_memory_and_compute_nothing_twice():
    net = small(window_length=3, halo=1).eval()
    held, calls = [], {'extraction': 0, 'interpolation': 0, 'reconstruction': 0}
    for name in calls:
        getattr(net, name).register_forward_hook(lambda *_, name=name: calls.update({name: calls[name] + 1}))
    scan = net.recurrence.scan
    net.recurrence.scan = lambda frames, ahead=(), state=None: (
        held.append(len(frames) + len(ahead)) or scan(frames, ahead, state)
    )
    given = []

    def clip():
        for number in range(11):
            given.append(number)
            yield torch.rand(1, 3, 4, 4)

    with torch.no_grad():
        for number, frame in enumerate(net.stream(clip())):
            assert frame.shape == (1, 3, 16, 16)
            # A frame is returned at most a window and its halo after it was read.
            assert given[-1] <= number // 2 + 3 + 1
    assert number == 20
    assert calls == {'extraction': 11, 'interpolation': 10, 'reconstruction': 21}
    assert max(held) <= 2 * (3 + 1) + 1


def test_a_frame_between_depends_on_both_and_a_given_one_on_all():
    net, frames = loud(small()).eval(), torch.rand(1, 2, 3, 8, 8)
    with torch.no_grad():
        before = net(frames)
        for changed in (0, 1):
            other = frames.clone()
            other[:, changed] = 1 - other[:, changed]
            assert ((net(other) - before).abs().amax(dim=(0, 2, 3, 4)) > 1e-3 * before.std()).all()


def test_a_clip_played_backwards_is_restored_backwards_up_to_the_weights_of_direction():
    """The two recurrences share their weights: swapping the halves of the fusion plays the clip backwards."""
    net, frames = small(interpolate=False).eval(), torch.rand(1, 4, 3, 8, 8)
    with torch.no_grad():
        expected = net(frames).flip(1)
        join = net.recurrence.join.weight
        join.copy_(join.roll(join.shape[1] // 2, dims=1))
        torch.testing.assert_close(net(frames.flip(1)), expected, atol=1e-6, rtol=1e-5)


def test_wrong_arguments_are_named():
    for arguments, message in (
        ({'mid_channels': 10, 'deform_groups': 4}, '10 channels .*deform_groups=4'),
        ({'window_length': 0}, 'window_length .* got 0'),
        ({'halo': -1}, 'halo .* got -1'),
    ):
        with pytest.raises(ValueError, match=message):
            ZoomingSlowMoNet(**(SMALL | arguments))
    with pytest.raises(ValueError, match='at least one frame'):
        small()(torch.rand(1, 0, 3, 8, 8))


def test_network_and_blocks_are_registered():
    from mmagic.registry import MODELS

    for module in (ZoomingSlowMoNet, FeatureTemporalInterpolation, DeformableConvLSTM):
        assert MODELS.get(module.__name__) is module
