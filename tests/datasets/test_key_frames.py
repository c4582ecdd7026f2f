import json

import av
import cv2
import numpy as np
import pytest
from mmagic.registry import MODELS
from mmcv.transforms import Compose
from mmengine.runner import Runner

from vsr_plugins.datasets import (
    AppendKeyFrames,
    ClipFramesDataset,
    DegradeFrames,
    DropKeyFrames,
    LoadFrames,
    SampleSegment,
    StackFrames,
)
from vsr_plugins.datasets.key_frames import evenly_spaced, read_key_frames, select_key_frames, video_key_frames
from vsr_plugins.datasets.prepare import execute, plan_clips
from vsr_plugins.degradation import bicubic_downsample
from vsr_plugins.media.images.image_files import UnreadableError


def write_video(path, frames, gop, b_frames=0, codec='libx264'):
    path.parent.mkdir(parents=True, exist_ok=True)
    options = {'sc_threshold': '0'} if codec == 'libx264' else {}
    with av.open(str(path), 'w') as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = 'yuv420p'
        stream.gop_size = gop
        stream.max_b_frames = b_frames
        for image in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format='rgb24')))
        container.mux(stream.encode())


def moving(count, size=(32, 48)):
    image = np.random.default_rng(0).integers(0, 256, (size[0], size[1] + count, 3), np.uint8)
    image = cv2.GaussianBlur(image, (0, 0), 2)
    return [image[:, i : i + size[1]] for i in range(count)]


class TestVideo:
    @pytest.mark.parametrize('b_frames', [0, 2])
    def test_a_group_of_pictures_begins_with_one(self, tmp_path, b_frames):
        """With B-frames the coding order differs from the presentation order."""
        write_video(tmp_path / 'a.mp4', moving(23), 6, b_frames)
        assert video_key_frames(tmp_path / 'a.mp4') == [0, 6, 12, 18]

    def test_of_another_codec(self, tmp_path):
        write_video(tmp_path / 'a.avi', moving(10), 4, codec='mpeg4')
        assert video_key_frames(tmp_path / 'a.avi') == [0, 4, 8]

    def test_a_file_that_is_not_a_video(self, tmp_path):
        (tmp_path / 'a.mp4').write_bytes(b'no video')
        with pytest.raises(UnreadableError, match='a.mp4'):
            video_key_frames(tmp_path / 'a.mp4')


class TestChoice:
    def test_evenly_spaced(self):
        assert evenly_spaced(100, 4) == [12, 37, 62, 87]
        assert evenly_spaced(5, 5) == [0, 1, 2, 3, 4]
        assert evenly_spaced(2, 4) == [0, 0, 1, 1]
        assert evenly_spaced(7, 0) == []
        with pytest.raises(ValueError, match='total=0'):
            evenly_spaced(0, 2)

    def test_i_frames_first_evenly_among_them(self):
        assert select_key_frames(100, 2, range(0, 100, 10)) == [20, 70]
        assert select_key_frames(100, 3, [0, 50, 90]) == [0, 50, 90]

    def test_too_few_i_frames_are_filled_up(self):
        chosen = select_key_frames(100, 4, [0])
        assert len(chosen) == 4 and 0 in chosen
        assert max(np.diff([*chosen, 100])) <= 50

    def test_none_recorded(self):
        assert select_key_frames(100, 4) == [12, 37, 62, 87]

    def test_outside_the_segment_first(self):
        assert select_key_frames(12, 2, [0, 4, 8], excluded=range(3, 10)) == [0, 10]
        assert select_key_frames(9, 4, (), excluded=range(1, 8)) == [0, 2, 6, 8]

    def test_all_excluded(self):
        assert select_key_frames(12, 2, [0, 6], excluded=range(12)) == [0, 6]

    def test_a_clip_that_is_too_short_repeats(self):
        assert select_key_frames(2, 4, [0, 9], excluded=[0, 1]) == [0, 0, 1, 1]

    def test_indices_the_clip_does_not_have(self):
        assert select_key_frames(10, 1, [40]) == [5]


