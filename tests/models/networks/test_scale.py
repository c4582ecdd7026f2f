"""The scale of a network, as it stands in a config."""

import pytest
import torch

from vsr_plugins import models

# With the least of everything else, and the frames they take.
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
def test_a_whole_number_in_whatever_form(name):
    options, t = NETWORKS[name]
    net = getattr(models, name)(**options, scale=2.0)
    assert net(torch.rand(1, t, 3, 8, 12)).shape[-2:] == (16, 24)
    assert net.scale == 2 and isinstance(net.scale, int)


@pytest.mark.parametrize('scale', [0, 2.5, float('nan'), '4', None])
@pytest.mark.parametrize('name', NETWORKS)
def test_no_other(name, scale):
    with pytest.raises(ValueError, match=f'scale must be a whole number of at least 1, but got {scale!r}'):
        getattr(models, name)(**NETWORKS[name][0], scale=scale)
