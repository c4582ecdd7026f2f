"""The published data sets, read back by upstream's dataset class, and the command."""

import numpy as np
import pytest
from prepared import basic_frames, read, write

from vsr_plugins.cli import main
from vsr_plugins.datasets.prepare import ClipSpec, execute, plan_reds, plan_spmcs, plan_vid4, plan_vimeo90k
from vsr_plugins.degradation import bicubic_downsample


class TestReds:
    SPEC = ClipSpec(2, (8, 12))

    def official(self, src):
        for i in range(240):
            for j in range(2):
                write(src / f'train_sharp/train/train_sharp/{i:03d}/{j:08d}.png')
        for i in range(30):
            for j in range(2):
                write(src / f'val_sharp/val/val_sharp/{i:03d}/{j:08d}.png')
        return src

    def test_official_archives(self, tmp_path):
        src = self.official(tmp_path / 'src')
        assert execute(plan_reds(src, spec=self.SPEC), src, tmp_path).made == 2 * 270 * 2
        reds = tmp_path / 'REDS'
        last = read(src / 'val_sharp/val/val_sharp/029/00000001.png')
        np.testing.assert_array_equal(read(reds / 'train_sharp/269/00000001.png'), last)
        low = read(reds / 'train_sharp_bicubic/X4/269/00000001.png')
        np.testing.assert_array_equal(low, bicubic_downsample(last))
        lines = {path.name: path.read_text().splitlines() for path in reds.glob('meta_info_*.txt')}
        assert {name: len(text) // 2 for name, text in lines.items()} == {
            'meta_info_REDS_GT.txt': 270,
            'meta_info_reds4_train.txt': 266,
            'meta_info_reds4_val.txt': 4,
            'meta_info_official_train.txt': 240,
            'meta_info_official_val.txt': 30,
        }
        assert lines['meta_info_reds4_val.txt'][:3] == [
            '000/00000000.png (8, 12, 3)',
            '000/00000001.png (8, 12, 3)',
            '011/00000000.png (8, 12, 3)',
        ]
        assert not set(lines['meta_info_reds4_val.txt']) & set(lines['meta_info_reds4_train.txt'])
        assert not set(lines['meta_info_official_val.txt']) & set(lines['meta_info_official_train.txt'])
        samples = basic_frames(reds, 'meta_info_reds4_train.txt', 'train_sharp_bicubic/X4', 'train_sharp', depth=1)
        assert len(samples) == 266
        assert (samples[0]['key'], samples[0]['sequence_length']) == ('001', 2)

    @pytest.mark.parametrize('layout', ['GT/{}', '{}', 'train_sharp/{}', 'REDS4/GT/{}'])
    def test_the_four_test_clips(self, tmp_path, layout):
        src = tmp_path / 'src'
        for clip in ('000', '011', '015', '020'):
            for j in range(2):
                write(src / layout.format(clip) / f'{j:08d}.png')
                write(src / 'sharp_bicubic' / clip / f'{j:08d}.png', (2, 3))
        execute(plan_reds(src, 'reds4', self.SPEC), src, tmp_path)
        assert [path.name for path in (tmp_path / 'REDS').glob('*.txt')] == ['meta_info_reds4_val.txt']
        assert read(tmp_path / 'REDS/train_sharp/020/00000001.png').shape == (8, 12, 3)

    def test_blurred_frames_lie_beside_the_sharp_ones(self, tmp_path):
        src = tmp_path / 'src'
        for clip in ('000', '011', '015', '020'):
            for j in range(2):
                write(src / f'train_sharp/{clip}/{j:08d}.png')
                write(src / f'train_blur/train/train_blur/{clip}/{j:08d}.png')
        execute(plan_reds(src, 'reds4', self.SPEC), src, tmp_path)
        assert execute(plan_reds(src, 'reds4', self.SPEC, frames='blur'), src, tmp_path).made == 4 * 2
        blurred = read(src / 'train_blur/train/train_blur/011/00000001.png')
        np.testing.assert_array_equal(read(tmp_path / 'REDS/train_blur/011/00000001.png'), blurred)
        with pytest.raises(ValueError, match='clip 000'):
            execute(plan_reds(src, 'reds4', self.SPEC, frames='blur_comp'), src, tmp_path)
        with pytest.raises(ValueError, match="'noise'"):
            plan_reds(src, frames='noise')

    def test_without_the_validation_clips(self, tmp_path):
        src = self.official(tmp_path / 'src')
        (src / 'val_sharp/val/val_sharp').rename(tmp_path / 'elsewhere')
        with pytest.raises(ValueError, match=r'clip 240 ') as error:
            execute(plan_reds(src, spec=self.SPEC), src, tmp_path)
        assert 'and 10 more' in str(error.value)

    def test_unknown_subset(self, tmp_path):
        with pytest.raises(ValueError, match="'full' or 'reds4'.*'val'"):
            plan_reds(tmp_path, 'val')


