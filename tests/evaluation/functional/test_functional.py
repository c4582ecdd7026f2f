import math

import cv2
import mmcv
import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from vsr_plugins.evaluation.functional import luma, psnr, ssim


def pair(shape, seed=0, noise=5):
    rng = np.random.default_rng(seed)
    target = cv2.GaussianBlur(rng.random(shape), (0, 0), 2)
    target = np.round(255 * (target - target.min()) / np.ptp(target))
    return np.clip(target + rng.normal(0, noise, shape), 0, 255).round().astype(np.uint8), target.astype(np.uint8)


def test_luma_of_hand_typed_colours():
    colours = np.array([[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255]], np.uint8)
    np.testing.assert_allclose(luma(colours), [16, 235, 81.481, 144.553, 40.966], atol=1e-4)
    np.testing.assert_allclose(luma(colours[:, ::-1], 'bgr'), luma(colours), atol=1e-5)


def test_luma_equals_mmcv():
    image, _ = pair((20, 30, 3))
    expected = mmcv.bgr2ycbcr(image.astype(np.float32) / 255, y_only=True) * 255
    np.testing.assert_allclose(luma(image, 'bgr'), expected, atol=1e-4)


def test_full_range_luma_gives_another_psnr():
    """Grey of OpenCV differs from studio-range Y by 20 log10(255 / 219) = 1.32 dB."""
    prediction, target = pair((64, 64, 3))
    grey = [cv2.cvtColor(image.astype(np.float32), cv2.COLOR_RGB2GRAY) for image in (prediction, target)]
    assert psnr(luma(prediction), luma(target)) - psnr(*grey) == pytest.approx(20 * math.log10(255 / 219), abs=0.01)


def test_psnr_of_hand_typed_images():
    zeros, tens = np.zeros((4, 4), np.uint8), np.full((4, 4), 10, np.uint8)
    assert psnr(zeros, tens) == pytest.approx(20 * math.log10(25.5))
    assert psnr(tens, zeros) == psnr(zeros, tens)  # no wrap-around of unsigned integers
    assert psnr(tens, tens) == math.inf


@pytest.mark.parametrize('shape', [(40, 50), (40, 50, 3)])
def test_psnr_equals_scikit_image(shape):
    prediction, target = pair(shape)
    assert psnr(prediction, target) == pytest.approx(peak_signal_noise_ratio(target, prediction), abs=1e-6)


@pytest.mark.parametrize('noise', [0.5, 5, 60])
@pytest.mark.parametrize('shape', [(11, 11), (40, 57), (33, 47, 3)])
def test_ssim_equals_scikit_image(shape, noise):
    """Averaged over the region where the window fits, as in the authors' script."""
    prediction, target = pair(shape, noise=noise)
    options = dict(data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, win_size=11)
    channel_axis = 2 if len(shape) == 3 else None
    args = target.astype(np.float64), prediction.astype(np.float64)
    _, full = structural_similarity(*args, full=True, channel_axis=channel_axis, **options)
    assert ssim(prediction, target) == pytest.approx(full[5:-5, 5:-5].mean(), abs=5e-6)


@pytest.mark.parametrize('convert', ['y', None])
def test_both_equal_upstream(convert):
    from mmagic.evaluation.metrics.psnr import psnr as upstream_psnr
    from mmagic.evaluation.metrics.ssim import ssim as upstream_ssim

    prediction, target = pair((48, 60, 3))
    pictures = (luma(prediction, 'bgr'), luma(target, 'bgr')) if convert else (prediction, target)
    options = dict(convert_to=convert, channel_order='bgr')
    images = prediction.astype(np.float32), target.astype(np.float32)
    assert psnr(*pictures) == pytest.approx(upstream_psnr(*images, **options), abs=1e-4)
    assert ssim(*pictures) == pytest.approx(upstream_ssim(*images, **options), abs=5e-6)


def test_ssim_of_equal_images_is_one():
    image, _ = pair((30, 30))
    assert ssim(image, image) == pytest.approx(1, abs=1e-6)
    black = np.zeros((20, 20), np.uint8)
    assert ssim(black, black) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    ('function', 'shapes', 'message'),
    [
        (psnr, ((4, 4), (4, 5)), r'\(4, 4\) and \(4, 5\)'),
        (psnr, ((0, 4), (0, 4)), 'crop_border'),
        (ssim, ((10, 20), (10, 20)), '11 x 11'),
        (ssim, ((2, 20, 20, 3), (2, 20, 20, 3)), r'\(2, 20, 20, 3\)'),
    ],
)
def test_wrong_images_raise(function, shapes, message):
    with pytest.raises(ValueError, match=message):
        function(*(np.zeros(shape, np.uint8) for shape in shapes))


def test_wrong_colours_raise():
    with pytest.raises(ValueError, match='three channels'):
        luma(np.zeros((4, 4)))
    with pytest.raises(ValueError, match="'gbr'"):
        luma(np.zeros((4, 4, 3)), 'gbr')
