import json
import shutil

import av
import cv2
import numpy as np
import pytest
from videos import grey_frames, write_clip

from vsr_plugins.cli import main
from vsr_plugins.degradation import bicubic_upsample
from vsr_plugins.evaluation.folders import score_folders
from vsr_plugins.evaluation.protocols import PROTOCOLS
from vsr_plugins.evaluation.scores import score_frame
from vsr_plugins.media.images.image_files import list_images, read_rgb


def write(folder, count=3, size=(24, 28), suffix='.png', start=0, level=100):
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(start, start + count):
        image = np.full((*size, 3), level, np.uint8)
        image[number % size[0]] = 200
        cv2.imwrite(str(folder / f'{number}{suffix}'), image)
    return folder


@pytest.fixture
def folders(tmp_path):
    for clip in ('one', 'two'):
        write(tmp_path / 'gt' / clip, level=100)
        write(tmp_path / 'pred' / clip, level=101, suffix='.bmp')
    return tmp_path / 'pred', tmp_path / 'gt'


def test_clips_match_by_name_and_frames_by_natural_order(tmp_path):
    """Frames 8, 9, 10, 11 with other names and format match 0, 1, 2, 3."""
    write(tmp_path / 'gt' / 'a', 4, suffix='.png')
    write(tmp_path / 'pred' / 'a', 4, suffix='.bmp')
    for number in reversed(range(4)):
        (tmp_path / 'pred' / 'a' / f'{number}.bmp').rename(tmp_path / 'pred' / 'a' / f'{number + 8}.bmp')
    summary = score_folders(tmp_path / 'pred', tmp_path / 'gt', PROTOCOLS['basicvsr'])
    assert summary.mean['PSNR'] == 100 and summary.frames == {'a': 4}


def test_the_command_prints_table_json_and_markdown(folders, tmp_path, capsys):
    pred, gt = map(str, folders)
    assert main(['score', pred, gt, '--json', str(tmp_path / 'a.json'), '--markdown', str(tmp_path / 'a.md')]) == 0
    printed = capsys.readouterr().out
    # One level is 219/255 on Y; 23 of 24 rows are off: 20 log10(255 * 255 / 219) + 10 log10(24 / 23).
    assert 'one' in printed and '49.638' in printed and 'basicvsr: Y' in printed
    assert json.loads((tmp_path / 'a.json').read_text())['methods']['pred']['clips']['one']['PSNR'] > 49
    assert '| mean | 6 |' in (tmp_path / 'a.md').read_text()
    assert main(['score', pred, gt, '--json', str(tmp_path / 'a.json')]) == 2
    assert '--force' in capsys.readouterr().err
    assert main(['score', pred, gt, '--json', '-']) == 0
    assert json.loads(capsys.readouterr().out)['frames'] == {'one': 3, 'two': 3}


def test_every_video_that_is_read_is_a_clip_of_a_folder(tmp_path):
    for folder in ('pred', 'gt'):
        (tmp_path / folder).mkdir()
        write_clip(tmp_path / folder / 'a.flv', grey_frames(3), 'flv')
    summary = score_folders(tmp_path / 'pred', tmp_path / 'gt', PROTOCOLS['basicvsr'])
    assert summary.frames == {'a': 3} and summary.mean['PSNR'] == 100


def test_measures_of_pairs_of_frames(tmp_path, capsys):
    """The truth is still and the prediction flickers by 10 levels: (10 / 255)^2 = 0.001538, and 0 for the truth."""
    write_levels(tmp_path / 'gt' / 'a', [100] * 4)
    write_levels(tmp_path / 'pred' / 'a', [100, 110, 100, 110])
    command = ['score', str(tmp_path / 'pred'), str(tmp_path / 'gt'), '--metrics', 'psnr', 'EWARP', 'tOF']
    assert main([*command, '--markdown', '-']) == 0
    printed = capsys.readouterr().out.splitlines()
    assert '| clip | frames | PSNR | Ewarp | Ewarp_GT | tOF |' in printed
    assert any(line.startswith('| mean | 4 |') and '| 0.001538 | 0.000000 | 0.0000 |' in line for line in printed)
    assert any(line.startswith('- Ewarp: ') and 'Lai' in line for line in printed)
    assert main([*command, '--protocol', 'vimeo90k']) == 2
    assert 'Ewarp, tOF: ' in capsys.readouterr().err
    assert main([*command[:3], '--metrics', 'no-such-measure']) == 2
    assert "'no-such-measure'" in capsys.readouterr().err


