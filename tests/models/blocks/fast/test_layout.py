import copy

import torch
from torch import nn

from vsr_plugins.models.blocks.fast.layout import keep_channels_last_3d


def test_weights_of_3d_convolutions_keep_their_values_and_stay_in_place():
    net = nn.Sequential(nn.Conv3d(4, 6, 3), nn.ReLU(), nn.ConvTranspose3d(6, 4, 2), nn.Conv3d(4, 2, 1))
    before = copy.deepcopy(net)
    keep_channels_last_3d(net)
    x = torch.rand(1, 4, 4, 5, 6)
    torch.testing.assert_close(net(x), before(x))
    net.load_state_dict(before.state_dict())
    for layer in (net[0], net[2], copy.deepcopy(net)[0]):
        assert layer.weight.is_contiguous(memory_format=torch.channels_last_3d) and not layer.weight.is_contiguous()
