import math

import pytest
import torch

from vsr_plugins.models.blocks.splatting import splat_upsample


def brute_force(images, flow, scale):
    """Sum over all pixels with bilinear weights, pixel by pixel."""
    m, c, h, w = images.shape
    output = torch.zeros(m, c, h * scale, w * scale, dtype=images.dtype)
    for n in range(m):
        for y in range(h):
            for x in range(w):
                to_x = scale * (x + flow[n, 0, y, x].item())
                to_y = scale * (y + flow[n, 1, y, x].item())
                for q_y in range(math.floor(to_y) - 1, math.floor(to_y) + 3):
                    for q_x in range(math.floor(to_x) - 1, math.floor(to_x) + 3):
                        if 0 <= q_y < h * scale and 0 <= q_x < w * scale:
                            share = max(0, 1 - abs(to_x - q_x)) * max(0, 1 - abs(to_y - q_y))
                            output[n, :, q_y, q_x] += share * images[n, :, y, x]
    return output


@pytest.mark.parametrize('scale', [1, 2, 4])
def test_it_equals_a_loop_over_pixels(scale):
    torch.manual_seed(0)
    images = torch.rand(2, 3, 6, 7, dtype=torch.float64)
    flow = 3 * torch.randn(2, 2, 6, 7, dtype=torch.float64)
    flow[0, :, 0, :3] = torch.tensor([0.0, 1.0, -0.5])
    assert (splat_upsample(images, flow, scale) - brute_force(images, flow, scale)).abs().max() < 1e-12


def test_typed_values():
    image = torch.tensor([[[[1.0, 2.0]]]])
    flow = torch.zeros(1, 2, 1, 2)
    assert splat_upsample(image, flow, 2).tolist() == [[[[1, 0, 2, 0], [0, 0, 0, 0]]]]
    flow[0, 0] = torch.tensor([0.75, -0.25])  # both to 1.5 of the large grid
    assert splat_upsample(image, flow, 2).tolist() == [[[[0, 1.5, 1.5, 0], [0, 0, 0, 0]]]]
    flow[0, 0] = torch.tensor([-1.0, 9.0])  # both outside
    assert not splat_upsample(image, flow, 2).any()


def test_gradients():
    torch.manual_seed(0)
    images = torch.rand(1, 2, 3, 4, dtype=torch.float64, requires_grad=True)
    flow = torch.randn(1, 2, 3, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda i, f: splat_upsample(i, f, 3), (images, flow))


def test_half_precision_places_pixels_in_float32():
    images = torch.zeros(1, 1, 1, 600, dtype=torch.float16)
    images[..., 598] = 1
    flow = torch.zeros(1, 2, 1, 600, dtype=torch.float16)
    flow[:, 0] = 0.0625  # to 2392.25, between integers that float16 cannot distinguish
    output = splat_upsample(images, flow, 4)
    assert output.dtype == torch.float16
    assert output[0, 0, 0, 2391:2395].tolist() == [0, 0.75, 0.25, 0]
