import cv2
import numpy as np
import pytest
import torch

from vsr_plugins.models.blocks.warping import flow_warp, pixel_grid, shift_pixels


def constant_flow(dx, dy, h, w, n=1):
    return torch.tensor([dx, dy], dtype=torch.float32).reshape(1, 2, 1, 1).expand(n, 2, h, w)


def test_flow_of_hand_typed_values():
    image = torch.tensor([[[[0.0, 1.0, 4.0], [10.0, 20.0, 40.0]]]])
    right = torch.tensor([[[[1.0, 4.0, 4.0], [20.0, 40.0, 40.0]]]])
    down = torch.tensor([[[[10.0, 20.0, 40.0], [10.0, 20.0, 40.0]]]])
    half_right = torch.tensor([[[[0.5, 2.5, 4.0], [15.0, 30.0, 40.0]]]])
    for dx, dy, expected in [(1, 0, right), (0, 1, down), (0.5, 0, half_right)]:
        torch.testing.assert_close(flow_warp(image, constant_flow(dx, dy, 2, 3)), expected)
    zeros = flow_warp(image, constant_flow(1, 0, 2, 3), padding_mode='zeros')
    torch.testing.assert_close(zeros, torch.tensor([[[[1.0, 4.0, 0.0], [20.0, 40.0, 0.0]]]]), atol=1e-5, rtol=0)


def test_shift_of_hand_typed_values():
    image = torch.arange(6.0).reshape(1, 1, 2, 3)
    shift = torch.tensor([[[[1, -1, 0], [2, 0, -9]], [[0, 1, 5], [-1, 0, 0]]]])
    assert shift_pixels(image, shift).tolist() == [[[[1.0, 3.0, 5.0], [2.0, 4.0, 3.0]]]]


def test_flow_like_opencv():
    rng = np.random.default_rng(0)
    image = rng.random((11, 17)).astype(np.float32)
    flow = rng.uniform(-4, 4, (2, 11, 17)).astype(np.float32)
    x, y = np.meshgrid(np.arange(17, dtype=np.float32), np.arange(11, dtype=np.float32))
    # OpenCV rounds positions to 1/32 pixel; these are multiples of it.
    flow = np.round(flow * 32) / 32
    expected = cv2.remap(image, x + flow[0], y + flow[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    warped = flow_warp(torch.from_numpy(image)[None, None], torch.from_numpy(flow)[None])
    torch.testing.assert_close(warped[0, 0], torch.from_numpy(expected), atol=1e-5, rtol=0)


@pytest.mark.parametrize('size', [(1, 1), (1, 7), (6, 1)])
def test_images_one_pixel_wide(size):
    image = torch.rand(1, 2, *size)
    torch.testing.assert_close(flow_warp(image, constant_flow(0, 0, *size)), image)
    assert not flow_warp(image, constant_flow(0, 9, *size), padding_mode='zeros').any()


def test_gradients():
    torch.manual_seed(0)
    image = torch.rand(2, 2, 4, 5, dtype=torch.float64, requires_grad=True)
    flow = (torch.rand(2, 2, 4, 5, dtype=torch.float64) * 0.8 + 0.1).requires_grad_()
    assert torch.autograd.gradcheck(lambda a, b: flow_warp(a, b, 'zeros'), (image, flow))


def test_mixed_precision_samples_in_float32():
    image, flow = torch.rand(1, 1, 9, 300), constant_flow(0.3, 0, 9, 300)
    expected = flow_warp(image, flow)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        torch.testing.assert_close(flow_warp(image, flow), expected)
        assert flow_warp(image.bfloat16(), flow).dtype == torch.bfloat16


def test_grid_has_x_first():
    assert pixel_grid(2, 3).tolist() == [[[[0, 1, 2], [0, 1, 2]], [[0, 0, 0], [1, 1, 1]]]]


def test_wrong_arguments_are_named():
    image = torch.rand(1, 3, 4, 5)
    for function in (flow_warp, shift_pixels):
        with pytest.raises(ValueError, match=r'\(1, 4, 5, 2\)'):
            function(image, torch.zeros(1, 4, 5, 2))
    with pytest.raises(ValueError, match='reflection'):
        flow_warp(image, torch.zeros(1, 2, 4, 5), 'reflection')
