import json
import shutil

import cv2
import numpy as np
import pytest

from vsr_plugins.cli import main
from vsr_plugins.degradation import bicubic_upsample
from vsr_plugins.evaluation.folders import score_folders
from vsr_plugins.evaluation.protocols import PROTOCOLS
from vsr_plugins.evaluation.scores import score_frame
from vsr_plugins.media.images import list_images, read_rgb


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
    assert summary.mean['PSNR'] == float('inf') and summary.frames == {'a': 4}


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
    assert main([*command[:3], '--metrics', 'vmaf']) == 2
    assert "'vmaf'" in capsys.readouterr().err


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
        (
            lambda pred, gt: cv2.imwrite(str(gt / 'two' / '0.png'), np.zeros((24, 28, 3), np.uint16)),
            r'two/0.png.*16 bits',
        ),
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
        (['/no/such', gt], '/no/such is not a folder'),
        ([str(tmp_path / 'empty'), gt], str(tmp_path / 'empty')),
        ([pred, gt, '--protocol', 'nix'], "'nix'"),
        ([pred], 'GT_DIR'),
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
