"""BasicVSR and RRDBNet of this package, compared with MMagic's classes on the same weights."""

import pytest
import torch
from mmagic.models.editors.basicvsr.basicvsr_net import BasicVSRNet as UpstreamBasicVSR
from mmagic.models.editors.basicvsr.basicvsr_net import SPyNet as UpstreamSPyNet
from mmagic.models.editors.esrgan.rrdb_net import RRDBNet as UpstreamRRDB

from vsr_plugins.models.alignment.spynet import SPyNet
from vsr_plugins.models.networks import BasicVSRNet, RRDBNet


def with_weights_of(ours, theirs):
    """Load their weights into ours by name; put both into evaluation mode."""
    torch.manual_seed(0)
    for parameter in theirs.parameters():
        # Change the initial weights: small kernels and zero biases would hide an omitted layer.
        if parameter.ndim > 1:
            torch.nn.init.kaiming_normal_(parameter, a=0.5)
            parameter.data.mul_(0.7)
        else:
            torch.nn.init.uniform_(parameter, -0.1, 0.1)
    ours.load_state_dict(theirs.state_dict(), strict=True)
    return ours.eval(), theirs.eval()


def frames(*shape):
    torch.manual_seed(1)
    return torch.nn.functional.interpolate(torch.rand(*shape[:-2], shape[-2] // 4, shape[-1] // 4).flatten(0, -4),
                                           shape[-2:], mode='bicubic').clamp(0, 1).reshape(shape)  # fmt: skip


def test_parameters():
    count = {kind: sum(p.numel() for p in kind().parameters()) for kind in (BasicVSRNet, RRDBNet, SPyNet)}
    assert count == {BasicVSRNet: 6_291_311, RRDBNet: 16_697_987, SPyNet: 1_440_300}


@pytest.mark.parametrize('size', [(64, 64), (65, 90)])
def test_spynet_is_upstreams(size):
    ours, theirs = with_weights_of(SPyNet(), UpstreamSPyNet(None))
    pair = frames(2, 3, *size)
    with torch.no_grad():
        expected = theirs(pair[:1], pair[1:])
        assert expected.std() > 0.01
        torch.testing.assert_close(ours(pair[:1], pair[1:]), expected, atol=2e-4, rtol=1e-3)


@pytest.mark.parametrize('length', [2, 5])
def test_basicvsr_is_upstreams(length):
    ours, theirs = with_weights_of(BasicVSRNet(8, 2), UpstreamBasicVSR(8, 2))
    clip = frames(2, length, 3, 64, 72)
    with torch.no_grad():
        expected = theirs(clip)
        skip = torch.nn.functional.interpolate(clip.flatten(0, 1), scale_factor=4, mode='bilinear')
        # The network's residual is not negligible.
        assert (expected.flatten(0, 1) - skip).std() > 0.02
        torch.testing.assert_close(ours(clip), expected, atol=2e-4, rtol=1e-3)


@pytest.mark.parametrize('shape', [(1, 1, 3, 5, 7), (1, 3, 3, 33, 20)])
def test_basicvsr_takes_any_size_and_length(shape):
    output = BasicVSRNet(4, 1)(torch.rand(shape))
    assert output.shape == (*shape[:-2], 4 * shape[-2], 4 * shape[-1]) and output.isfinite().all()


@pytest.mark.parametrize('scale', [1, 2, 4])
def test_rrdbnet_is_upstreams(scale):
    options = dict(mid_channels=8, num_blocks=2, growth_channels=4, upscale_factor=scale)
    ours, theirs = with_weights_of(RRDBNet(3, 3, **options), UpstreamRRDB(3, 3, **options))
    images = frames(2, 3, 24, 32)
    with torch.no_grad():
        expected = theirs(images)
        assert expected.std() > 0.01
        torch.testing.assert_close(ours(images), expected)
        # Frame by frame, also in a clip; and sizes that upstream's class does not take.
        torch.testing.assert_close(ours(images[None])[0], expected)
        assert ours(images[..., :23, :31]).shape == (2, 3, 23 * scale, 31 * scale)


def test_invalid_scales_of_rrdbnet_raise():
    with pytest.raises(ValueError, match='3'):
        RRDBNet(upscale_factor=3)
