"""Prepare any folder of clips: held-out scenes, images and videos."""

import time

import av
import numpy as np
import pytest
from PIL import Image
from prepared import RNG, basic_frames, read, write

from vsr_plugins.datasets.prepare import execute, plan_clips
from vsr_plugins.datasets.prepare.scenes import hold_out, scene_of
from vsr_plugins.degradation import bicubic_downsample


class TestScenes:
    @pytest.mark.parametrize(
        ('clip', 'scene'),
        [
            ('davis_camel_0', 'davis_camel'),
            ('davis_camel_1', 'davis_camel'),
            ('vimeo_00002_0007', 'vimeo_00002'),
            ('take 12', 'take'),
            ('shot-3', 'shot'),
            ('camel', 'camel'),
            ('007', '007'),
        ],
    )
    def test_scene_of(self, clip, scene):
        assert scene_of(clip) == scene

    def test_scenes_are_not_split(self):
        clips = [f'scene{name}_{i}' for name in 'abcdefghijklmnopqrst' for i in range(3)]
        held = hold_out(clips, 0.25)
        assert len(held) == 15
        assert not {scene_of(clip) for clip in held} & {scene_of(clip) for clip in clips if clip not in held}
        assert hold_out(clips[::-1], 0.25) == held
        assert hold_out(clips, 0.05) < held

    def test_a_clip_is_held_out_with_its_scene(self):
        clips = ['a_0', 'a_1', 'b_0', 'c_0']
        assert hold_out(clips, names=['a_1']) == {'a_0', 'a_1'}
        assert hold_out(clips, names=['a', 'c_0']) == {'a_0', 'a_1', 'c_0'}

    def test_both_sides_are_not_empty(self):
        assert len(hold_out(['a', 'b'], 0.01)) == 1
        assert len(hold_out(['a', 'b'], 0.99)) == 1

    def test_a_fraction_of_one_holds_out_all(self):
        assert hold_out(['take_0', 'take_1'], 1) == {'take_0', 'take_1'}
        assert hold_out(['a', 'b'], 1, names=['a']) == {'a'}

    @pytest.mark.parametrize(
        ('clips', 'kwargs', 'message'),
        [
            (['take_0', 'take_1'], {}, '2 clips of 1 scene'),
            (['a', 'b'], dict(names=['a', 'b']), '2 clips'),
            (['a', 'b'], dict(names=['z']), ' z; .*a, b'),
            (['a', 'b'], dict(fraction=0), 'got 0'),
            (['a', 'b'], dict(fraction=1.5), 'got 1.5'),
        ],
    )
    def test_impossible_splits(self, clips, kwargs, message):
        with pytest.raises(ValueError, match=message):
            hold_out(clips, **kwargs)


