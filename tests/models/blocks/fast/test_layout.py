import copy

import pytest
import torch
from torch import nn

from vsr_plugins.inference.predictor import VideoPredictor
from vsr_plugins.models import LatentAttentionNet
from vsr_plugins.models.blocks.fast.layout import keep_channels_last


@pytest.mark.parametrize(
    ('layers', 'size', 'layout'),
    [
        ((nn.Conv2d, nn.ConvTranspose2d), (5, 6), torch.channels_last),
        ((nn.Conv3d, nn.ConvTranspose3d), (4, 5, 6), torch.channels_last_3d),
    ],
)
def test_weights_of_convolutions_keep_their_values_and_stay_in_place(layers, size, layout):
    conv, deconv = layers
    net = nn.Sequential(conv(4, 6, 3), nn.ReLU(), deconv(6, 4, 2), conv(4, 2, 1))
    before = copy.deepcopy(net)
    keep_channels_last(net)
    x = torch.rand(1, 4, *size)
    torch.testing.assert_close(net(x), before(x))
    net.load_state_dict(before.state_dict())
    for layer in (net[0], net[2], copy.deepcopy(net)[0]):
        assert layer.weight.is_contiguous(memory_format=layout) and not layer.weight.is_contiguous()


def test_a_network_of_2d_and_3d_convolutions_is_predicted_in_it():
    network = VideoPredictor(LatentAttentionNet(mid_channels=8, num_layers=4, attn_layout='LS')).network
    assert network.convs[0].weight.is_contiguous(memory_format=torch.channels_last_3d)
    planes = [part for part in network.modules() if isinstance(part, nn.Conv2d)]
    assert planes and all(part.weight.is_contiguous(memory_format=torch.channels_last) for part in planes)
