"""Convert weights of other implementations for upstream's networks BasicVSR and RRDBNet."""

import re

import numpy as np
import pytest
import torch
from mmagic.models.editors import BasicVSRNet
from mmagic.models.editors.esrgan.rrdb_net import RRDBNet
from torch import nn

from vsr_plugins.checkpoints.conversion import convert_state_dict, read_released
from vsr_plugins.checkpoints.ncnn_files import read_ncnn
from vsr_plugins.cli import main

# Names in the released files -> names in the network.
NAMES = {
    'spynet.mean': 'spynet.mean',
    'spynet.basic_module.0.basic_module.0.weight': 'spynet.basic_module.0.basic_module.0.conv.weight',
    'spynet.basic_module.5.basic_module.8.bias': 'spynet.basic_module.5.basic_module.4.conv.bias',
    'spynet.basic_module.2.basic_module.4.bias': 'spynet.basic_module.2.basic_module.2.conv.bias',
    'forward_trunk.main.0.weight': 'forward_resblocks.main.0.weight',
    'backward_trunk.main.2.1.conv2.bias': 'backward_resblocks.main.2.1.conv2.bias',
    'fusion.bias': 'fusion.bias',
    'upconv1.weight': 'upsample1.upsample_conv.weight',
    'upconv2.bias': 'upsample2.upsample_conv.bias',
    'conv_hr.weight': 'conv_hr.weight',
    'conv_last.bias': 'conv_last.bias',
}


def as_basicsr_names(name):
    name = re.sub(r'(?<=basic_module\.)(\d)\.conv', lambda match: str(2 * int(match[1])), name)
    return name.replace('_resblocks', '_trunk').replace('upsample1.upsample_', 'up').replace('2.upsample_conv', '2')


def basicsr_weights(net):
    theirs = {as_basicsr_names(name): value for name, value in net.state_dict().items()}
    return {
        name.replace('upconv', 'upconv1.').replace('upsample2', 'upconv2').replace('..', '.'): value
        for name, value in theirs.items()
    }


@pytest.mark.parametrize(('width', 'blocks'), [(64, 2), (8, 1)])
def test_basicvsr(width, blocks):
    net = BasicVSRNet(width, blocks)
    expected = net.state_dict()
    theirs = basicsr_weights(net)
    converted = convert_state_dict('basicvsr_basicsr', dict(reversed(theirs.items())))
    assert list(converted) == list(expected)
    for ours in expected:
        assert torch.equal(converted[ours], expected[ours]), ours
    net.load_state_dict(converted)
    for theirs_name, ours in NAMES.items():
        if blocks == 2:
            assert theirs[theirs_name] is not None and torch.equal(converted[ours], theirs[theirs_name])


def test_other_weights_are_not_a_basicvsr():
    weights = basicsr_weights(BasicVSRNet(8, 1))
    for change, value in (
        ({'conv_last.bias': torch.zeros(4)}, 'conv_last.bias'),
        ({'edvr.conv_first.weight': torch.zeros(4)}, 'edvr.conv_first.weight'),
        ({'conv_hr.weight': torch.zeros(64, 64, 3, 3, dtype=torch.int8)}, 'conv_hr.weight'),
    ):
        with pytest.raises(ValueError, match=value):
            convert_state_dict('basicvsr_basicsr', weights | change)
    del weights['upconv2.bias']
    with pytest.raises(ValueError, match='upsample2.upsample_conv.bias'):
        convert_state_dict('basicvsr_basicsr', weights)


def write_ncnn(folder, net, half=True):
    """Write the convolutions of ``net``, in the order of their creation, as ncnn does."""
    lines, data = ['Input data 0 1 data 0=8 1=8 2=3'], b''
    for index, conv in enumerate(module for module in net.modules() if isinstance(module, nn.Conv2d)):
        weight, bias = conv.weight.detach().numpy(), conv.bias.detach().numpy()
        arguments = f'0={len(bias)} 1=3 4=1 5=1 6={weight.size} 9=2 -23310=1,2.000000e-01'
        lines += [
            f'Split split_{index} 1 2 {index} {index}_0 {index}_1',
            f'Convolution Conv_{index} 1 1 {index}_0 {index + 1} {arguments}',
        ]
        if half:
            packed = weight.astype('<f2').tobytes()
            data += b'\x47\x6b\x30\x01' + packed + bytes(-len(packed) % 4)
        else:
            data += bytes(4) + weight.astype('<f4').tobytes()
        data += bias.astype('<f4').tobytes()
    (folder / 'net.param').write_text('\n'.join(['7767517', f'{len(lines)} 99', *lines]) + '\n')
    (folder / 'net.bin').write_bytes(data)


def rrdbnet(width=5, growth=3, blocks=2):
    torch.manual_seed(0)
    return RRDBNet(3, 3, width, blocks, growth)


