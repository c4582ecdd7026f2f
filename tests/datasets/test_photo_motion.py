import pickle
import socket

import cv2
import numpy as np
import pytest
from skimage.registration import phase_cross_correlation

from vsr_plugins.datasets import PhotoMotionDataset
from vsr_plugins.datasets.camera_motion import Motion, draw_path
from vsr_plugins.datasets.photo_motion import EMBEDDED

STILL = dict(pan=0, zoom=0, rotation=0, parallax=0, layers=1)


def moved(first, second, y=0, x=0, size=None):
    """Estimate by another library how many pixels (x, y) the content moves from one frame to the next."""
    h, w = size or first.shape[:2]
    window = np.outer(np.hanning(h), np.hanning(w))
    parts = [frame[y : y + h, x : x + w].mean(axis=2) for frame in (first, second)]
    parts = [(part - part.mean()) * window for part in parts]
    return -phase_cross_correlation(*parts, upsample_factor=100, normalization=None)[0][::-1]


@pytest.fixture
def folder(tmp_path):
    """Write a folder of twelve photographs of texture."""
    rng = np.random.default_rng(0)
    for i in range(12):
        texture = cv2.GaussianBlur(rng.integers(0, 256, (220, 260, 3)).astype(np.float32), (0, 0), 1.5)
        texture = np.clip((texture - 127) * 4 + 127, 0, 255).astype(np.uint8)
        cv2.imwrite(str(tmp_path / f'photo{i}.png'), texture)
    return tmp_path


class TestSamples:
    def test_contents_of_a_sample(self):
        data = PhotoMotionDataset(num_frames=3, gt_size=(48, 64), clips_per_image=2)
        assert len(data) == 2 * len(EMBEDDED['train'])
        sample = data[1]
        assert sample['key'] == 'astronaut_001'
        assert [frame.shape for frame in sample['gt']] == [(48, 64, 3)] * 3
        assert {frame.dtype for frame in sample['gt']} == {np.dtype(np.uint8)}
        assert sample['gt_channel_order'] == 'rgb'

    def test_a_sample_is_a_function_of_seed_and_index(self):
        arguments = dict(num_frames=3, gt_size=(48, 64), clips_per_image=2)
        data = PhotoMotionDataset(**arguments)
        expected = np.stack(data[5]['gt'])
        np.random.seed(7)
        data[0]
        np.testing.assert_array_equal(data[5]['gt'], expected)
        np.testing.assert_array_equal(PhotoMotionDataset(**arguments)[5]['gt'], expected)
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(data))[5]['gt'], expected)
        assert (np.stack(PhotoMotionDataset(seed=1, **arguments)[5]['gt']) != expected).mean() > 0.3
        assert (np.stack(data[4]['gt']) != expected).mean() > 0.3

    def test_other_photographs_change_no_clip(self, folder):
        arguments = dict(data_root=str(folder), split='all', num_frames=2, gt_size=(64, 64), clips_per_image=1)
        before = {sample['key']: np.stack(sample['gt']) for sample in PhotoMotionDataset(**arguments)}
        (folder / 'photo0.png').unlink()
        after = {sample['key']: np.stack(sample['gt']) for sample in PhotoMotionDataset(**arguments)}
        assert before.keys() - after.keys() == {'photo0_000'}
        for key, frames in after.items():
            np.testing.assert_array_equal(frames, before[key])

    def test_cached_frames_equal_rendered_ones_and_are_read_only(self):
        arguments = dict(num_frames=2, gt_size=(48, 48), clips_per_image=1)
        data = PhotoMotionDataset(cache_mb=1, **arguments)
        expected = np.stack(PhotoMotionDataset(**arguments)[0]['gt'])
        for _ in range(3):
            frames = data[0]['gt']
            np.testing.assert_array_equal(frames, expected)
            with pytest.raises(ValueError, match='read-only'):
                frames[0][:] = 0
            frames.clear()
        assert len(data.rendered) == 1
        # 2 x 48 x 48 x 3 bytes per clip: the cache holds one and a half.
        small = PhotoMotionDataset(cache_mb=0.02, **arguments)
        [small[i] for i in range(3)]
        assert len(small.rendered) == 1

    def test_frames_are_those_of_the_clip(self):
        arguments = dict(num_frames=4, gt_size=(48, 64), clips_per_image=1, motion=dict(pan=6))
        clip = PhotoMotionDataset(**arguments)[1]
        frames = PhotoMotionDataset(samples='frames', num_input_frames=3, **arguments)
        assert len(frames) == 4 * len(EMBEDDED['train'])
        window = frames[4]
        assert window['key'] == 'chelsea_000/00000000'
        np.testing.assert_array_equal(window['gt'], [clip['gt'][i] for i in (1, 0, 1)])
        np.testing.assert_array_equal(frames[6]['gt'], clip['gt'][1:4])

    def test_a_clip_of_one_frame(self):
        assert len(PhotoMotionDataset(num_frames=1, gt_size=(48, 64))[0]['gt']) == 1

    def test_the_largest_size_that_fits(self, folder):
        data = PhotoMotionDataset(str(folder), split='all', gt_size=None, shrink=(2, 2))
        assert data.gt_size == (96, 112)
        assert data[0]['gt'][0].shape == (96, 112, 3)


