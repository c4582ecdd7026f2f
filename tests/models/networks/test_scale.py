"""The argument ``scale`` of networks in configs."""

import pytest
import torch

from vsr_plugins import models

# Minimal other arguments, and the frames the networks take.
NETWORKS = {
    'DUFNet': ({'num_layers': 16}, 7),
    'ESPCNNet': ({}, 1),
    'FRVSRNet': ({'num_blocks': 1}, 2),
    'FSRCNNNet': ({}, 1),
    'LatentAttentionNet': ({'mid_channels': 8, 'num_layers': 2, 'attn_layout': ''}, 2),
    'SPMCNet': ({}, 3),
    'TemporalAdaptiveNet': ({'num_branches': 1}, 1),
    'VESPCNNet': ({}, 3),
    'VSRNet': ({'motion_compensation': 'none'}, 5),
    'ZoomingSlowMoNet': ({'mid_channels': 8, 'deform_groups': 2, 'num_blocks_reconstruction': 1}, 2),
}


@pytest.mark.parametrize('name', NETWORKS)
def test_integers_of_any_type_are_accepted(name):
    options, t = NETWORKS[name]
    net = getattr(models, name)(**options, scale=2.0)
    assert net(torch.rand(1, t, 3, 8, 12)).shape[-2:] == (16, 24)
    assert net.scale == 2 and isinstance(net.scale, int)


@pytest.mark.parametrize('scale', [0, 2.5, float('nan'), '4', None])
@pytest.mark.parametrize('name', NETWORKS)
def test_other_scales_raise(name, scale):
    with pytest.raises(ValueError, match=f'scale .* got {scale!r}'):
        getattr(models, name)(**NETWORKS[name][0], scale=scale)
