from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from vsr_plugins.apis.compare import compare_videos, name_versions
from vsr_plugins.cli import main
from vsr_plugins.evaluation.protocols import get_protocol
from vsr_plugins.visualization.split_screen import SplitScreen
from vsr_plugins.visualization.video import write_video

SIZE = (48, 64)


def write_clip(folder: Path, count=5, error=0, size=SIZE):
    """A checkerboard that moves right by 2 pixels a frame, right half brighter by ``error``."""
    folder.mkdir(parents=True)
    y, x = np.indices(size)
    for number in range(count):
        board = ((y // 4 + (x - 2 * number) // 4) % 2 * 100 + 60).astype(np.uint8)
        board[16:32, 32:48] += np.uint8(error)
        cv2.imwrite(str(folder / f'{number:03}.png'), np.repeat(board[..., None], 3, axis=2))
    return folder


@pytest.fixture
def clips(tmp_path):
    return {
        name: write_clip(tmp_path / name / 'walk', error=error) for name, error in (('a', 10), ('b', 20), ('gt', 0))
    }


def test_a_picture_with_known_psnr_and_the_crop_where_versions_differ(clips, tmp_path):
    methods = {name: clips[name] for name in 'ab'}
    done = compare_videos(methods, tmp_path / 'out' / 'picture.png', clips['gt'], protocol=get_protocol('reds4_rgb'))
    assert cv2.imread(str(done.path)).shape[1] > 800
    assert done.frame == 2
    # 16 x 16 of 48 x 64 pixels are off by 10 and by 20: 10 log10(255^2 / (err^2 / 12)).
    assert done.scores['a'].mean['PSNR'] == pytest.approx(38.9226, abs=1e-3)
    assert done.scores['b'].mean['PSNR'] == pytest.approx(32.9020, abs=1e-3)
    top, left, height, width = done.window
    assert (height, width) == (16, 16) and abs(top - 16) <= 4 and abs(left - 32) <= 4
    assert [path.name for path in done.path.parent.iterdir()] == ['picture.png']


def test_a_split_screen_video_shows_a_stripe_of_each(clips, tmp_path):
    done = compare_videos({'a': clips['a'], 'b': clips['b']}, tmp_path / 'video.mp4', crop=(40, 16, 16, 16))
    assert done.scores is None and done.window == (16, 40, 16, 16)
    with av.open(str(done.path)) as container:
        frames = [frame.to_ndarray(format='rgb24') for frame in container.decode(video=0)]
    assert len(frames) == 5 and all(side % 2 == 0 for side in frames[0].shape[:2])
    assert frames[0].shape[1] == 64 and frames[0].shape[0] > 48 + 28


def test_videos_and_folders_go_together(clips, tmp_path):
    frames = [cv2.imread(str(path)) for path in sorted(clips['gt'].iterdir())]
    video = write_video(frames, tmp_path / 'gt.mkv', 10, crf=0)
    done = compare_videos({'a': clips['a']}, tmp_path / 'picture.png', video)
    assert done.scores['a'].frames == {'gt': 5}


def test_the_screen_holds_the_pixels_of_each_stripe_and_the_profile_scrolls():
    screen = SplitScreen(['left', 'right'], (8, 8, 16, 16), (96, 128))
    for brightness in (10, 200):
        frames = {
            'left': np.full((96, 128, 3), brightness, np.uint8),
            'right': np.full((96, 128, 3), brightness + 20, np.uint8),
        }
        drawn = screen.draw(frames)
    assert (drawn[60:90, 30:60] == 200).all() and (drawn[60:90, 70:] == 220).all()
    # The border of the crop is visible on any colour.
    assert drawn[24, 7:25].tolist() == [[255] * 3] * 18 and drawn[23, 8:24].tolist() == [[228, 87, 46]] * 16
    # Below: crops 60 pixels high, then profiles whose last lines are the latest frames.
    assert (drawn[104:150, :60] == 200).all() and (drawn[104:150, 64:124] == 220).all()
    assert drawn[164:178, 5, 0].tolist() == [0] * 10 + [10] * 2 + [200] * 2


def test_a_row_over_time_is_the_row_of_each_frame(clips, monkeypatch, tmp_path):
    seen = {}

    def keep(panels, reference, window, title, profiles):
        seen.update(profiles)
        raise KeyboardInterrupt

    monkeypatch.setattr('vsr_plugins.apis.compare.comparison_figure', keep)
    with pytest.raises(KeyboardInterrupt):
        compare_videos({'a': clips['a'], 'b': clips['b']}, tmp_path / 'p.png', crop=(0, 0, 16, 8))
    # Row 4, from the left border to 12 pixels beyond the crop; the board moves by 2 pixels a frame.
    assert seen['a'].shape == (5, 28, 3)
    assert (seen['a'][1:, 2:] == seen['a'][:-1, :-2]).all()
    assert seen['a'][0, :4, 0].tolist() == [160] * 4


def test_names_are_the_parts_in_which_paths_differ(tmp_path):
    for method in ('edvr', 'tdan'):
        (tmp_path / method / 'walk').mkdir(parents=True)
    paths = [f'{tmp_path}/{method}/walk' for method in ('edvr', 'tdan')]
    assert list(name_versions(paths)) == ['edvr', 'tdan']
    assert list(name_versions(paths[:1], against=paths[1])) == ['edvr']
    assert name_versions([f'ours={paths[0]}']) == {'ours': paths[0]}
    with pytest.raises(ValueError, match="'x'"):
        name_versions([f'x={path}' for path in paths])


def test_errors_of_a_comparison_are_one_line(clips, tmp_path, capsys):
    out = tmp_path / 'picture.png'
    pair = [str(clips['a']), str(clips['b'])]
    other_size = write_clip(tmp_path / 'c', size=(32, 64))
    other_count = write_clip(tmp_path / 'd', count=4)
    existing = tmp_path / 'mine.png'
    existing.write_bytes(b'mine')
    cases = {
        '64 x 48': [pair[0], str(other_size)],
        f'{other_count} has 4': [pair[0], str(other_count)],
        'none': [pair[0], str(tmp_path / 'none')],
        'got 1': pair[:1],
        '60,0,10,10': [*pair, '--crop', '60,0,10,10'],
        'got 5': [*pair, '--frame', '5'],
        'mine.png': [*pair, '--out', str(existing)],
        'x.xyz': [*pair, '--out', str(tmp_path / 'x.xyz')],
    }
    for value, arguments in cases.items():
        arguments = arguments if '--out' in arguments else [*arguments, '--out', str(out)]
        assert main(['compare', *arguments]) == 2
        error = capsys.readouterr().err
        assert value in error and error.count('\n') == 1, error
    assert not out.exists() and existing.read_bytes() == b'mine'
    assert main(['compare', *pair, '--out', str(existing), '--force']) == 0
    assert existing.stat().st_size > 1000