class TestClips:
    def test_jpeg_files_are_copied_unchanged(self, tmp_path):
        src = tmp_path / 'src'
        for clip in ('camel_0', 'camel_1', 'bear_0'):
            for i in range(2):
                write(src / clip / f'{i}.JPG', quality=90)
        execute(plan_clips(src, val=['camel_1']), src, tmp_path)
        clips = tmp_path / 'clips'
        assert (clips / 'meta_info_clips_train.txt').read_text() == 'bear_0 2 (8,12,3)\n'
        assert (clips / 'meta_info_clips_val.txt').read_text() == 'camel_0 2 (8,12,3)\ncamel_1 2 (8,12,3)\n'
        assert (clips / 'GT/camel_0/00000001.jpg').read_bytes() == (src / 'camel_0/1.JPG').read_bytes()
        assert [path.name for path in sorted((clips / 'BIx4').iterdir())] == ['camel_0', 'camel_1']
        low = bicubic_downsample(read(src / 'camel_0/1.JPG'))
        np.testing.assert_array_equal(read(clips / 'BIx4/camel_0/00000001.png'), low)

    def test_other_validation_clips_later(self, tmp_path):
        """Our split may be rewritten; the required low resolution is added."""
        src = tmp_path / 'src'
        for clip in ('a', 'b', 'c'):
            write(src / clip / '0.png')
        execute(plan_clips(src, val=['a']), src, tmp_path)
        assert execute(plan_clips(src, val=['b']), src, tmp_path).made == 1
        assert (tmp_path / 'clips/meta_info_clips_val.txt').read_text() == 'b 1 (8,12,3)\n'
        assert (tmp_path / 'clips/meta_info_clips_train.txt').read_text() == 'a 1 (8,12,3)\nc 1 (8,12,3)\n'
        (tmp_path / 'clips/meta_info_clips_val.txt').write_text('b 1 (8,12,3) # a note of mine\n')
        with pytest.raises(ValueError, match='meta_info_clips_val.txt'):
            execute(plan_clips(src, val=['a']), src, tmp_path)

    def test_sizes_that_are_not_multiples_of_four(self, tmp_path):
        """33 x 47 becomes 32 x 44, from the top left, and a JPEG a PNG."""
        src = tmp_path / 'src'
        for clip in ('a', 'b'):
            write(src / clip / '0.jpg', (33, 47))
        execute(plan_clips(src, val=['a']), src, tmp_path)
        np.testing.assert_array_equal(read(tmp_path / 'clips/GT/b/00000000.png'), read(src / 'b/0.jpg')[:32, :44])
        assert read(tmp_path / 'clips/BIx4/a/00000000.png').shape == (8, 11, 3)
        assert (tmp_path / 'clips/meta_info_clips_val.txt').read_text() == 'a 1 (32,44,3)\n'

    def test_one_suffix_for_a_clip(self, tmp_path):
        src = tmp_path / 'src'
        write(src / 'a/0.jpg')
        write(src / 'a/1.webp', lossless=True)
        write(src / 'b/0.png')
        execute(plan_clips(src, val=['b']), src, tmp_path)
        assert sorted(path.name for path in (tmp_path / 'clips/GT/a').iterdir()) == ['00000000.png', '00000001.png']
        np.testing.assert_array_equal(read(tmp_path / 'clips/GT/a/00000001.png'), read(src / 'a/1.webp'))

    def test_turned_photographs_are_upright(self, tmp_path):
        """OpenCV rotates them by their EXIF and other loaders do not, so the file is not copied unchanged."""
        src = tmp_path / 'src'
        exif = Image.Exif()
        exif[0x0112] = 6  # rotate by 90 degrees
        write(src / 'a/0.jpg', (8, 12), exif=exif)
        write(src / 'b/0.png')
        execute(plan_clips(src, val=['b']), src, tmp_path)
        upright = read(tmp_path / 'clips/GT/a/00000000.png')
        np.testing.assert_array_equal(upright, np.rot90(read(src / 'a/0.jpg'), -1))

    def test_names_are_valid_in_annotations(self, tmp_path):
        """Upstream splits lines at blanks, treats a dot as suffix and counts frames of the first folder."""
        src = tmp_path / 'src'
        for name in ('my clip.v2', 'deep/inside', 'plain'):
            for i in range(3):
                write(src / name / f'{i}.png')
        execute(plan_clips(src, val=['plain']), src, tmp_path)
        samples = basic_frames(tmp_path / 'clips', 'meta_info_clips_train.txt', 'GT', 'GT', depth=1)
        assert {(sample['key'], sample['sequence_length']) for sample in samples} == {
            ('deep_inside', 3),
            ('my_clip_v2', 3),
        }

    def test_names_that_clash(self, tmp_path):
        write(tmp_path / 'src/a/b/0.png')
        write(tmp_path / 'src/a_b/0.png')
        assert ' a_b; rename' in plan_clips(tmp_path / 'src').faults[0]

    def test_two_sources_in_one_set(self, tmp_path):
        """A scene is held out in both; clips of one name are renamed."""
        for clip in ('old/dog_0', 'old/bear_0', 'more/bear_0', 'more/dog_0', 'more/dog_1', 'more/kite_0', 'more/car_0'):
            write(tmp_path / clip / '0.png')
        sources = [tmp_path / 'old', tmp_path / 'more']
        execute(plan_clips(sources, val=['dog_0', 'kite_0']), sources, tmp_path / 'data')
        held, kept = (
            [line.split()[0] for line in (tmp_path / f'data/clips/meta_info_clips_{part}.txt').read_text().splitlines()]
            for part in ('val', 'train')
        )
        assert held == ['dog_0', 'more_dog_0', 'dog_1', 'kite_0']
        assert kept == ['bear_0', 'more_bear_0', 'car_0']
        for name, source in (('dog_0', 'old/dog_0'), ('more_dog_0', 'more/dog_0')):
            made = read(tmp_path / 'data/clips/GT' / name / '00000000.png')
            np.testing.assert_array_equal(made, read(tmp_path / source / '0.png'))
        assert execute(plan_clips(sources, val=['dog', 'kite']), sources, tmp_path / 'data').made == 0
        with pytest.raises(FileNotFoundError, match='none'):
            plan_clips([tmp_path / 'old', tmp_path / 'none'])
        with pytest.raises(ValueError, match='more'):
            execute(plan_clips(sources), sources, tmp_path / 'more')

    def test_frames_of_two_sizes(self, tmp_path):
        write(tmp_path / 'src/a/0.png')
        write(tmp_path / 'src/a/1.png', (8, 16))
        assert '1.png: expected 8x12 pixels (h x w), but got 8x16' in plan_clips(tmp_path / 'src').faults[0]

    def test_frames_smaller_than_the_scale(self, tmp_path):
        write(tmp_path / 'src/a/0.png', (3, 50))
        assert 'smaller than the scale' in plan_clips(tmp_path / 'src').faults[0]

    def test_no_clip_at_all(self, tmp_path):
        (tmp_path / 'src').mkdir()
        with pytest.raises(ValueError, match='src'):
            execute(plan_clips(tmp_path / 'src'), tmp_path / 'src', tmp_path)

    def test_video_files(self, tmp_path):
        """FFV1 in RGB is lossless."""
        frames = RNG.integers(0, 256, (5, 16, 24, 3), np.uint8)
        (tmp_path / 'src').mkdir()
        with av.open(str(tmp_path / 'src/street.mkv'), 'w') as container:
            stream = container.add_stream('ffv1', rate=25)
            stream.width, stream.height, stream.pix_fmt = 24, 16, 'bgr0'
            for image in frames:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format='rgb24')))
            container.mux(stream.encode())
        write(tmp_path / 'src/b/0.png')
        for _ in range(2):
            summary = execute(plan_clips(tmp_path / 'src', val=['street']), tmp_path / 'src', tmp_path)
            assert summary.frames == 6
        assert summary.made == 0
        assert (tmp_path / 'clips/meta_info_clips_val.txt').read_text() == 'street 5 (16,24,3)\n'
        for i, image in enumerate(frames):
            np.testing.assert_array_equal(read(tmp_path / f'clips/GT/street/{i:08d}.png'), image)
            low = read(tmp_path / f'clips/BIx4/street/{i:08d}.png')
            np.testing.assert_array_equal(low, bicubic_downsample(image))

    def test_a_long_video_can_be_stopped(self, tmp_path, monkeypatch):
        """Hangs forever if it is not stopped."""

        def endless(path):
            while True:
                time.sleep(0.01)
                yield av.VideoFrame.from_ndarray(np.zeros((16, 24, 3), np.uint8), format='rgb24')

        write(tmp_path / 'src/a/0.png')
        (tmp_path / 'src/b.mkv').touch()
        monkeypatch.setattr('vsr_plugins.media.reading.decoding.decode', endless)
        monkeypatch.setattr('vsr_plugins.datasets.prepare.execution.decode', endless)

        def interrupt(done, total):
            if done == 1:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            execute(plan_clips(tmp_path / 'src'), tmp_path / 'src', tmp_path, on_progress=interrupt)

    def test_a_file_that_is_not_a_video(self, tmp_path):
        (tmp_path / 'src').mkdir()
        (tmp_path / 'src/broken.mp4').write_bytes(b'no video')
        assert 'broken.mp4' in plan_clips(tmp_path / 'src').faults[0]