class TestSplit:
    def test_embedded_photographs_exist_and_are_split(self):
        train, val = ({data['photo'] for data in self.list(split=split)} for split in ('train', 'val'))
        assert {path.split('/')[-1] for path in train} == set(EMBEDDED['train'])
        assert {path.split('/')[-1] for path in val} == set(EMBEDDED['val'])
        assert not train & val

    def test_a_folder_is_split_by_names_for_any_seed(self, folder):
        photos = [
            {data['photo'] for data in self.list(data_root=str(folder), split=split, held_out=0.25, seed=seed)}
            for seed, split in enumerate(('train', 'val'))
        ]
        assert len(photos[0]) == 9
        assert len(photos[1]) == 3
        assert not photos[0] & photos[1]

    def test_named_photographs_are_held_out(self, folder):
        val = {d['photo'] for d in self.list(data_root=str(folder), split='val', held_out=['photo3.png'])}
        assert val == {str(folder / 'photo3.png')}
        with pytest.raises(ValueError, match='held_out .*nothere.png'):
            self.list(data_root=str(folder), split='val', held_out=['nothere.png'])

    @staticmethod
    def list(**kwargs):
        return PhotoMotionDataset(gt_size=(64, 64), clips_per_image=1, **kwargs).load_data_list()


class TestMotion:
    def test_a_pan_moves_the_image_along_the_path(self):
        data = PhotoMotionDataset(gt_size=(128, 128), clips_per_image=2, motion=dict(STILL, pan=3))
        fractions = []
        for idx in (0, 1, 4, 9):
            frames, path = data[idx]['gt'], data.camera_path(idx)
            for t in (1, 3):
                expected = -(path.shift[t] - path.shift[0])
                np.testing.assert_allclose(moved(frames[0], frames[t]), expected, atol=0.08)
                fractions += list(np.abs(expected - np.round(expected)))
        assert max(fractions) > 0.3  # whole and fractional pixels

    def test_no_motion_at_all(self):
        frames = PhotoMotionDataset(gt_size=(64, 64), motion=STILL)[0]['gt']
        for frame in frames[1:]:
            np.testing.assert_array_equal(frame, frames[0])

    def test_zoom_and_rotation_leave_the_centre_and_move_the_sides(self):
        motion = dict(STILL, zoom=0.02, rotation=1.0)
        data = PhotoMotionDataset(gt_size=(160, 160), num_frames=3, clips_per_image=3, motion=motion)
        idx = max(range(6), key=lambda i: abs(np.log(data.camera_path(i).zoom[0])))
        frames, path = data[idx]['gt'], data.camera_path(idx)
        assert path.zoom[1] == 1
        assert abs(np.log(path.zoom[0])) > 0.01
        np.testing.assert_allclose(moved(frames[0], frames[1], 48, 48, (64, 64)), [0, 0], atol=0.15)
        # Zoom enlarges the view, so points right of the centre move towards it, and rotate.
        turn = path.angle[1] - path.angle[0]
        scale = path.zoom[0] / path.zoom[1]
        expected = np.array([scale * np.cos(turn) - 1, -scale * np.sin(turn)]) * 48
        np.testing.assert_allclose(moved(frames[0], frames[1], 48, 96, (64, 64)), expected, atol=0.3)

    def test_parallax_moves_parts_of_a_frame_apart(self, folder):
        def spread(**motion):
            arguments = dict(gt_size=(96, 96), num_frames=9, clips_per_image=1, shrink=(1.6, 1.6))
            data = PhotoMotionDataset(str(folder), split='all', motion=dict(STILL, pan=1.5, **motion), **arguments)
            spreads = []
            for sample in data:
                first, last = sample['gt'][3], sample['gt'][5]
                parts = [moved(first, last, y, x, (32, 32)) for y in (0, 32, 64) for x in (0, 32, 64)]
                spreads.append(np.ptp(parts, axis=0))
            return np.median(spreads, axis=0)

        assert spread().max() < 0.1
        assert spread(parallax=1.0, layers=3).min() > 0.3

    def test_the_image_never_folds_over(self):
        rng = np.random.default_rng(0)
        motion = Motion(pan=8, parallax=1.0, layers=4)
        for _ in range(10):
            path = draw_path(rng, (400, 600), (128, 160), 9, (1.5, 2), motion)
            for frame in (0, 8):
                x, y = path.positions(frame)
                assert np.diff(x, axis=1).min() > 0.5 * path.shrink
                assert np.diff(y, axis=0).min() > 0.5 * path.shrink

    def test_the_camera_stays_inside_the_photograph(self):
        rng = np.random.default_rng(0)
        motion = Motion(pan=9, zoom=0.02, rotation=1, parallax=0.8)
        for size in ((128, 160), (200, 290)):
            for _ in range(10):
                path = draw_path(rng, (400, 600), size, 15, (1.4, 2.2), motion)
                positions = np.stack([path.positions(frame) for frame in range(15)])
                assert positions.min() >= 0
                assert positions[:, 0].max() <= 599
                assert positions[:, 1].max() <= 399

    def test_sharpness_does_not_depend_on_the_subpixel_position(self, folder):
        motion = dict(STILL, pan=0.6)
        data = PhotoMotionDataset(str(folder), split='all', gt_size=(96, 96), shrink=(1, 1), motion=motion)
        for idx in (0, 50):
            sharpness = [np.diff(frame.astype(float), axis=1)[8:-8, 8:-8].std() for frame in data[idx]['gt']]
            assert np.ptp(sharpness) / np.mean(sharpness) < 0.02

    def test_detail_too_fine_for_the_frame_does_not_alias(self, tmp_path):
        stripes = np.zeros((300, 300, 3), np.uint8)
        stripes[:, ::2] = 255  # half the period of a pixel of the frame at a shrink of 2.4: it must not be visible
        cv2.imwrite(str(tmp_path / 'stripes.png'), stripes)
        data = PhotoMotionDataset(str(tmp_path), split='all', gt_size=(96, 96), shrink=(2.4, 2.4), motion=dict(STILL))
        frame = data[0]['gt'][0].astype(float)
        assert abs(frame.mean() - 127.5) < 2
        assert frame.std() < 6

    def test_motion_is_checked(self):
        with pytest.raises(ValueError, match='pan=-1'):
            Motion(pan=-1)