def test_lpips_without_its_backbone(folders, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv('VSR_WEIGHTS_ROOT', str(tmp_path / 'weights'))
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'torch'))
    for folder in folders:
        write_levels(folder / 'one', [100] * 3)
        write_levels(folder / 'two', [100] * 3)
    assert main(['score', *map(str, folders), '--metrics', 'LPIPS']) == 2
    assert f'{tmp_path}/weights/alexnet-owt-7be5be79.pth' in capsys.readouterr().err


def write_levels(folder, levels):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for number, level in enumerate(levels):
        cv2.imwrite(str(folder / f'{number}.png'), np.full((64, 64, 3), level, np.uint8))


def test_hidden_folders_are_not_clips(tmp_path):
    """Also below a hidden folder; but the given folder may itself be in one."""
    for folder in (
        'pred/city',
        'pred/city/.ipynb_checkpoints',
        'pred/.cache/city/old',
        '.hidden/gt/city',
        'none/.git/city',
    ):
        write(tmp_path / folder)
    scores = score_folders(tmp_path / 'pred', tmp_path / '.hidden' / 'gt', PROTOCOLS['basicvsr'])
    assert scores.frames == {'city': 3}
    with pytest.raises(FileNotFoundError, match='none'):
        score_folders(tmp_path / 'none', tmp_path / 'pred', PROTOCOLS['basicvsr'])


def test_the_last_frame_of_an_even_clip_has_no_counterpart(tmp_path, capsys):
    """Of 10 frames 0, 2, ..., 8 are input, from which 9 can be made; 10 are made if the last one is input too."""
    for clip, count in (('even', 10), ('odd', 5)):
        write(tmp_path / 'gt' / clip, count)
        # Input frames are off by four levels, the others by one.
        for number in range(count):
            write(tmp_path / 'pred' / clip, 1, start=number, level=101 if number % 2 else 104)
    score = ['score', str(tmp_path / 'pred'), str(tmp_path / 'gt'), '--protocol', 'zooming_slow_mo', '--json', '-']

    def measured():
        assert main(score) == 0
        content = json.loads(capsys.readouterr().out)
        return content['frames'], content['protocol'], content['methods']['pred']['groups']

    frames, protocol, _ = measured()
    assert frames == {'even': 10, 'odd': 5} and protocol['name'] == 'zooming_slow_mo'
    (tmp_path / 'pred' / 'even' / '9.png').unlink()
    frames, protocol, groups = measured()
    assert frames == {'even': 9, 'odd': 5} and protocol['name'] == 'zooming_slow_mo+drop_unpaired=True'
    off_by_four, off_by_one = (groups[name]['PSNR'] for name in ('input frames', 'interpolated frames'))
    # 20 log10(255 * 255 / 219 / 4) + 10 log10(24 / 23), and four times less error.
    assert off_by_four == pytest.approx(37.597, abs=2e-3) and off_by_one == pytest.approx(49.638, abs=2e-3)
    assert main(score[:-2]) == 0
    assert 'all frames but the last of an even clip' in ' '.join(capsys.readouterr().out.split())

    (tmp_path / 'pred' / 'odd' / '4.png').unlink()
    with pytest.raises(ValueError, match='odd: 4 .*5') as error:
        score_folders(tmp_path / 'pred', tmp_path / 'gt', PROTOCOLS['zooming_slow_mo'])
    assert 'even' not in str(error.value)
    (tmp_path / 'pred' / 'even' / '8.png').unlink()
    with pytest.raises(ValueError, match='even: 8 .*10'):
        score_folders(tmp_path / 'pred', tmp_path / 'gt', PROTOCOLS['zooming_slow_mo'])
    with pytest.raises(ValueError, match='even: 8 .*10'):
        score_folders(tmp_path / 'pred', tmp_path / 'gt', PROTOCOLS['basicvsr'])


def test_single_clips_match_regardless_of_names(tmp_path):
    write(tmp_path / 'mine')
    write(tmp_path / 'truth' / 'walk')
    assert score_folders(tmp_path / 'mine', tmp_path / 'truth', PROTOCOLS['basicvsr']).frames == {'walk': 3}


