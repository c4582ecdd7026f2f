import copy

import cv2
import numpy as np
import pytest
import torch

from vsr_plugins.datasets import DegradeFrames, KeepCenterFrame, LoadFrames, SampleSegment, StackFrames
from vsr_plugins.degradation import BD_CONVENTIONS, bicubic_downsample, blur_downsample


def noise(h, w, t=None, seed=0):
    rng = np.random.default_rng(seed)
    frames = [rng.integers(0, 256, (h, w, 3), dtype=np.uint8) for _ in range(t or 1)]
    return frames if t else frames[0]


def find(patch, image):
    """Find the top left corner of a patch in an image, by exhaustive search."""
    h, w = patch.shape[:2]
    windows = np.lib.stride_tricks.sliding_window_view(image, (h, w, 3))[:, :, 0]
    (found,) = np.argwhere((windows == patch).all(axis=(2, 3, 4)))
    return tuple(found)


class TestDegradeFrames:
    @pytest.mark.parametrize('kept', [False, True])
    @pytest.mark.parametrize(('kind', 'bd'), [('BI', 'duf'), ('BD', 'duf'), ('BD', 'mmagic')])
    def test_a_patch_equals_that_of_the_degraded_complete_frame(self, kind, bd, kept):
        frames = noise(33, 47, t=3)
        for frame in frames:
            frame.flags.writeable = not kept
        cropped = [frame[:32, :44] for frame in frames]
        if kind == 'BI':
            whole = [bicubic_downsample(frame, 4) for frame in cropped]
        else:
            whole = [blur_downsample(frame, 4, 1.6, **BD_CONVENTIONS[bd]) for frame in cropped]
        transform = DegradeFrames(kind=kind, bd=bd, gt_patch_size=(12, 16))
        seen = set()
        np.random.seed(0)
        for _ in range(400):
            results = transform(dict(gt=list(frames)))
            top, left = find(results['gt'][0], frames[0])
            seen.add((top, left))
            for t in range(3):
                np.testing.assert_array_equal(results['gt'][t], frames[t][top : top + 12, left : left + 16])
                low = whole[t][top // 4 : top // 4 + 3, left // 4 : left // 4 + 4]
                np.testing.assert_array_equal(results['img'][t], low)
        # Six rows and eight columns of positions, including borders and corners, all on the grid of x4.
        assert seen == {(y, x) for y in range(0, 21, 4) for x in range(0, 29, 4)}

    def test_read_only_frames_are_degraded_once_and_freed_with_the_frame(self, monkeypatch):
        degraded = []

        def counted(image, kind, scale, bd):
            degraded.append(image.shape)
            return bicubic_downsample(image, scale)

        monkeypatch.setattr('vsr_plugins.datasets.transforms.degrade_frames.degrade', counted)
        transform = DegradeFrames(gt_patch_size=8)
        frames, others = noise(16, 16, t=2), noise(16, 16, t=2, seed=1)
        for frame in frames + others:
            frame.flags.writeable = False
        for _ in range(3):
            results = transform(dict(gt=list(frames)))
            transform(dict(gt=list(others)))
        assert degraded == [(16, 16, 3)] * 4 and len(transform._low) == 4
        results['gt'][0][:] = results['img'][0][:] = 0  # in separate memory
        whole = DegradeFrames()(dict(gt=frames[:1]))
        np.testing.assert_array_equal(whole['img'][0], bicubic_downsample(frames[0], 4))
        del frames, frame, whole
        # A new frame may have the id of an old one.
        assert len(transform._low) == 2 and not copy.deepcopy(transform)._low

    def test_a_complete_frame_is_cropped_to_a_multiple_of_the_scale(self):
        gt = noise(33, 47)
        results = DegradeFrames()(dict(gt=gt, gt_channel_order='rgb', gt_color_type='color'))
        assert results['gt'].shape == (32, 44, 3)
        assert results['scale'] == 4
        assert results['img_channel_order'] == 'rgb'
        np.testing.assert_array_equal(results['img'], bicubic_downsample(gt[:32, :44], 4))

    def test_flat_stays_flat_and_a_ramp_becomes_its_block_means(self):
        flat = DegradeFrames(gt_patch_size=16)(dict(gt=[np.full((40, 40, 3), 77, np.uint8)]))
        assert (flat['img'][0] == 77).all()
        ramp = np.repeat(np.arange(64, dtype=np.uint8)[None, :, None] * 2, 64, axis=0).repeat(3, axis=2)
        low = DegradeFrames()(dict(gt=ramp))['img']
        # The centre of block j is 4j + 1.5, where the ramp is 8j + 3; at the ends the mirrored border changes it.
        np.testing.assert_array_equal(low[8, 3:13, 0], 8 * np.arange(3, 13) + 3)

    def test_other_scales(self):
        gt = noise(36, 36)
        np.random.seed(0)
        results = DegradeFrames(scale=3, gt_patch_size=9)(dict(gt=gt))
        top, left = find(results['gt'], gt)
        whole = bicubic_downsample(gt, 3)
        np.testing.assert_array_equal(results['img'], whole[top // 3 : top // 3 + 3, left // 3 : left // 3 + 3])

    def test_frames_own_their_memory(self):
        """Upstream's flips work in place."""
        frames = noise(16, 16, t=2)
        before = [frame.copy() for frame in frames]
        results = DegradeFrames()(dict(gt=frames))
        results['gt'][0][:] = 0
        np.testing.assert_array_equal(frames[0], before[0])
        np.testing.assert_array_equal(results['gt'][1], before[1])

    @pytest.mark.parametrize(
        ('arguments', 'message'),
        [
            (dict(kind='BX'), "but got 'BX'"),
            (dict(kind='BD', bd='other'), "but got 'other'"),
            (dict(gt_patch_size=30), r'scale 4, but got \(30, 30\)'),
        ],
    )
    def test_arguments_are_checked(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            DegradeFrames(**arguments)

    def test_frames_that_are_too_small_or_differ_are_named(self):
        with pytest.raises(ValueError, match='clip a: .*32x32.*64x64'):
            DegradeFrames(gt_patch_size=64)(dict(gt=noise(33, 35), key='a'))
        with pytest.raises(ValueError, match='clip a: .*0x4'):
            DegradeFrames()(dict(gt=noise(3, 4), key='a'))
        with pytest.raises(ValueError, match='clip a '):
            DegradeFrames()(dict(gt=[noise(8, 8), noise(8, 12)], key='a'))


class TestSampleSegment:
    @staticmethod
    def draw(length, count, **kwargs):
        paths = [str(i) for i in range(length)]
        results = SampleSegment(**kwargs)(dict(img_path=paths, gt_path=list(paths), num_input_frames=count))
        assert results['img_path'] == results['gt_path']
        return [int(path) for path in results['gt_path']]

    def test_consecutive_frames_from_everywhere(self):
        np.random.seed(0)
        drawn = {tuple(self.draw(6, 4)) for _ in range(100)}
        assert drawn == {(0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5)}

    def test_a_clip_as_long_as_the_segment_and_a_complete_clip(self):
        assert self.draw(4, 4) == [0, 1, 2, 3]
        assert self.draw(5, None) == [0, 1, 2, 3, 4]

    def test_short_clips_are_mirrored(self):
        assert self.draw(3, 7) == [0, 1, 2, 1, 0, 1, 2]
        assert self.draw(1, 3) == [0, 0, 0]

    def test_interval(self):
        np.random.seed(0)
        assert {tuple(self.draw(6, 3, interval_list=[2])) for _ in range(50)} == {(0, 2, 4), (1, 3, 5)}

    def test_a_negative_interval_reverses_and_zero_repeats(self):
        np.random.seed(0)
        assert {tuple(self.draw(6, 3, interval_list=[-2])) for _ in range(50)} == {(4, 2, 0), (5, 3, 1)}
        assert {tuple(self.draw(2, 3, interval_list=[0])) for _ in range(50)} == {(0, 0, 0), (1, 1, 1)}

    def test_lists_of_different_length_raise(self):
        with pytest.raises(ValueError, match="'img_path': 2, 'gt_path': 3"):
            SampleSegment()(dict(img_path=['a', 'b'], gt_path=['a', 'b', 'c'], num_input_frames=2))


class TestStackFrames:
    def test_a_clip_of_one_frame_stays_a_clip(self):
        frame = noise(4, 5)
        stacked = StackFrames(keys=['img'])(dict(img=[frame]))['img']
        assert stacked.shape == (1, 3, 4, 5)
        assert stacked.dtype == torch.uint8
        np.testing.assert_array_equal(stacked[0].permute(1, 2, 0), frame)

    def test_pack_inputs_alone_would_make_an_image_of_it(self):
        from mmagic.datasets.transforms import PackInputs

        assert PackInputs()(dict(img=[noise(4, 5)]))['inputs'].shape == (3, 4, 5)
        sample = StackFrames(keys=['img'])(dict(img=[noise(4, 5)]))
        assert PackInputs()(sample)['inputs'].shape == (1, 3, 4, 5)

    def test_frames_of_different_sizes_raise(self):
        with pytest.raises(ValueError, match=r"clip a \('img'\) .*\(4, 5, 3\), \(4, 6, 3\)"):
            StackFrames(keys=['img'])(dict(img=[noise(4, 5), noise(4, 6)], key='a'))


def test_keep_center_frame():
    assert KeepCenterFrame()(dict(gt=list('abcde')))['gt'] == 'c'
    assert KeepCenterFrame(keys=['img'])(dict(img=['a']))['img'] == 'a'


class TestLoadFrames:
    def test_rgb(self, tmp_path):
        red = np.zeros((4, 5, 3), np.uint8)
        red[..., 2] = 200  # OpenCV writes BGR
        cv2.imwrite(str(tmp_path / 'a.png'), red)
        results = LoadFrames(key='gt')(dict(gt_path=[str(tmp_path / 'a.png')]))
        assert results['gt'][0][0, 0].tolist() == [200, 0, 0]
        assert results['gt_channel_order'] == 'rgb'

    @pytest.mark.parametrize('suffix', ['.png', '.jpg', '.webp'])
    @pytest.mark.parametrize('kept', [0, 20, 0.5])
    def test_a_truncated_file_is_named(self, tmp_path, suffix, kept):
        path = tmp_path / f'00000007{suffix}'
        cv2.imwrite(str(path), noise(64, 64))
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * kept) if kept < 1 else kept])
        with pytest.raises(ValueError, match=f'00000007{suffix}'):
            LoadFrames(key='gt')(dict(gt_path=[str(path)]))

    def test_a_file_that_is_not_an_image_is_named(self, tmp_path):
        (tmp_path / 'a.png').write_text('a page of text')
        with pytest.raises(ValueError, match='a.png'):
            LoadFrames(key='gt')(dict(gt_path=str(tmp_path / 'a.png')))

    def test_a_missing_file_raises_file_not_found(self, tmp_path):
        with pytest.raises(FileNotFoundError, match='gone.png'):
            LoadFrames(key='gt')(dict(gt_path=str(tmp_path / 'gone.png')))


def test_decoded_frames_are_cached_up_to_the_limit(tmp_path):
    rng = np.random.default_rng(0)
    paths = [str(tmp_path / f'{i}.png') for i in range(2)]
    images = [rng.integers(0, 256, (10, 10, 3), dtype=np.uint8) for _ in paths]
    for path, image in zip(paths, images, strict=True):
        cv2.imwrite(path, image[..., ::-1])
    load = LoadFrames('gt', decoded_mb=0.0005)  # room for one
    first = load({'gt_path': paths})['gt']
    for path in paths[:1]:
        (tmp_path / path).unlink()
    assert np.array_equal(first[0], images[0]) and np.array_equal(first[1], images[1])
    assert np.array_equal(load({'gt_path': paths})['gt'][0], images[0])
    with pytest.raises(ValueError, match='read-only'):
        load({'gt_path': paths})['gt'][0][0] = 0
    (tmp_path / paths[1]).unlink()
    with pytest.raises(FileNotFoundError):
        load({'gt_path': paths})
