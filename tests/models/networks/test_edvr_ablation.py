"""EDVR with less alignment."""

import equations as eq
import pytest
import torch
from checks import assert_vsr_net

from vsr_plugins.models.networks import EDVRAblatedNet
from vsr_plugins.models.networks.edvr_ablation import SingleAlignment

NARROW = dict(
    in_channels=3, out_channels=3, mid_channels=8, deform_groups=2, num_blocks_extraction=1,
    num_blocks_reconstruction=1, with_tsa=False,
)  # fmt: skip


@pytest.mark.parametrize('alignment', ['none', 'deformable', 'pcd'])
def test_contract(alignment):
    net = EDVRAblatedNet(alignment, **NARROW)
    for name, parameter in net.named_parameters():
        if 'conv_offset' in name:
            torch.nn.init.normal_(parameter, std=0.1)
    if alignment != 'pcd':
        # The coarse levels feed the alignment alone.
        for name, parameter in net.named_parameters():
            parameter.requires_grad_(not name.startswith(('feat_l2', 'feat_l3')))
    assert_vsr_net(net, t=5)


def test_without_alignment_a_moved_frame_is_fused_where_it_is():
    """With every layer of the alignment gone, features are those of each frame alone."""
    net = EDVRAblatedNet('none', **NARROW).eval()
    frames = torch.rand(1, 5, 3, 8, 8)
    seen = []
    net.fusion.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    with torch.no_grad():
        net(frames)
        alone = net.feature_extraction(net.lrelu(net.conv_first(frames[0])))
    torch.testing.assert_close(seen[0], alone.reshape(1, -1, 8, 8))


def test_one_deformable_convolution_is_its_layers():
    part = eq.randomised(SingleAlignment(8, 2), gain=1.5)
    w, x, y = eq.weights_of(part), torch.rand(1, 8, 9, 12), torch.rand(1, 8, 9, 12)
    with torch.no_grad():
        motion = eq.lrelu(eq.conv(w['motion_conv1'], torch.cat((x, y), dim=1)))
        motion = eq.lrelu(eq.conv(w['motion_conv2'], motion))
        expected = eq.lrelu(eq.deformable(w['deform'], x, motion))
        assert expected.std() > 0.02
        torch.testing.assert_close(part([x], [y]), expected, atol=2e-5, rtol=1e-4)


def test_an_alignment_that_is_not_known_is_named():
    with pytest.raises(ValueError, match="'flow'"):
        EDVRAblatedNet('flow', **NARROW)
