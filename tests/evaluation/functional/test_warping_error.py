import cv2
import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from vsr_plugins.evaluation.functional import warping_error
from vsr_plugins.evaluation.functional.warping_error import pair_error, visible_pixels, warp


def picture(size=(80, 96)):
    rng = np.random.default_rng(0)
    image = cv2.GaussianBlur(rng.random((*size, 3)), (0, 0), 3)
    return np.round(40 + 150 * (image - image.min()) / np.ptp(image)).astype(np.uint8)


def flow(dx, dy, size=(6, 8)):
    return np.full((*size, 2), (dx, dy), np.float32)


def test_flicker_of_a_still_scene():
    """Frames 10, then 20 grey levels brighter than the previous one: mean of (10/255)^2 and (20/255)^2."""
    still = [picture()] * 3
    prediction = [picture(), picture() + 10, picture() + 30]
    assert warping_error(prediction, still) == pytest.approx((10**2 + 20**2) / 2 / 255**2, rel=1e-6)
    assert warping_error(still, still) == 0


def test_motion_is_not_flicker():
    """A pan by (3, 2) pixels has almost no error; the same frames have one with the motion of a still scene."""
    large = picture((100, 120))
    pan = [large[10 + 2 * i : 74 + 2 * i, 20 + 3 * i : 100 + 3 * i] for i in range(3)]
    change = float(np.mean((pan[0].astype(float) - pan[1]) ** 2)) / 255**2
    assert warping_error(pan, pan) < 0.02 * change
    assert warping_error(pan, [pan[0]] * 3) == pytest.approx(change, rel=0.1)
    flickering = [frame + np.uint8(10 * (i % 2)) for i, frame in enumerate(pan)]
    assert warping_error(flickering, pan) == pytest.approx((10 / 255) ** 2, rel=0.05)


def test_blur_has_a_lower_error_than_noise():
    rng = np.random.default_rng(1)
    still = [picture()] * 2
    noisy = [frame + rng.normal(0, 5, frame.shape) for frame in still]
    # The difference of two draws has twice the variance.
    assert warping_error(noisy, still) == pytest.approx(2 * 25 / 255**2, rel=0.05)
    assert warping_error([cv2.GaussianBlur(frame, (0, 0), 2) for frame in noisy], still) < 3 * 25 / 255**2 / 10


def test_visible_pixels_by_hand():
    """|w + w'|^2 against 0.01 (|w|^2 + |w'|^2) + 0.5, and the gradient of w against 0.01 |w|^2 + 0.002."""
    assert visible_pixels(flow(1, 0), flow(-1, 0)).all()
    assert not visible_pixels(flow(1, 0), flow(0, 0)).any()
    assert visible_pixels(flow(1, 0), flow(-0.30, 0)).all()  # 0.4900 < 0.5109
    assert not visible_pixels(flow(1, 0), flow(-0.28, 0)).any()  # 0.5184 > 0.5108
    for step, seen in ((0.04, True), (0.1, False)):
        forward = flow(0, 0)
        forward[:, 4:, 1] = step
        visible = visible_pixels(forward, -forward)
        assert visible[:, 3].all() == seen and visible[:, [0, 1, 2, 4, 5, 6, 7]].all()


def test_invisible_pixels_do_not_count():
    before, after = np.zeros((6, 8, 3)), np.full((6, 8, 3), 255.0)
    after[:, :4] = 51
    visible = np.zeros((6, 8), bool)
    visible[:, :4] = True
    assert pair_error(before, after, flow(0, 0), visible) == pytest.approx(0.04)
    assert pair_error(before, after, flow(0, 0), ~visible) == pytest.approx(1)
    assert pair_error(before, after, flow(0, 0), np.zeros((6, 8), bool)) == 0


def test_warping_equals_scipy():
    rng = np.random.default_rng(0)
    image, motion = rng.random((20, 30), np.float32), rng.normal(0, 4, (20, 30, 2)).astype(np.float32)
    y, x = np.mgrid[:20, :30]
    expected = map_coordinates(image, [y + motion[..., 1], x + motion[..., 0]], order=1, mode='nearest')
    # OpenCV's positions are multiples of 1/32 pixel.
    np.testing.assert_allclose(warp(image, motion), expected, atol=1 / 32)
    whole = np.round(motion)
    np.testing.assert_allclose(
        warp(image, whole),
        image[np.clip(y + whole[..., 1], 0, 19).astype(int), np.clip(x + whole[..., 0], 0, 29).astype(int)],
    )


@pytest.mark.parametrize(
    ('shapes', 'message'),
    [
        (((1, 20, 20, 3), (1, 20, 20, 3)), 'got 1'),
        (((2, 11, 20, 3), (2, 11, 20, 3)), r'12 x 12 .*\(11, 20, 3\)'),
        (((2, 20, 20, 3), (2, 20, 24, 3)), r'\(20, 20, 3\) and \(20, 24, 3\)'),
    ],
)
def test_wrong_clips_raise(shapes, message):
    with pytest.raises(ValueError, match=message):
        warping_error(*(np.zeros(shape, np.uint8) for shape in shapes))