@pytest.mark.parametrize(
    ('spoil', 'message'),
    [
        (lambda pred, gt: (pred / 'one' / '1.bmp').unlink(), 'one: 2 .*3'),
        (lambda pred, gt: write(gt / 'three'), 'three: in .*gt but not'),
        (lambda pred, gt: write(pred / 'three'), 'three: in .*pred but not'),
        (lambda pred, gt: write(pred / 'two', 1, (20, 28), '.bmp', 2), r'2.bmp .*28 x 20.*2.png .*28 x 24'),
        (
            lambda pred, gt: (gt / 'one' / '0.png').write_bytes((gt / 'one' / '0.png').read_bytes()[:60]),
            '0.png.*cannot',
        ),
        (lambda pred, gt: write(gt), r'gt .*\(one, \.\.\.\)'),
    ],
)
def test_mismatches_raise_one_clear_error(folders, spoil, message):
    spoil(*folders)
    with pytest.raises(ValueError, match=message):
        score_folders(*folders, PROTOCOLS['basicvsr'])


def test_missing_folders_are_one_line(folders, tmp_path, capsys):
    pred, gt = map(str, folders)
    (tmp_path / 'empty').mkdir()
    for arguments, message in (
        (['/no/such', gt], '/no/such is neither'),
        ([str(tmp_path / 'empty'), gt], str(tmp_path / 'empty')),
        ([pred, gt, '--protocol', 'nix'], "'nix'"),
        ([pred], 'GT are required'),
        ([pred, gt, '--protocol', 'latent_attention'], 'at least 4 frames'),
    ):
        assert main(['score', *arguments]) == 2
        error = capsys.readouterr().err
        assert message in error and error.startswith('vsr score: error: ') and error.count('\n') == 1


def test_protocols_can_be_listed(capsys):
    assert main(['score', '--list-protocols']) == 0
    printed = capsys.readouterr().out
    assert all(f'{name}: ' in printed for name in PROTOCOLS)


@pytest.mark.realdata
def test_bicubic_on_vid4_is_the_published_baseline(data_root):
    """23.784 dB / 0.6347 as a mean of clips, 23.794 dB as a mean of frames (Y, all frames, no crop, 8 bit)."""
    from vsr_plugins.evaluation.protocols import get_protocol
    from vsr_plugins.evaluation.scores import summarise

    scores = {}
    for clip in sorted((data_root / 'Vid4' / 'BIx4').iterdir()):
        pairs = zip(list_images(clip), list_images(data_root / 'Vid4' / 'GT' / clip.name), strict=True)
        scores[clip.name] = [
            score_frame(bicubic_upsample(read_rgb(lq), 4), read_rgb(gt), PROTOCOLS['basicvsr']) for lq, gt in pairs
        ]
    of_clips = summarise(scores, PROTOCOLS['basicvsr'])
    of_frames = summarise(scores, get_protocol(dict(name='basicvsr', average='frame')))
    assert [len(scores[clip]) for clip in ('calendar', 'city', 'foliage', 'walk')] == [41, 34, 49, 47]
    assert of_clips.mean['PSNR'] == pytest.approx(23.784, abs=0.001)
    assert of_clips.mean['SSIM'] == pytest.approx(0.6347, abs=0.00005)
    assert of_frames.mean['PSNR'] == pytest.approx(23.794, abs=0.001)


def noise(count=4, size=(48, 64), depth=np.uint8):
    """Smooth noise, for which a shift of one level is measured as such."""
    values = np.random.default_rng(0).integers(20, 220, (count, *size, 3))
    return values.astype(depth)


def write_video(path, frames, rate=25, codec='ffv1', pix_fmt='bgr0'):
    with av.open(str(path), 'w') as container:
        stream = container.add_stream(codec, rate=rate)
        stream.height, stream.width, stream.pix_fmt = *frames[0].shape[:2], pix_fmt
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, 'rgb24').reformat(format=pix_fmt)))
        container.mux(stream.encode())
    return path


