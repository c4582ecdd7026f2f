from pathlib import Path

import cv2
import numpy as np
import pytest

from vsr_plugins.datasets import ClipFramesDataset


def write(root: Path, clips: dict[str, list[str]], size=(8, 12)) -> None:
    for clip, names in clips.items():
        (root / clip).mkdir(parents=True)
        for value, name in enumerate(names):
            cv2.imwrite(str(root / clip / name), np.full((*size, 3), value, np.uint8))


@pytest.fixture
def pair(tmp_path):
    """Write two clips, of three frames and of one, as GT and BIx4."""
    names = {'b': ['00000000.png', '00000001.png', '00000002.png'], 'a': ['00000000.png']}
    write(tmp_path / 'Set' / 'GT', names)
    write(tmp_path / 'Set' / 'BIx4', names, (2, 3))
    (tmp_path / 'Set' / 'list.txt').write_text('b 3 (8,12,3)\na 1 (8,12,3)\n')
    return tmp_path / 'Set'


def paired(root, **kwargs):
    prefix = dict(img='BIx4', gt='GT')
    return ClipFramesDataset(**dict(data_root=str(root), data_prefix=prefix, ann_file='list.txt', **kwargs))


def ends(paths):
    return ['/'.join(Path(path).parts[-3:]) for path in paths]


class TestSamples:
    def test_clips(self, pair):
        data = paired(pair)
        assert [data[i]['key'] for i in range(len(data))] == ['b', 'a']
        assert ends(data[0]['img_path']) == [f'BIx4/b/0000000{i}.png' for i in range(3)]
        assert ends(data[1]['gt_path']) == ['GT/a/00000000.png']
        assert data[0]['sequence_length'] == 3

    def test_windows_with_the_centre_as_ground_truth(self, pair):
        data = paired(pair, samples='frames', num_input_frames=5, num_output_frames=1)
        assert [data[i]['key'] for i in range(len(data))] == ['b/00000000', 'b/00000001', 'b/00000002', 'a/00000000']
        assert ends(data[0]['img_path']) == [f'BIx4/b/0000000{i}.png' for i in (2, 1, 0, 1, 2)]
        assert ends(data[1]['gt_path']) == ['GT/b/00000001.png']
        assert ends(data[3]['img_path']) == ['BIx4/a/00000000.png'] * 5

    def test_windows_of_both(self, pair):
        sample = paired(pair, samples='frames', num_input_frames=3)[2]
        assert ends(sample['gt_path']) == [f'GT/b/0000000{i}.png' for i in (1, 2, 1)]

    def test_single_frames(self, pair):
        sample = paired(pair, samples='frames')[1]
        assert ends(sample['img_path']) == ['BIx4/b/00000001.png']
        assert ends(sample['gt_path']) == ['GT/b/00000001.png']

    def test_natural_order_any_format_and_nothing_but_images(self, tmp_path):
        write(tmp_path / 'GT', {'clip10': ['f1.jpg'], 'clip9': ['frame10.jpg', 'frame9.webp', 'frame100.png']})
        (tmp_path / 'GT' / 'clip9' / 'Thumbs.db').write_bytes(b'')
        (tmp_path / 'GT' / 'clip9' / '._frame9.webp').write_bytes(b'')
        (tmp_path / 'GT' / '.cache').mkdir()
        data = ClipFramesDataset(data_root=str(tmp_path), data_prefix=dict(gt='GT'))
        assert [data[i]['key'] for i in range(2)] == ['clip9', 'clip10']
        assert [Path(path).name for path in data[0]['gt_path']] == ['frame9.webp', 'frame10.jpg', 'frame100.png']

    def test_two_folders_deep_with_named_frames(self, tmp_path):
        write(tmp_path / 'GT', {'00001/0266': ['im1.png', 'im2.png'], '00001/0268': ['im1.png', 'im2.png']})
        (tmp_path / 'list.txt').write_text('00001/0266 (8, 12, 3)\n00001/0268 (8, 12, 3)\n')
        for ann_file in ('list.txt', ''):
            data = ClipFramesDataset(
                data_root=str(tmp_path),
                data_prefix=dict(img='GT', gt='GT'),
                ann_file=ann_file,
                depth=2,
                load_frames_list=dict(img=['im1.png', 'im2.png'], gt=['im2.png']),
            )
            assert [data[i]['key'] for i in range(2)] == ['00001/0266', '00001/0268']
            assert ends(data[1]['img_path']) == ['00001/0268/im1.png', '00001/0268/im2.png']
            assert ends(data[1]['gt_path']) == ['00001/0268/im2.png']

    def test_annotations_of_frames_are_read_as_clips(self, pair):
        (pair / 'list.txt').write_text('b/00000000.png (8, 12, 3)\nb/00000001.png (8, 12, 3)\n')
        data = paired(pair)
        assert len(data) == 1
        assert len(data[0]['gt_path']) == 3

    def test_some_of_the_clips(self, pair):
        assert [sample['key'] for sample in paired(pair, clips=['a'])] == ['a']
        with pytest.raises(FileNotFoundError, match=r'list\.txt .* z'):
            paired(pair, clips=['a', 'z'])

    def test_a_fixed_length_takes_the_first_frames(self, pair):
        assert ends(paired(pair, fixed_seq_len=2)[0]['gt_path']) == ['GT/b/00000000.png', 'GT/b/00000001.png']

    def test_two_data_sets_do_not_share_a_template(self, pair):
        """Upstream modifies its shared default dictionary."""
        first, second = paired(pair), paired(pair)
        assert first.filename_tmpl is not second.filename_tmpl