def test_folders_of_any_depth_are_found_once(tmp_path):
    deep, elsewhere = tmp_path / 'src/a/b/c/d/e/f/g', tmp_path / 'elsewhere'
    for folder in (deep / 'clip', elsewhere / 'clip'):
        write(folder / '0.png', (16, 20))
    (deep / 'back').symlink_to(tmp_path / 'src', target_is_directory=True)
    (tmp_path / 'src/other').symlink_to(elsewhere, target_is_directory=True)
    names = sorted(clip.name for clip in plan_clips(tmp_path / 'src', val_fraction=1).clips)
    assert names == ['a_b_c_d_e_f_g_clip', 'other_clip']


def test_clips_of_an_earlier_run_do_not_leave_the_lists(tmp_path):
    for number, clip in enumerate(('first/a', 'first/b', 'second/c', 'second/d')):
        for frame in range(2):
            write(tmp_path / clip / f'{frame}.png', (16, 16 + 4 * number))
    first, second, root = tmp_path / 'first', tmp_path / 'second', tmp_path / 'data'
    execute(plan_clips(first), first, root)
    before = {path.name: path.read_text() for path in (root / 'clips').glob('*.txt')}
    with pytest.raises(ValueError, match=r'2 clips .* such as [ab]'):
        execute(plan_clips(second), second, root)
    assert {path.name: path.read_text() for path in (root / 'clips').glob('*.txt')} == before
    assert not (root / 'clips' / 'GT' / 'c').exists()
    both = [first, second]
    assert execute(plan_clips(both), both, root).clips == 4
