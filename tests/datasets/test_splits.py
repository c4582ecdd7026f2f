"""Split synthetic clips: one still, one moving, one with a cut, one changing slowly, one flickering."""

import inspect
import json

import cv2
import numpy as np
import pytest

from vsr_plugins.cli import build_parser, main
from vsr_plugins.datasets.prepare import execute, plan_clips
from vsr_plugins.datasets.prepare.splits import Criterion, split_clips
from vsr_plugins.media.reading.shots import measure_clip, scene_distance


def scene(seed, size=(96, 400)):
    """Return blurred noise with a distinct colour."""
    rng = np.random.default_rng(seed)
    noise = cv2.GaussianBlur(rng.normal(0, 400, (*size, 3)).astype(np.float32), (0, 0), 3)
    return np.clip(noise + rng.uniform(60, 190, 3), 0, 255).astype(np.uint8)


def panned(image, step, frames=6, width=256):
    return [np.ascontiguousarray(image[:, i * step : i * step + width]) for i in range(frames)]


CLIPS = {
    'still': panned(scene(1), 0),
    'moving': panned(scene(2), 8),
    'cut': panned(scene(3), 0, 3) + panned(scene(4), 0, 3),
    'drifting': [cv2.addWeighted(scene(5)[:, :256], 1 - i / 11, scene(6)[:, :256], i / 11, 0) for i in range(12)],
    'flickering': [
        np.clip(frame * (1.2 - 0.4 * (i % 2)), 0, 255).astype(np.uint8) for i, frame in enumerate(panned(scene(7), 0))
    ],
}
EXPECTED = {
    'moving': ['mean_motion', 'high_motion'],
    'cut': ['neighbour_change', 'total_change'],
    'drifting': ['total_change'],
}


class TestMeasures:
    def test_motion_is_the_known_shift_in_percent_of_the_width(self):
        measures = measure_clip(CLIPS['moving'])
        assert measures.mean_motion == pytest.approx(100 * 8 / 256, rel=0.05)
        assert measures.high_motion == pytest.approx(100 * 8 / 256, rel=0.05)
        assert measures.frames == 6

    def test_motion_does_not_depend_on_the_size_of_the_frames(self):
        large = [cv2.resize(frame, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC) for frame in CLIPS['moving']]
        assert measure_clip(large).mean_motion == pytest.approx(100 * 8 / 256, rel=0.05)

    def test_nothing_moves(self):
        measures = measure_clip(CLIPS['still'])
        assert measures.mean_motion < 0.01 and measures.neighbour_change == measures.total_change == 0

    def test_a_cut_is_no_motion(self):
        measures = measure_clip(CLIPS['cut'])
        assert measures.neighbour_change > 0.5
        assert measures.high_motion < 0.01

    def test_luminance_is_compensated(self):
        assert measure_clip(CLIPS['flickering']).neighbour_change < 0.15
        grey = np.full((20, 20, 3), 40, np.uint8)
        assert scene_distance(grey, grey + 100) == 0

    def test_no_colour_in_common(self):
        red, blue = (np.full((20, 30, 3), colour, np.uint8) for colour in ((200, 0, 0), (0, 0, 200)))
        assert scene_distance(red, blue) == pytest.approx(1, abs=1e-6)

    def test_one_frame_and_none(self):
        measures = measure_clip(CLIPS['still'][:1])
        assert (measures.frames, measures.mean_motion, measures.total_change) == (1, 0, 0)
        with pytest.raises(ValueError, match='at least one frame'):
            measure_clip([])

    @pytest.mark.parametrize('size', [(1, 5), (4, 3000), (9, 4)])
    def test_odd_sizes(self, size):
        frames = np.random.default_rng(0).integers(0, 256, (2, *size, 3), np.uint8)
        assert np.isfinite(measure_clip(frames).mean_motion)


@pytest.fixture(scope='module')
def source(tmp_path_factory):
    root = tmp_path_factory.mktemp('splits')
    for clip, frames in CLIPS.items():
        (root / 'src' / clip).mkdir(parents=True)
        for i, frame in enumerate(frames):
            cv2.imwrite(str(root / f'src/{clip}/{i:03d}.png'), frame[..., ::-1])
    return root / 'src'


@pytest.fixture
def prepared(source, tmp_path):
    execute(plan_clips(source, val=['cut', 'still']), source, tmp_path)
    return tmp_path / 'clips'


def text(folder, part, subset):
    return (folder / f'meta_info_clips_{part}_{subset}.txt').read_text()


