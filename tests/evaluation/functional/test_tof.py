import cv2
import numpy as np
import pytest

from vsr_plugins.degradation import blur_downsample
from vsr_plugins.evaluation.functional import tof
from vsr_plugins.evaluation.functional.tof import _inside
from vsr_plugins.media.images.image_files import list_images, read_rgb


def moving(*offsets, size=(96, 128), seed=0):
    """Crop frames from a smooth image so that its content moves by the offsets."""
    rng = np.random.default_rng(seed)
    picture = cv2.GaussianBlur(rng.random((size[0] + 40, size[1] + 40, 3)), (0, 0), 3)
    picture = np.round(255 * (picture - picture.min()) / np.ptp(picture)).astype(np.uint8)
    return [picture[20 - dy : 20 - dy + size[0], 20 - dx : 20 - dx + size[1]] for dx, dy in offsets]


def test_known_motions():
    """(3, 1) and (0, 1) differ by 3 pixels, (3, 4) and (0, 0) by 5; the mean over both pairs is 4."""
    assert tof(moving((0, 0), (3, 1)), moving((0, 0), (0, 1))) == pytest.approx(3, rel=0.03)
    assert tof(moving((0, 0), (3, 4)), moving((0, 0), (0, 0))) == pytest.approx(5, rel=0.03)
    clips = moving((0, 0), (3, 1), (6, 5)), moving((0, 0), (0, 1), (0, 1))
    assert tof(*clips) == pytest.approx(4, rel=0.03)


def test_the_formula_of_the_authors_written_out():
    """Of 64 x 96 pixels the central 32 x 64 are used."""
    prediction, target = moving((0, 0), (2, -1), size=(64, 96)), moving((0, 0), (1, 1), size=(64, 96), seed=1)
    first, second = (
        cv2.calcOpticalFlowFarneback(
            *(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in clip),
            None,
            pyr_scale=0.5,
            levels=3,
            winsize=15,
            iterations=3,
            poly_n=5,
            poly_sigma=1.2,
            flags=0,
        )[16:48, 16:80]
        for clip in (prediction, target)
    )
    expected = np.sqrt(((first - second) ** 2).sum(-1)).mean()
    assert tof(prediction, target) == pytest.approx(float(expected), rel=1e-6)
    assert tof([f[..., ::-1] for f in prediction], [f[..., ::-1] for f in target], 'bgr') == tof(prediction, target)


@pytest.mark.parametrize(
    ('size', 'top_left', 'inside'),
    [((576, 720), (16, 8), (544, 704)), ((480, 704), (16, 16), (448, 672)), ((48, 79), (8, 23), (32, 32))],
)
def test_the_border_of_the_authors(size, top_left, inside):
    middle = _inside(np.stack(np.mgrid[: size[0], : size[1]], axis=-1))
    assert middle.shape[:2] == inside and tuple(middle[0, 0]) == top_left


def test_frames_are_rounded_to_8_bit():
    prediction, target = moving((0, 0), (2, -1)), moving((0, 0), (1, 1))
    assert tof([frame + 0.4 for frame in prediction], target) == tof(prediction, target)


@pytest.mark.parametrize(
    ('shapes', 'message'),
    [
        (((1, 64, 64, 3), (1, 64, 64, 3)), 'tOF .* got 1'),
        (((2, 64, 64, 3), (3, 64, 64, 3)), '2 predicted frames, but 3'),
        (((2, 64, 64, 3), (2, 64, 65, 3)), r'\(64, 64, 3\) and \(64, 65, 3\)'),
        (((2, 47, 64, 3), (2, 47, 64, 3)), r'48 x 48 .*\(47, 64, 3\)'),
        (((2, 64, 64), (2, 64, 64)), r'\(64, 64\)'),
    ],
)
def test_wrong_clips_raise(shapes, message):
    with pytest.raises(ValueError, match=message):
        tof(*(np.zeros(shape, np.uint8) for shape in shapes))


@pytest.mark.slow
@pytest.mark.realdata
def test_bicubic_on_vid4_is_near_the_published_value(data_root):
    """TecoGAN's table has 5.578 for bicubic (ten times tOF; quoted as generally known, not looked up).

    Low resolution as in the authors' code (9 taps of a Gaussian of sigma 1.5, every fourth pixel). The authors do
    not state the bicubic filter: with a = -0.5 tOF is 0.571, with a = -0.75 it is 0.545.
    """
    found = {}
    for a in (-0.5, -0.75):
        of_clips = []
        for clip in ('calendar', 'city', 'foliage', 'walk'):
            truth = [read_rgb(path) for path in list_images(data_root / 'Vid4' / 'GT' / clip)[2:-2]]
            low = [blur_downsample(frame, 4, 1.5, kernel_size=9) for frame in truth]
            of_clips.append(tof([upsample(frame, a) for frame in low], truth))
        found[a] = np.mean(of_clips)
    assert found[-0.75] < 0.5578 < found[-0.5]
    assert found == pytest.approx({-0.5: 0.571, -0.75: 0.545}, abs=0.002)


def upsample(image, a):
    """Upsample four times by the cubic kernel with parameter ``a``; output pixels 0, 4, 8, ... are the input's."""
    for axis in (0, 1):
        size = image.shape[axis]
        matrix = np.zeros((4 * size, size))
        for row in range(4 * size):
            for tap in range(row // 4 - 1, row // 4 + 3):
                d = abs(row / 4 - tap)
                near, far = (a + 2) * d**3 - (a + 3) * d**2 + 1, a * (d**3 - 5 * d**2 + 8 * d - 4)
                matrix[row, min(max(tap, 0), size - 1)] += near if d <= 1 else far * (d < 2)
        image = np.moveaxis(np.tensordot(matrix, image.astype(np.float64), (1, axis)), 0, axis)
    return np.clip(np.round(image), 0, 255).astype(np.uint8)