@pytest.mark.parametrize('half', [True, False])
def test_rrdbnet(tmp_path, half):
    net = rrdbnet()
    for parameter in net.parameters():
        nn.init.normal_(parameter)
    write_ncnn(tmp_path, net, half)
    ours = read_released('rrdbnet_ncnn', tmp_path / 'net.bin')
    assert list(ours) == list(net.state_dict())
    for name, value in net.state_dict().items():
        assert torch.equal(ours[name], value.half().float() if half and name.endswith('weight') else value), name
        assert ours[name].dtype == torch.float32
    net.load_state_dict(ours)
    output = tmp_path / 'ours.safetensors'
    assert main(['convert', '--from', 'rrdbnet_ncnn', str(tmp_path / 'net.param'), str(output)]) == 0


def test_a_convolution_of_ncnn_by_hand(tmp_path):
    """Kernels of one row on one channel: two of two values, then one of three, padded by two bytes."""
    (tmp_path / 'a.param').write_text('7767517\n1 2\nConvolution c 1 1 in out 0=2 1=2 11=1 5=1 6=4\n')
    bias = bytes.fromhex('0000003f 000000bf')
    (tmp_path / 'a.bin').write_bytes(bytes.fromhex('476b3001 003c 0040 0042 0044') + bias)
    read = read_ncnn(tmp_path / 'a.param', tmp_path / 'a.bin')
    assert read['c.weight'].tolist() == [[[[1, 2]]], [[[3, 4]]]]
    assert read['c.bias'].tolist() == [0.5, -0.5]
    (tmp_path / 'a.param').write_text('7767517\n1 2\nConvolution c 1 1 in out 0=1 1=3 11=1 5=1 6=3\n')
    (tmp_path / 'a.bin').write_bytes(bytes.fromhex('476b3001 003c 0040 0042 ffff') + bias[:4])
    read = read_ncnn(tmp_path / 'a.param', tmp_path / 'a.bin')
    assert read['c.weight'].tolist() == [[[[1, 2, 3]]]] and read['c.bias'].tolist() == [0.5]


def test_broken_ncnn_files_are_one_error(tmp_path):
    write_ncnn(tmp_path, rrdbnet(2, 1, 1))
    param, bin = tmp_path / 'net.param', tmp_path / 'net.bin'
    text, data = param.read_text(), bin.read_bytes()
    for size in (0, 2, 4, 30, len(data) // 2, len(data) - 1):
        bin.write_bytes(data[:size])
        with pytest.raises(ValueError, match=rf'net\.bin \({size} bytes\)'):
            read_ncnn(param, bin)
    bin.write_bytes(data + bytes(4))
    with pytest.raises(ValueError, match=str(len(data) + 4)):
        read_ncnn(param, bin)
    bin.write_bytes(bytes.fromhex('384b0d00') + data[4:])
    with pytest.raises(ValueError, match='0x000d4b38'):
        read_ncnn(param, bin)
    bin.write_bytes(data)
    lines = text.splitlines()
    for broken, value in (
        (text.replace('7767517', '7767518', 1), 'net.param'),
        ('\n'.join(lines[:-1]), str(len(lines) - 3)),
        ('', 'net.param'),
        (text.replace('1=3', '1=x', 1), '1=x'),
        (text.replace('6=', '6=1', 1), 'Conv_0'),
        (text.replace('Split split_1 ', 'PReLU slope ', 1), 'PReLU'),
    ):
        param.write_text(broken)
        with pytest.raises(ValueError, match=value):
            read_ncnn(param, bin)
    param.write_bytes(np.arange(200, dtype=np.uint8).tobytes())
    with pytest.raises(ValueError, match='200 bytes'):
        read_ncnn(param, bin)
    param.unlink()
    with pytest.raises(FileNotFoundError, match=r'net\.param'):
        read_released('rrdbnet_ncnn', bin)
    with pytest.raises(ValueError, match=r'net\.pth'):
        read_released('rrdbnet_ncnn', tmp_path / 'net.pth')


def test_other_convolutions_are_not_an_rrdbnet():
    net = rrdbnet(4, 2, 1)
    convs = [module for module in net.modules() if isinstance(module, nn.Conv2d)]
    weights = {
        f'c{i}.{kind}': getattr(conv, kind).detach() for i, conv in enumerate(convs) for kind in ('weight', 'bias')
    }
    assert list(convert_state_dict('rrdbnet_ncnn', weights)) == list(net.state_dict())
    fewer = {name: value for name, value in weights.items() if not name.startswith('c20.')}
    with pytest.raises(ValueError, match='20 convolutions'):
        convert_state_dict('rrdbnet_ncnn', fewer)
    with pytest.raises(ValueError, match='conv_up1.weight'):
        convert_state_dict('rrdbnet_ncnn', weights | {'c17.weight': torch.zeros(4, 5, 3, 3)})