class TestErrors:
    def test_no_folder_and_no_photographs(self, tmp_path):
        with pytest.raises(FileNotFoundError, match=f'{tmp_path}/nothere'):
            PhotoMotionDataset(str(tmp_path / 'nothere'))
        with pytest.raises(FileNotFoundError, match=str(tmp_path)):
            PhotoMotionDataset(str(tmp_path))

    def test_small_photographs_are_excluded(self, folder):
        cv2.imwrite(str(folder / 'tiny.png'), np.zeros((40, 40, 3), np.uint8))
        arguments = dict(split='all', clips_per_image=1)
        assert len(PhotoMotionDataset(str(folder), gt_size=(64, 64), **arguments)) == 12
        with pytest.raises(FileNotFoundError, match='13 photographs'):
            PhotoMotionDataset(str(folder), gt_size=(400, 400), **arguments)

    def test_a_damaged_photograph_is_named(self, folder):
        path = folder / 'photo5.png'
        path.write_bytes(path.read_bytes()[:3000])
        with pytest.raises(ValueError, match='photo5.png'):
            PhotoMotionDataset(str(folder), split='all', gt_size=(64, 64))

    @pytest.mark.parametrize(
        ('arguments', 'message'),
        [
            (dict(split='test'), "but got 'test'"),
            (dict(samples='windows'), "but got 'windows'"),
            (dict(num_frames=0), 'but got 0'),
            (dict(shrink=(0.5, 1)), r'but got \(0.5, 1\)'),
        ],
    )
    def test_arguments_are_checked(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            PhotoMotionDataset(**arguments)

    def test_nothing_is_downloaded(self, monkeypatch):
        def refuse(*_args, **_kwargs):
            raise AssertionError('a connection was opened')

        monkeypatch.setattr(socket.socket, 'connect', refuse)
        for split in ('train', 'val'):
            for sample in PhotoMotionDataset(split=split, num_frames=1, gt_size=(64, 64), clips_per_image=1):
                assert sample['gt'][0].std() > 5