def write_images(folder, frames, first=0):
    folder.mkdir(parents=True)
    for number, frame in enumerate(frames, first):
        cv2.imwrite(str(folder / f'{number:04d}.png'), cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    return folder


def test_a_video_on_either_side_scores_as_its_frames(tmp_path):
    truth = noise()
    target = write_images(tmp_path / 'gt', truth)
    prediction = write_video(tmp_path / 'pred.mkv', truth + 1)
    notes = []
    protocol = PROTOCOLS['basicvsr']
    found = score_folders(prediction, target, protocol, report=notes.append)
    # One level of RGB is 219 / 255 of Y.
    assert found.mean['PSNR'] == pytest.approx(20 * np.log10(255 * 255 / 219), abs=1e-3)
    assert found.frames == {'gt': 4} and any('pred.mkv is a video (ffv1, bgr0)' in note for note in notes)
    swapped = score_folders(target, prediction, protocol)
    assert swapped.mean == pytest.approx(found.mean)
    both = score_folders(prediction, write_video(tmp_path / 'gt.mkv', truth, 30), protocol, report=notes.append)
    assert both.mean == pytest.approx(found.mean) and any('25 and 30 frames a second' in note for note in notes)
    folder = tmp_path / 'videos'
    folder.mkdir()
    write_video(folder / 'a.mkv', truth + 1), write_video(folder / 'b.mkv', truth)
    (tmp_path / 'clips').mkdir()
    write_images(tmp_path / 'clips' / 'a', truth), write_images(tmp_path / 'clips' / 'b', truth)
    clips = score_folders(folder, tmp_path / 'clips', protocol, report=notes.append)
    assert clips.clips['a'] == pytest.approx(found.mean) and clips.clips['b']['PSNR'] == 100
    assert 'b: 4 of 4 frames equal their ground truth; each counts 100 dB' in notes


def test_images_of_16_bits_have_their_full_range(tmp_path):
    truth = noise()
    target = write_images(tmp_path / 'gt', truth)
    deep = write_images(tmp_path / 'deep', (truth.astype(np.uint16) + 1) * 257)
    found = score_folders(deep, target, PROTOCOLS['reds4_rgb'])
    assert found.mean['PSNR'] == pytest.approx(20 * np.log10(255))
    # 0.4 levels are rounded to the 8 bits of the protocol.
    fine = write_images(tmp_path / 'fine', (truth.astype(np.uint32) * 257 + 103).astype(np.uint16))
    assert score_folders(fine, target, PROTOCOLS['reds4_rgb']).mean['PSNR'] == 100


def test_two_images_are_scored_as_images(tmp_path, capsys):
    """They are no videos, so nothing is said of coding, matrices or numbers of frames."""
    write(tmp_path, 2)
    assert main(['score', str(tmp_path / '0.png'), str(tmp_path / '1.png')]) == 0
    text = capsys.readouterr()
    assert '1' in text.out and not text.err


def test_frames_of_other_numbers_are_told(tmp_path):
    truth = noise()
    target, prediction = write_images(tmp_path / 'gt', truth), write_images(tmp_path / 'pred', truth, first=1)
    notes = []
    score_folders(prediction, target, PROTOCOLS['basicvsr'], report=notes.append)
    assert any('4 of 4 frames have other numbers' in note and '0001.png with 0000.png' in note for note in notes)


def test_videos_of_other_lengths_or_sizes_are_refused(tmp_path):
    a, b = write_video(tmp_path / 'a.mkv', noise(4)), write_video(tmp_path / 'b.mkv', noise(3))
    with pytest.raises(ValueError, match='4 predicted frames, but 3'):
        score_folders(a, b, PROTOCOLS['basicvsr'])
    small = write_video(tmp_path / 'c.mkv', noise(4, (32, 64)))
    with pytest.raises(ValueError, match=r'64 x 48.*64 x 32'):
        score_folders(a, small, PROTOCOLS['basicvsr'])


def test_reports_that_cannot_be_written_are_refused_before_anything_is_measured(folders, tmp_path, capsys):
    pred, gt = map(str, folders)
    for options, value in (
        (['--json', '-', '--markdown', '-'], '--markdown'),
        (['--json', str(tmp_path / 'a'), '--markdown', str(tmp_path / 'a')], str(tmp_path / 'a')),
        (['--json', str(tmp_path / 'no' / 'a.json')], str(tmp_path / 'no')),
    ):
        assert main(['score', pred, gt, *options]) == 2
        printed = capsys.readouterr()
        assert value in printed.err and not printed.out