class TestVimeo90k:
    SPEC = ClipSpec(7, (8, 12))
    LISTS = {'train': ['00001/0001', '00001/0002', '00096/0936'], 'test': ['00001/0266', '00002/0003']}

    def source(self, src, sequences='sequences'):
        for name, clips in self.LISTS.items():
            for clip in clips:
                for i in range(1, 8):
                    write(src / sequences / clip / f'im{i}.png')
            (src / f'sep_{name}list.txt').write_text('\n'.join(clips) + '\n')
        return src

    def plan(self, src, **counts):
        return plan_vimeo90k(src, counts=dict(train=3, test=2) | counts, spec=self.SPEC)

    @pytest.mark.parametrize('inner', ['.', 'vimeo_septuplet'])
    @pytest.mark.parametrize('sequences', ['sequences', 'GT'])
    def test_septuplets(self, tmp_path, inner, sequences):
        src = self.source(tmp_path / 'src' / inner, sequences)
        write(src / sequences / '00009/0001/im1.png')  # in no list
        (src / 'sep_fast_testset.txt').write_text('00002/0003\n')
        execute(self.plan(tmp_path / 'src'), tmp_path / 'src', tmp_path)
        vimeo = tmp_path / 'vimeo90k'
        assert (vimeo / 'meta_info_Vimeo90K_test_GT.txt').read_text() == (
            '00001/0266 7 (8, 12, 3)\n00002/0003 7 (8, 12, 3)\n'
        )
        assert (vimeo / 'meta_info_Vimeo90K_test_fast_GT.txt').read_text() == '00002/0003 7 (8, 12, 3)\n'
        names = {f'im{i}.png' for i in range(1, 8)}
        for form in ('GT', 'BIx4', 'BDx4'):
            assert {path.name for path in (vimeo / form / '00096/0936').iterdir()} == names
            assert not (vimeo / form / '00009').exists()
        samples = basic_frames(
            vimeo,
            'meta_info_Vimeo90K_train_GT.txt',
            'BIx4',
            'GT',
            depth=2,
            num_input_frames=5,
            fixed_seq_len=7,
            load_frames_list=dict(img=['im2.png', 'im3.png'], gt=['im4.png']),
        )
        assert [sample['key'] for sample in samples] == self.LISTS['train']
        assert all(read(path).shape == (2, 3, 3) for path in samples[0]['img_path'])
        assert all(read(path).shape == (8, 12, 3) for path in samples[0]['gt_path'])

    def test_faults(self, tmp_path):
        src = self.source(tmp_path / 'src')
        (src / 'sequences/00096/0936/im4.png').unlink()
        (src / 'sep_trainlist.txt').write_text('00096/0936\n00001/0266\n')
        plan = self.plan(src)
        assert len(plan.faults) == 3
        assert 'sep_trainlist.txt: expected 3 septuplets, but got 2' in plan.faults[0]
        assert '1 septuplets are in the training and in the test list, such as 00001/0266' in plan.faults[1]
        assert '00096/0936: expected 7 frames, but im4.png is missing' in plan.faults[2]

    def test_published_counts(self, tmp_path):
        faults = plan_vimeo90k(self.source(tmp_path / 'src'), spec=self.SPEC).faults
        assert '64612 septuplets' in faults[0]
        assert '7824 septuplets' in faults[1]

    def test_without_lists(self, tmp_path):
        src = self.source(tmp_path / 'src')
        (src / 'sep_testlist.txt').unlink()
        with pytest.raises(FileNotFoundError, match='sep_testlist.txt'):
            self.plan(src)


class TestSpmcs:
    @pytest.mark.parametrize(('high', 'low'), [('test_set/{}/truth', 'test_set/{}/input4'), ('GT/{}', 'BIx4/{}')])
    def test_layouts(self, tmp_path, high, low):
        for clip in ('car05_001', 'hdclub_003_001'):
            for i in range(3):
                write(tmp_path / 'src' / high.format(clip) / f'{i:04d}.png')
                write(tmp_path / 'src' / low.format(clip) / f'{i:04d}.png', (2, 3))
        plan = plan_spmcs(tmp_path / 'src', clips=2, spec=ClipSpec(3, None))
        execute(plan, tmp_path / 'src', tmp_path)
        spmcs = tmp_path / 'SPMCS'
        assert (spmcs / 'meta_info_SPMCS_GT.txt').read_text() == 'car05_001 3 (8,12,3)\nhdclub_003_001 3 (8,12,3)\n'
        samples = basic_frames(spmcs, 'meta_info_SPMCS_GT.txt', 'BDx4', 'GT', depth=2, num_input_frames=5)
        assert [sample['key'] for sample in samples][:4] == [
            'car05_001/00000000',
            'car05_001/00000001',
            'car05_001/00000002',
            'hdclub_003_001/00000000',
        ]

    def test_published_counts(self, tmp_path):
        write(tmp_path / 'src/car05_001/truth/0001.png')
        faults = plan_spmcs(tmp_path / 'src').faults
        assert 'expected 30 clips, but got 1: car05_001' in faults[0]
        assert 'expected 31 frames, but got 1' in faults[1]


