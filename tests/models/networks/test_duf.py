"""DUF, compared with published parameter counts and another implementation's outputs."""

import pytest
import torch
from checks import assert_vsr_net
from goldens import assert_near, load_golden

from vsr_plugins.checkpoints.converters.duf_basicsr import convert
from vsr_plugins.models.blocks.dynamic_upsampling import dynamic_upsample
from vsr_plugins.models.networks.duf import DenseBlock3d, DUFNet


@pytest.mark.parametrize(('num_layers', 'parameters'), [(16, 1_900_640), (28, 2_118_432), (52, 5_821_952)])
def test_parameters_are_the_published_ones(num_layers, parameters):
    with torch.device('meta'):
        net = DUFNet(num_layers)
    assert sum(p.numel() for p in net.parameters()) == parameters


@pytest.mark.parametrize('scale', [2, 4])
def test_contract(scale):
    assert_vsr_net(DUFNet(16, scale=scale), t=7, size=(9, 8))


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match=r'\[16, 28, 52\], but got 20'):
        DUFNet(20)
    with pytest.raises(ValueError, match='7 frames, but got 5'):
        DUFNet(16)(torch.rand(1, 5, 3, 8, 8))


def test_a_filter_of_one_tap_moves_the_frame():
    frame = torch.arange(12.0).reshape(1, 1, 3, 4)
    filters = torch.zeros(1, 9, 4, 3, 4)
    filters[:, 5, 0] = 1  # right neighbour, into the upper left sub-pixel
    filters[:, 1, 3] = 1  # upper neighbour, into the lower right one
    output = dynamic_upsample(frame, filters, scale=2)
    assert output[0, 0, ::2, ::2].tolist() == [[1, 2, 3, 0], [5, 6, 7, 0], [9, 10, 11, 0]]
    assert output[0, 0, 1::2, 1::2].tolist() == [[0, 0, 0, 0], [0, 1, 2, 3], [4, 5, 6, 7]]
    assert not output[0, 0, ::2, 1::2].any()
    with pytest.raises(ValueError, match='odd k'):
        dynamic_upsample(frame, torch.zeros(1, 16, 4, 3, 4), scale=2)


@pytest.mark.golden
@pytest.mark.parametrize(('bn_eps', 'key'), [(1e-5, 'output'), (1e-3, 'output_eps1e-3')])
def test_it_equals_another_implementation(golden_root, bn_eps, key):
    golden = load_golden(golden_root, 'duf16')
    net = DUFNet(16, bn_eps=bn_eps).eval()
    net.load_state_dict(convert(golden['state_dict']))
    with torch.no_grad():
        assert_near(net(golden['input']), golden[key])


@pytest.mark.golden
def test_its_parts_equal_another_implementation(golden_root):
    golden = load_golden(golden_root, 'duf_parts')
    names = {'0': 'norm1', '2': 'conv1', '3': 'norm2', '5': 'conv2'}
    blocks = [DenseBlock3d(8 + 4 * i, 4, pad_time=i < 2).eval() for i in range(5)]
    prefixes = [('dense', f'dense_blocks.{i}.') for i in range(2)]
    prefixes += [('reduce', f'temporal_reduce{i}.') for i in (1, 2, 3)]
    x = golden['input']
    for block, (part, prefix) in zip(blocks, prefixes, strict=True):
        weights = {k[len(prefix) :]: v for k, v in golden['state_dict'][part].items() if k.startswith(prefix)}
        block.load_state_dict({names[k.split('.')[0]] + '.' + k.split('.')[1]: v for k, v in weights.items()})
        with torch.no_grad():
            x = block(x)
        if prefix == 'dense_blocks.1.':
            assert_near(x, golden['dense_out'])
    assert_near(x, golden['output'])
    upsampled = dynamic_upsample(golden['dyn_image'], golden['dyn_filters'], scale=4)
    assert_near(upsampled, torch.pixel_shuffle(golden['dyn_out'], 4))