class TestRecord:
    def test_preparation_records_them_and_the_data_set_reads_them(self, tmp_path):
        write_video(tmp_path / 'src/film.mkv', moving(11), 5)
        for i, image in enumerate(moving(3)):
            (tmp_path / 'src/stills').mkdir(exist_ok=True)
            cv2.imwrite(str(tmp_path / f'src/stills/{i}.png'), image)
        for _ in range(2):  # also if all was made before
            execute(plan_clips(tmp_path / 'src', val=['stills']), tmp_path / 'src', tmp_path)
            record = tmp_path / 'clips/meta_info_clips_key_frames.txt'
            assert record.read_text() == 'film 0 5 10\n'
        data = ClipFramesDataset(data_root=str(tmp_path / 'clips'), key_frames_file=record.name)
        samples = {data[i]['key']: data[i] for i in range(2)}
        assert samples['film']['key_frames'] == [0, 5, 10]
        assert 'key_frames' not in samples['stills']

    def test_folders_of_frames_get_no_record(self, tmp_path):
        for clip in 'ab':
            (tmp_path / 'src' / clip).mkdir(parents=True)
            cv2.imwrite(str(tmp_path / f'src/{clip}/0.png'), moving(1)[0])
        execute(plan_clips(tmp_path / 'src'), tmp_path / 'src', tmp_path)
        assert not (tmp_path / 'clips/meta_info_clips_key_frames.txt').exists()
        assert len(ClipFramesDataset(data_root=str(tmp_path / 'clips'), key_frames_file='absent.txt')) == 2

    def test_a_foreign_record_is_not_changed(self, tmp_path):
        write_video(tmp_path / 'src/film.mkv', moving(3), 5)
        write_video(tmp_path / 'src/other.mkv', moving(3), 5)
        record = tmp_path / 'clips/meta_info_clips_key_frames.txt'
        record.parent.mkdir()
        record.write_text('mine 1 2\n')
        with pytest.raises(ValueError, match='key_frames.txt'):
            execute(plan_clips(tmp_path / 'src'), tmp_path / 'src', tmp_path)
        assert record.read_text() == 'mine 1 2\n'
        assert not (tmp_path / 'clips/GT').exists()

    def test_data_prepared_without_records(self, tmp_path):
        write_video(tmp_path / 'src/a.mkv', moving(3), 5)
        write_video(tmp_path / 'src/b.mkv', moving(3), 2)
        execute(plan_clips(tmp_path / 'src'), tmp_path / 'src', tmp_path)
        manifest = tmp_path / 'clips/.vsr_prepare.jsonl'
        lines = [json.loads(line) for line in manifest.read_text().splitlines()]
        for line in lines:
            line.pop('key_frames', None)
        manifest.write_text('\n'.join(json.dumps(line) for line in lines))
        assert execute(plan_clips(tmp_path / 'src'), tmp_path / 'src', tmp_path).made == 0

    def test_reading(self):
        assert read_key_frames('a 0 12\n\nb/c 3\n') == {'a': [0, 12], 'b/c': [3]}
        with pytest.raises(ValueError, match='line 2'):
            read_key_frames('a 0\nb 1.5\n')