class TestSplit:
    def test_lists_and_measurements(self, prepared):
        split = split_clips(prepared)
        assert split.reasons == EXPECTED
        for part in ('train', 'val'):
            assert text(prepared, part, 'normal') == (prepared / f'meta_info_clips_{part}.txt').read_text()
        assert text(prepared, 'val', 'remote') == 'cut 6 (96,256,3)\n'
        assert text(prepared, 'train', 'remote') == 'drifting 12 (96,256,3)\nmoving 6 (96,256,3)\n'
        written = json.loads((prepared / 'clip_measurements.json').read_text())
        assert written['criterion']['mean_motion'] == 1.5
        assert {clip: of['remote'] for part in ('train', 'val') for clip, of in written[part].items()} == {
            clip: EXPECTED.get(clip, []) for clip in CLIPS
        }

    def test_another_criterion_measures_nothing_again(self, prepared, monkeypatch):
        split_clips(prepared)

        def fails(frames):
            raise AssertionError('measured again')

        monkeypatch.setattr('vsr_plugins.datasets.prepare.splits.measure_clip', fails)
        assert split_clips(prepared, Criterion(mean_motion=50, high_motion=50)).reasons.keys() == {'cut', 'drifting'}
        assert 'moving' not in text(prepared, 'train', 'remote')

    def test_resumes_where_it_was_stopped(self, prepared, monkeypatch):
        def interrupt(done, total):
            if done == 2:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            split_clips(prepared, workers=1, on_progress=interrupt)
        assert not (prepared / 'clip_measurements.json').exists()
        with open(prepared / '.vsr_split.jsonl', 'a') as file:
            file.write('\n{"clip": "cut", "sta')  # a line truncated by a kill
        measured = []
        original = measure_clip
        monkeypatch.setattr(
            'vsr_plugins.datasets.prepare.splits.measure_clip',
            lambda frames: measured.append(1) or original(frames),
        )
        assert split_clips(prepared).reasons == EXPECTED
        assert len(measured) == 3

    def test_a_clip_that_changed_is_measured_again(self, prepared):
        split_clips(prepared)
        for path in (prepared / 'GT/moving').iterdir():
            cv2.imwrite(str(path), CLIPS['still'][0])
        assert 'moving' not in split_clips(prepared).reasons

    def test_a_foreign_file_is_not_changed(self, prepared):
        path = prepared / 'meta_info_clips_val_remote.txt'
        path.write_text('mine\n')
        with pytest.raises(ValueError, match='val_remote.txt'):
            split_clips(prepared)
        assert path.read_text() == 'mine\n'
        assert not (prepared / 'clip_measurements.json').exists()

    def test_an_edited_file_is_not_changed(self, prepared):
        split_clips(prepared)
        path = prepared / 'meta_info_clips_val_remote.txt'
        path.write_text('edited by hand\n')
        with pytest.raises(ValueError, match=path.name):
            split_clips(prepared, Criterion(mean_motion=1))
        assert path.read_text() == 'edited by hand\n'

    def test_preparation_can_run_after_it(self, source, prepared):
        split_clips(prepared)
        assert execute(plan_clips(source, val=['cut', 'still']), source, prepared.parent).made == 0

    def test_missing_data(self, tmp_path, prepared):
        with pytest.raises(FileNotFoundError, match='vsr prepare clips'):
            split_clips(tmp_path / 'nowhere')
        for path in (prepared / 'GT/cut').iterdir():
            path.unlink()
        with pytest.raises(ValueError, match='cut '):
            split_clips(prepared)


class TestCommand:
    def test_prints_a_table(self, prepared, capsys):
        assert main(['split', str(prepared)]) == 0
        printed = capsys.readouterr().out
        assert 'train: 3 clips, 2 of them remote' in printed and 'val: 2 clips, 1 of them remote' in printed
        assert any('moving' in line and '*' in line and 'yes' in line for line in printed.splitlines())

    def test_reports_an_empty_list(self, prepared, capsys):
        assert main(['split', str(prepared), '--neighbour-change', '2', '--total-change', '2']) == 0
        assert 'meta_info_clips_val_remote.txt is empty' in capsys.readouterr().out

    def test_a_fault_is_one_line(self, tmp_path, capsys):
        assert main(['split', str(tmp_path)]) == 2
        assert 'vsr split: error: ' in capsys.readouterr().err

    def test_the_defaults_are_those_of_the_function(self):
        args = build_parser().parse_args(['split', 'clips'])
        for name, parameter in inspect.signature(Criterion).parameters.items():
            assert getattr(args, name) == parameter.default
