import equations as eq
import pytest
import torch
from checks import assert_vsr_net
from goldens import assert_near, load_golden

from vsr_plugins.checkpoints.converters import edvr_stage2_basicsr, edvr_stage2_official
from vsr_plugins.models import EDVRStage2Net

NARROW = {'mid_channels': 8, 'deform_groups': 2, 'num_blocks_extraction': 1, 'num_blocks_reconstruction': 1}


@pytest.mark.parametrize(('with_predeblur', 'parameters'), [(False, 15_025_635), (True, 17_698_659)])
def test_parameters_are_the_published_ones(with_predeblur, parameters):
    with torch.device('meta'):
        net = EDVRStage2Net(with_predeblur=with_predeblur)
    assert sum(p.numel() for p in net.parameters()) == parameters


@pytest.mark.parametrize(
    ('hr_in', 'with_predeblur', 'with_tsa'), [(True, False, True), (True, True, False), (False, True, True)]
)
def test_contract(hr_in, with_predeblur, with_tsa):
    net = EDVRStage2Net(**NARROW, hr_in=hr_in, with_predeblur=with_predeblur, with_tsa=with_tsa)
    for name, parameter in net.named_parameters():
        if 'conv_offset' in name:  # starts at zero, which would give the previous layers no gradient
            torch.nn.init.normal_(parameter, std=0.1)
    assert_vsr_net(net, t=5, size=(32, 48) if hr_in else (16, 20))


def test_it_adds_to_the_centre_frame():
    net = EDVRStage2Net(**NARROW, num_frames=3).eval()
    torch.nn.init.zeros_(net.conv_last.weight)
    torch.nn.init.zeros_(net.conv_last.bias)
    clip = torch.rand(1, 3, 3, 30, 45)
    assert torch.equal(net(clip), clip[:, 1])


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match='EDVRNet'):
        EDVRStage2Net(hr_in=False)
    with pytest.raises(ValueError, match='5 frames, but got 3'):
        EDVRStage2Net(**NARROW)(torch.rand(1, 3, 3, 16, 16))


@pytest.mark.golden
@pytest.mark.parametrize(
    ('name', 'source', 'options'),
    [
        ('edvr_stage2', edvr_stage2_official, {}),
        ('edvr_stage2_wotsa', edvr_stage2_official, {'with_tsa': False}),
        ('edvr_stage2_predeblur_old', edvr_stage2_official, {'with_predeblur': True}),
        ('edvr_stage2_predeblur', edvr_stage2_basicsr, {'with_predeblur': True}),
        ('edvr_stage2_predeblur_wotsa', edvr_stage2_basicsr, {'with_predeblur': True, 'with_tsa': False}),
        ('edvr_predeblur_lr', edvr_stage2_basicsr, {'with_predeblur': True, 'hr_in': False}),
    ],
)
def test_it_equals_another_implementation(golden_root, name, source, options):
    golden = load_golden(golden_root, name)
    net = EDVRStage2Net(
        mid_channels=16, deform_groups=4, num_blocks_extraction=1, num_blocks_reconstruction=2, **options
    ).eval()
    net.load_state_dict(source.convert(golden['state_dict']))
    with torch.no_grad():
        assert_near(net(golden['input']), golden['output'])


@pytest.mark.parametrize(('hr_in', 'with_predeblur'), [(True, False), (True, True), (False, True)])
def test_it_is_upstreams_network_behind_another_stem(hr_in, with_predeblur):
    """Stem, pre-deblurring and the way through the layers written out; alignment and fusion are upstream's parts."""
    net = eq.randomised(EDVRStage2Net(**NARROW, hr_in=hr_in, with_predeblur=with_predeblur, num_frames=3))
    w, size = eq.weights_of(net), (32, 48) if hr_in else (8, 12)
    lqs = torch.rand(1, 3, 3, *size)
    with torch.no_grad():
        stem = eq.predeblur if with_predeblur else eq.strided
        frames = []
        for frame in lqs.unbind(1):
            level1 = stem(w['stem'], frame)
            assert level1.std() > 0.02
            level1 = eq.residual_stack(w['feature_extraction'], level1)
            level2, level3 = level1, None
            for level in (2, 3):
                for i, stride in ((1, 2), (2, 1)):
                    level2 = eq.lrelu(eq.conv(w[f'feat_l{level}_conv{i}']['conv'], level2, stride=stride))
                if level == 2:
                    middle = level2
            level3 = level2
            frames.append([level1, middle, level3])
        aligned = torch.stack([net.pcd_alignment(frame, frames[1]) for frame in frames], dim=1)
        x = eq.residual_stack(w['reconstruction'], net.fusion(aligned))
        for name in ('upsample1', 'upsample2'):
            x = eq.lrelu(torch.pixel_shuffle(eq.conv(w[name]['upsample_conv'], x), 2))
        x = eq.conv(w['conv_last'], eq.lrelu(eq.conv(w['conv_hr'], x)))
        assert x.std() > 0.02
        base = lqs[:, 1]
        if not hr_in:
            base = torch.nn.functional.interpolate(base, scale_factor=4, mode='bilinear', align_corners=False)
        torch.testing.assert_close(net(lqs), x + base, atol=2e-5, rtol=1e-4)