class TestTransforms:
    @pytest.fixture
    def clips(self, tmp_path):
        """Write one clip of 20 frames, frame i of constant grey 10 * i."""
        (tmp_path / 'GT/clip').mkdir(parents=True)
        for i in range(20):
            cv2.imwrite(str(tmp_path / f'GT/clip/{i:08d}.png'), np.full((16, 20, 3), 10 * i, np.uint8))
        (tmp_path / 'keys.txt').write_text('clip 0 10\n')
        return tmp_path

    def dataset(self, root, pipeline, **kwargs):
        return ClipFramesDataset(data_root=str(root), key_frames_file='keys.txt', pipeline=pipeline, **kwargs)

    def test_in_training(self, clips):
        np.random.seed(0)
        pipeline = [
            SampleSegment(),
            AppendKeyFrames(num_key_frames=2),
            LoadFrames(key='gt'),
            DegradeFrames(gt_patch_size=8),
            DropKeyFrames(keys=['gt']),
            StackFrames(keys=['img', 'gt']),
        ]
        sample = self.dataset(clips, pipeline, num_input_frames=7)[0]
        assert sample['num_key_frames'] == 2
        assert sample['img'].shape == (9, 3, 2, 2) and sample['gt'].shape == (7, 3, 8, 8)
        grey = sample['img'][:, 0, 0, 0].tolist()
        first = grey[0] // 10
        segment = range(first, first + 7)
        assert grey[:7] == [10 * i for i in segment]
        assert sample['gt'][:, 0, 0, 0].tolist() == grey[:7]
        assert not {i // 10 for i in grey[7:]} & set(segment)

    def test_their_number_reaches_the_editor(self, clips):
        pipeline = [
            dict(type='SampleSegment'),
            dict(type='AppendKeyFrames', num_key_frames=2),
            dict(type='LoadFrames', key='gt'),
            dict(type='DegradeFrames'),
            dict(type='DropKeyFrames', keys=['gt']),
            dict(type='StackFrames', keys=['img', 'gt']),
            dict(type='PackInputs', meta_keys=['key', 'num_key_frames']),
        ]
        loader = Runner.build_dataloader(
            dict(
                dataset=self.dataset(clips, pipeline, num_input_frames=5, indices=[0]),
                batch_size=1,
                sampler=dict(type='DefaultSampler', shuffle=False),
            )
        )
        (batch,) = loader
        model = MODELS.build(
            dict(type='DataPreprocessor', input_view=(1, -1, 1, 1), output_view=(1, -1, 1, 1), mean=[0.0], std=[1.0])
        )
        batch = model(batch, training=True)
        assert batch['inputs'].shape == (1, 7, 3, 4, 5)
        assert batch['data_samples'].gt_img.shape == (1, 5, 3, 16, 20)
        assert set(np.atleast_1d(batch['data_samples'].num_key_frames)) == {2}

    def test_on_a_complete_clip(self, clips):
        pipeline = Compose([AppendKeyFrames(num_key_frames=2), LoadFrames(key='gt'), DegradeFrames(), DropKeyFrames()])
        sample = self.dataset(clips, [pipeline], test_mode=True)[0]
        assert len(sample['gt']) == 20
        assert [frame[0, 0, 0] for frame in sample['img']] == [*range(0, 200, 10), 0, 100]

    def test_low_resolution_on_disk(self, clips):
        (clips / 'BIx4/clip').mkdir(parents=True)
        for i in range(20):
            gt = cv2.imread(str(clips / f'GT/clip/{i:08d}.png'))
            cv2.imwrite(str(clips / f'BIx4/clip/{i:08d}.png'), bicubic_downsample(gt))
        pipeline = [AppendKeyFrames(num_key_frames=3, key='img')]
        sample = self.dataset(clips, pipeline, data_prefix=dict(img='BIx4', gt='GT'))[0]
        assert len(sample['img_path']) == 23 and len(sample['gt_path']) == 20
        assert all('BIx4' in path for path in sample['img_path'])

    def test_samples_without_the_paths_of_their_clip(self, clips):
        with pytest.raises(ValueError, match="\\(key='gt'\\) .*samples='clips'"):
            self.dataset(clips, [AppendKeyFrames()], samples='frames', num_input_frames=3)[0]
        with pytest.raises(ValueError, match='num_key_frames'):
            AppendKeyFrames(num_key_frames=0)

    def test_every_sample_has_the_same_number(self, clips):
        for count in (1, 4, 13, 20, 25):
            sample = self.dataset(clips, [SampleSegment(), AppendKeyFrames(count)], num_input_frames=7)[0]
            assert len(sample['gt_path']) == 7 + count
