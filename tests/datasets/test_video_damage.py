"""Blur and compression while loading."""

import numpy as np
import pytest

from vsr_plugins.datasets.transforms import BlurMotion, CompressVideo
from vsr_plugins.datasets.transforms.video_damage import average_in_time, compress


def moving(count=5, size=(48, 64)):
    """Smooth texture that moves one pixel a frame."""
    y, x = np.mgrid[: size[0], : size[1] + count]
    texture = 128 + 60 * np.sin(x / 5) + 40 * np.cos(y / 7)
    texture = np.stack((texture, texture[::-1], 255 - texture), axis=2).clip(0, 255).astype(np.uint8)
    return [np.ascontiguousarray(texture[:, i : i + size[1]]) for i in range(count)]


def psnr(a, b):
    return 10 * np.log10(255**2 / np.mean((np.stack(a).astype(float) - np.stack(b)) ** 2))


def test_a_frame_is_averaged_with_its_neighbours_and_the_ends_are_mirrored():
    frames = [np.full((2, 2, 3), value, np.uint8) for value in (0, 30, 90, 31)]
    assert [frame[0, 0, 0] for frame in average_in_time(frames, 1)] == [20, 40, 50, 70]  # (31 + 90 + 90) / 3 = 70.3
    assert [frame[0, 0, 0] for frame in average_in_time(frames, 0)] == [0, 30, 90, 31]
    # 30.5 is rounded up.
    assert average_in_time([frames[1], frames[3]], 1)[0][0, 0, 0] == 31  # (31 + 30 + 31) / 3 = 30.67


def test_blur_keeps_the_sharp_frames_where_asked():
    frames = moving()
    results = BlurMotion(radii=(1,), sharp_key='gt').transform({'img': frames})
    assert results['gt'] is frames and 20 < psnr(results['img'], frames) < 45
    with pytest.raises(ValueError, match='-1'):
        BlurMotion(radii=(-1,))


def test_compression_loses_more_at_a_higher_rate_factor_and_keeps_order_and_colour():
    frames = moving()
    scores = [psnr(compress(frames, crf), frames) for crf in (5, 28, 45)]
    assert scores[0] > scores[1] > scores[2] + 0.5
    decoded = compress(frames, 5)
    assert all(psnr([d], [f]) > psnr([d], [g]) for d, f, g in zip(decoded, frames[:-1], frames[1:], strict=False))
    assert np.argmax(decoded[0].mean((0, 1))) == np.argmax(frames[0].mean((0, 1)))
    swapped = compress([frame[..., ::-1] for frame in frames], 5, channel_order='bgr')
    np.testing.assert_array_equal(np.stack(swapped)[..., ::-1], np.stack(decoded))


@pytest.mark.parametrize('codec', ['mpeg2video', 'mpeg4'])
def test_encoders_without_a_rate_factor_quantise_as_asked(codec):
    frames = moving()
    scores = [psnr(compress(frames, quantiser, codec), frames) for quantiser in (1, 4, 12, 31)]
    # The texture is smooth: at first its halved chroma is what is lost.
    assert all(better > worse + 0.5 for better, worse in zip(scores, scores[1:], strict=False))


@pytest.mark.parametrize('size', [(33, 47), (16, 16)])
def test_any_size_and_one_frame_alone(size):
    frames = moving(3, size)
    results = CompressVideo(quality=(30, 30)).transform({'img': frames})
    assert [frame.shape for frame in results['img']] == [(*size, 3)] * 3
    alone = CompressVideo(quality=(30, 30)).transform({'img': frames[0]})['img']
    assert alone.shape == (*size, 3) and not np.array_equal(alone, frames[0])


def test_frames_in_floating_point_are_rounded():
    frames = [np.random.default_rng(i).integers(0, 256, (32, 32, 3)).astype(np.uint8) for i in range(3)]
    expected = compress(frames, 20)
    made = compress([frame.astype(np.float32) + 0.4 * (frame < 255) for frame in frames], 20)
    assert all(np.array_equal(a, b) for a, b in zip(made, expected, strict=True))


def test_the_rate_factor_is_drawn_from_the_range(monkeypatch):
    from vsr_plugins.datasets.transforms import video_damage

    seen = []
    monkeypatch.setattr(video_damage, 'compress', lambda frames, crf, *_: seen.append(crf) or list(frames))
    np.random.seed(0)
    transform = CompressVideo(quality=(20, 23))
    for _ in range(60):
        transform.transform({'img': [None]})
    assert set(seen) == {20, 21, 22, 23}


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ({'quality': (30, 20)}, '30, 20'),
        ({'channel_order': 'gbr'}, "'gbr'"),
        ({'codec': 'nothing'}, "'nothing'"),
        ({'codec': 'mpeg4', 'quality': (2, 35)}, '2, 35'),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        CompressVideo(**arguments)
