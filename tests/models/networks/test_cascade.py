"""Networks one after the other."""

import pytest
import torch
from checks import assert_vsr_net

from vsr_plugins.models import BicubicNet, CascadeNet

HALF = dict(type='ESPCNNet', mid_channels=(4, 3), scale=2)


@pytest.mark.parametrize(
    ('stages', 'scale'),
    [([HALF, HALF], 4), ([dict(HALF, scale=1), dict(HALF, scale=4)], 4), ([HALF, dict(HALF, scale=3)], 6), ([HALF], 2)],
)
def test_contract(stages, scale):
    net = CascadeNet(stages)
    assert net.scale == scale
    assert_vsr_net(net, t=2, size=(8, 9))


def test_each_stage_works_on_the_output_of_the_one_before():
    net = CascadeNet([HALF, dict(HALF, scale=1, global_residual=True)]).eval()
    frames = torch.rand(1, 2, 3, 5, 6)
    torch.testing.assert_close(net(frames), net.stages[1](net.stages[0](frames)))
    # Two bicubic steps of two are not one of four.
    twice = CascadeNet([dict(type='BicubicNet', scale=2)] * 2)(frames)
    torch.testing.assert_close(twice, BicubicNet(2)(BicubicNet(2)(frames)))
    assert (twice - BicubicNet(4)(frames)).abs().max() > 1e-3


def test_the_three_ways_to_x4_have_equally_many_parameters():
    """The configs of configs/cascade, within a hundredth."""
    wide, narrow = (
        dict(type='ESPCNNet', activation='relu'),
        dict(type='ESPCNNet', activation='relu', mid_channels=(64, 16)),
    )
    ways = [
        [dict(wide, num_blocks=4, scale=4)],
        [dict(narrow, num_blocks=2, scale=2)] * 2,
        [dict(narrow, num_blocks=2, scale=1, global_residual=True), dict(narrow, num_blocks=2, scale=4)],
    ]
    counts = [sum(p.numel() for p in CascadeNet(way).parameters()) for way in ways]
    assert counts == [320_176, 318_376, 319_681]


def test_wrong_stages_are_named():
    with pytest.raises(ValueError, match='none'):
        CascadeNet([])
    with pytest.raises(ValueError, match='VESPCNNet'):
        CascadeNet([dict(type='VESPCNNet')])
