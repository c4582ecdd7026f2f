"""Y inside networks, compared with typed values and another library."""

import numpy as np
import pytest
import torch
from skimage.color import rgb2ycbcr, ycbcr2rgb

from vsr_plugins.models.blocks.color import luma, run_in_color, with_luma
from vsr_plugins.models.blocks.resize import bicubic_upsample


def test_luma_of_known_colours():
    colours = torch.tensor([[0.0, 0, 0], [1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]]).reshape(5, 3, 1, 1)
    expected = torch.tensor([16, 235, 81.481, 144.553, 40.966]) / 255
    torch.testing.assert_close(luma(colours).flatten(), expected)


def test_luma_equals_scikit_image():
    frame = torch.rand(2, 3, 5, 6, dtype=torch.float64)
    expected = rgb2ycbcr(frame.numpy(), channel_axis=1)[:, :1] / 255
    torch.testing.assert_close(luma(frame), torch.from_numpy(expected))


def test_another_luma_leaves_the_chroma_alone():
    frame, y = torch.rand(3, 5, 6, dtype=torch.float64), torch.rand(1, 5, 6, dtype=torch.float64)
    ycbcr = rgb2ycbcr(frame.numpy(), channel_axis=0)
    ycbcr[:1] = y.numpy() * 255
    changed = with_luma(frame, y)
    np.testing.assert_allclose(changed.numpy(), ycbcr2rgb(ycbcr, channel_axis=0), atol=1e-9)
    torch.testing.assert_close(luma(changed), y)


@pytest.mark.parametrize('output', ['all', 'center'])
def test_rgb_through_a_network_of_one_channel(output):
    frames = torch.rand(2, 5, 3, 6, 7, dtype=torch.float64)

    def network(y):
        assert y.shape == (2, 5, 1, 6, 7)
        y = y if output == 'all' else y[:, 2]
        return y.repeat_interleave(2, -1).repeat_interleave(2, -2)

    result = run_in_color(network, frames, 'y', 2, output)
    shown = frames if output == 'all' else frames[:, 2]
    ycbcr = rgb2ycbcr(bicubic_upsample(shown, 2).numpy(), channel_axis=-3)
    y = rgb2ycbcr(shown.numpy(), channel_axis=-3)[..., :1, :, :]
    ycbcr[..., :1, :, :] = y.repeat(2, -1).repeat(2, -2)
    np.testing.assert_allclose(result.numpy(), ycbcr2rgb(ycbcr, channel_axis=-3), atol=1e-9)


def test_several_estimates_of_the_centre_share_its_chroma():
    frames = torch.rand(2, 3, 3, 6, 7)
    estimates = torch.rand(2, 4, 1, 12, 14)
    result = run_in_color(lambda _: estimates, frames, 'y', 2, 'center')
    for k in range(4):
        torch.testing.assert_close(result[:, k], run_in_color(lambda _, k=k: estimates[:, k], frames, 'y', 2, 'center'))


def test_frames_of_the_right_channels_go_straight_through():
    for color, channels in (('y', 1), ('rgb', 3)):
        frames = torch.rand(1, 2, channels, 4, 4)
        assert run_in_color(lambda x: x, frames, color, 1) is frames
    with pytest.raises(ValueError, match="'rgb' .* 3 channels, but got 1"):
        run_in_color(lambda x: x, torch.rand(1, 2, 1, 4, 4), 'rgb', 1)
    with pytest.raises(ValueError, match="'bgr'"):
        run_in_color(lambda x: x, torch.rand(1, 2, 3, 4, 4), 'bgr', 1)
