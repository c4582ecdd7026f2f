import pytest
import torch

from vsr_plugins.models.blocks.resize import bicubic_upsample, pad_to_multiple


@pytest.mark.parametrize('scale', [1, 2, 3, 4])
@pytest.mark.parametrize('size', [(1, 1), (2, 5), (9, 12)])
def test_a_constant_stays_constant(scale, size):
    frames = torch.full((1, 2, 3, *size), 0.25)
    torch.testing.assert_close(
        bicubic_upsample(frames, scale), torch.full((1, 2, 3, size[0] * scale, size[1] * scale), 0.25)
    )


def test_kernel_is_a_half():
    """Doubling an impulse: the cubic kernel with a = -0.5 at distances 1/4, 3/4, 5/4 and 7/4."""
    impulse = torch.zeros(1, 1, 1, 9)
    impulse[..., 4] = 1
    row = bicubic_upsample(impulse, 2)[0, 0, 0]
    expected = torch.tensor(
        [-0.0234375, -0.0703125, 0.2265625, 0.8671875, 0.8671875, 0.2265625, -0.0703125, -0.0234375]
    )
    torch.testing.assert_close(row[5:13], expected, atol=1e-6, rtol=0)


def test_the_border_is_mirrored_with_its_edge_pixel():
    frames = torch.rand(1, 1, 4, 6)
    mirrored = torch.cat((frames.flip(-1), frames, frames.flip(-1)), dim=-1)
    torch.testing.assert_close(bicubic_upsample(frames, 3), bicubic_upsample(mirrored, 3)[..., 18:36])


def test_half_precision_comes_back_as_it_went_in():
    assert bicubic_upsample(torch.rand(1, 3, 4, 4).bfloat16(), 2).dtype is torch.bfloat16


def test_padding_repeats_the_last_row_and_column():
    frames = torch.arange(6.0).reshape(1, 1, 1, 2, 3)
    expected = torch.tensor([[0.0, 1, 2, 2], [3, 4, 5, 5], [3, 4, 5, 5], [3, 4, 5, 5]])
    torch.testing.assert_close(pad_to_multiple(frames, 4)[0, 0, 0], expected)
    assert pad_to_multiple(frames, 1) is frames