class TestCommand:
    def test_prepares_and_prints_the_export_command(self, tmp_path, capsys):
        for clip in ('a', 'b'):
            write(tmp_path / 'src' / clip / '0.png')
        assert main(['prepare', 'clips', str(tmp_path / 'src'), str(tmp_path / 'my data'), '--val', 'b']) == 0
        out, err = capsys.readouterr()
        assert out.splitlines() == [
            f'{tmp_path}/my data/clips: 2 clips, 2 frames; 3 files made, 0 existed',
            f"export VSR_DATA_ROOT='{tmp_path}/my data'",
        ]
        assert err == ''  # no progress bar without a terminal

    def test_checks_the_published_counts(self, tmp_path, capsys):
        write(tmp_path / 'src/GT/walk/0.png')
        assert main(['prepare', 'vid4', str(tmp_path / 'src'), str(tmp_path)]) == 2
        err = capsys.readouterr().err
        assert err.startswith('vsr prepare: error: ')
        assert 'clip calendar (41 frames) is missing' in err
        assert 'expected 47 frames, but got 1' in err
        assert 'expected 480x720 pixels (h x w), but got 8x12' in err

    def test_several_sources_of_clips(self, tmp_path, capsys):
        for clip in ('one/a', 'two/b'):
            write(tmp_path / clip / '0.png')
        sources = [str(tmp_path / name) for name in ('one', 'two')]
        assert main(['prepare', 'clips', *sources, str(tmp_path / 'data'), '--val', 'b']) == 0
        assert '2 clips, 2 frames; 3 files made' in capsys.readouterr().out

    def test_set5(self, tmp_path, capsys):
        sizes = {'baby': (512, 512), 'bird': (288, 288), 'butterfly': (256, 256), 'head': (280, 280)}
        for name, size in (sizes | {'woman': (344, 228)}).items():
            write(tmp_path / f'src/Set5/{name}_GT.png', size)
        assert main(['prepare', 'set5', str(tmp_path / 'src'), str(tmp_path)]) == 0
        assert '5 clips, 5 frames; 10 files made' in capsys.readouterr().out
        lines = (tmp_path / 'Set5/meta_info_Set5_GT.txt').read_text().splitlines()
        assert (lines[0], lines[4]) == ('baby 1 (512,512,3)', 'woman 1 (344,228,3)')
        (tmp_path / 'src/Set5/bird_GT.png').unlink()
        assert main(['prepare', 'set5', str(tmp_path / 'src'), str(tmp_path / 'other')]) == 2
        assert 'baby, bird, butterfly, head, woman' in capsys.readouterr().err

    @pytest.mark.parametrize('kind', ['vid4', 'reds', 'vimeo90k', 'spmcs', 'set5', 'clips'])
    def test_missing_source(self, tmp_path, capsys, kind):
        assert main(['prepare', kind, str(tmp_path / 'nowhere'), str(tmp_path)]) == 2
        assert 'nowhere is not a folder' in capsys.readouterr().err

    def test_vid4_is_read_by_upstream(self, tmp_path):
        for i in range(3):
            write(tmp_path / f'src/walk/{i}.png')
        plan = plan_vid4(tmp_path / 'src', table={'walk': ClipSpec(3, (8, 12))})
        execute(plan, tmp_path / 'src', tmp_path)
        samples = basic_frames(tmp_path / 'Vid4', 'meta_info_Vid4_GT.txt', 'BIx4', 'GT', depth=1)
        assert [(sample['key'], sample['sequence_length']) for sample in samples] == [('walk', 3)]


def test_other_scales_lie_beside_x4(tmp_path):
    """Of frames whose size is no multiple, the low resolution is that of the whole blocks."""
    table = {'walk': ClipSpec(2, (16, 20))}
    for j in range(2):
        write(tmp_path / f'src/walk/{j:03d}.png', (16, 20))
    src = tmp_path / 'src'
    assert execute(plan_vid4(src, table=table), src, tmp_path).made == 2 * 3
    assert execute(plan_vid4(src, table=table, scales=(2, 3, 4)), src, tmp_path).made == 2 * 2
    truth = read(tmp_path / 'Vid4/GT/walk/00000001.png')
    np.testing.assert_array_equal(read(tmp_path / 'Vid4/BIx2/walk/00000001.png'), bicubic_downsample(truth, 2))
    low = read(tmp_path / 'Vid4/BIx3/walk/00000001.png')
    np.testing.assert_array_equal(low, bicubic_downsample(truth[:15, :18], 3))
    assert sorted(path.name for path in (tmp_path / 'Vid4').iterdir() if path.is_dir()) == [
        'BDx4',
        'BIx2',
        'BIx3',
        'BIx4',
        'GT',
    ]
    with pytest.raises(ValueError, match='1'):
        plan_vid4(src, scales=(1,))
    assert (
        main(['prepare', 'clips', str(src), str(tmp_path / 'other'), '--val-fraction', '1', '--scale', '2', '3']) == 0
    )
    assert read(tmp_path / 'other/clips/BIx2/walk/00000000.png').shape == (8, 10, 3)