class TestWhatIsMissing:
    def test_the_complete_data_set(self, tmp_path, monkeypatch):
        monkeypatch.delenv('VSR_DATA_ROOT', raising=False)
        with pytest.raises(FileNotFoundError) as caught:
            paired(tmp_path / 'Vid4', prepare='vid4')
        text = str(caught.value)
        assert f'{tmp_path}/Vid4' in text
        assert 'VSR_DATA_ROOT is not set' in text
        assert f'vsr prepare vid4 SRC {tmp_path},' in text

    def test_a_relative_root_is_reported_as_absolute_path(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv('VSR_DATA_ROOT', 'data')
        with pytest.raises(FileNotFoundError, match=f'{tmp_path}/data/Vid4.*VSR_DATA_ROOT'):
            paired('data/Vid4', prepare='vid4')

    def test_a_prefix_and_the_annotation_file(self, pair):
        with pytest.raises(FileNotFoundError, match=f'{pair}/LR'):
            ClipFramesDataset(data_root=str(pair), data_prefix=dict(img='LR', gt='GT'))
        (pair / 'list.txt').unlink()
        with pytest.raises(FileNotFoundError, match=f'{pair}/list.txt'):
            paired(pair)

    def test_clips_that_are_listed_but_absent_or_empty(self, pair):
        (pair / 'list.txt').write_text('b 3\nc 3\nd 3\n')
        (pair / 'BIx4' / 'd').mkdir()
        with pytest.raises(FileNotFoundError, match=f'3 clips, but 2 .*{pair}/BIx4: c, d'):
            paired(pair)

    def test_an_empty_data_set(self, tmp_path):
        (tmp_path / 'GT').mkdir()
        with pytest.raises(FileNotFoundError, match='/GT'):
            ClipFramesDataset(data_root=str(tmp_path), data_prefix=dict(gt='GT'))

    def test_different_numbers_of_frames(self, pair):
        (pair / 'GT' / 'b' / '00000001.png').unlink()
        with pytest.raises(ValueError, match=f'b .*3 .*{pair}/BIx4/b .*2 .*{pair}/GT/b'):
            paired(pair)

    def test_arguments_are_checked(self, pair):
        with pytest.raises(ValueError, match="but got 'windows'"):
            paired(pair, samples='windows')
        with pytest.raises(ValueError, match='but got 3'):
            paired(pair, num_input_frames=5, num_output_frames=3)


@pytest.mark.parametrize('name', ['set.zip', 'set.lmdb', 'set'])
def test_an_archive_is_refused_with_what_to_do(tmp_path, name):
    root = tmp_path / name
    if name == 'set':
        root.mkdir()
        (root / 'data.mdb').touch()
    with pytest.raises(ValueError, match=f'{name} is an archive.*unpack'):
        ClipFramesDataset(data_root=str(root), data_prefix=dict(gt='GT'))
