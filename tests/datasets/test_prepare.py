"""Prepare small synthetic data sets in the layouts in circulation."""

import contextlib
import hashlib
import itertools
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from vsr_plugins.datasets import prepare
from vsr_plugins.datasets.prepare import ClipSpec, execute, execution, plan_vid4
from vsr_plugins.degradation import bicubic_downsample, blur_downsample

TABLE = {'calendar': ClipSpec(3, (16, 20)), 'walk': ClipSpec(12, (12, 16))}
META = 'calendar 3 (16,20,3)\nwalk 12 (12,16,3)\n'


def frame(clip, i, size):
    seed = int.from_bytes(hashlib.sha256(f'{clip} {i}'.encode()).digest()[:4], 'little')
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)


def write(path, image, **kwargs):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path, **kwargs)


def make_vid4(src, layout='GT/{}', name='{:08d}.png', table=TABLE, **kwargs):
    for clip, spec in table.items():
        for i in range(spec.frames):
            write(src / layout.format(clip) / name.format(i), frame(clip, i, spec.size), **kwargs)
    return src


def read(path):
    image = cv2.imread(str(path))
    assert image is not None, path
    return image[..., ::-1]


def contents(folder):
    """Return every file below a folder with its bytes and the time it was written."""
    files = sorted(path for path in folder.rglob('*') if path.is_file())
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def vid4(src, dst, table=TABLE, bd='duf', **kwargs):
    return execute(plan_vid4(src, bd, table), src, dst, **kwargs)


def assert_is_vid4(dst, table=TABLE):
    for clip, spec in table.items():
        for form in ('GT', 'BIx4', 'BDx4'):
            names = sorted(path.name for path in (dst / 'Vid4' / form / clip).iterdir())
            assert names == [f'{i:08d}.png' for i in range(spec.frames)]
        for i in range(spec.frames):
            gt = frame(clip, i, spec.size)
            np.testing.assert_array_equal(read(dst / f'Vid4/GT/{clip}/{i:08d}.png'), gt)
            np.testing.assert_array_equal(read(dst / f'Vid4/BIx4/{clip}/{i:08d}.png'), bicubic_downsample(gt))
            np.testing.assert_array_equal(read(dst / f'Vid4/BDx4/{clip}/{i:08d}.png'), blur_downsample(gt))
    assert (dst / 'Vid4/meta_info_Vid4_GT.txt').read_text() == META
    hidden = {path.name for path in (dst / 'Vid4').iterdir()} - {'GT', 'BIx4', 'BDx4', 'meta_info_Vid4_GT.txt'}
    assert hidden == {'.vsr_prepare.jsonl'}


class TestLayouts:
    @pytest.mark.parametrize(
        'layout',
        [
            'GT/{}',
            '{}',
            '{}/original',
            'HR/{}',
            '{}/truth',
            'Vid4/GT/{}',
            'Vid4/{}',
            'Vid4/{}/original',
            'a/b/HR/{}',
            'a/b/c/d/e/f/g/{}',
        ],
    )
    def test_finds_the_ground_truth(self, tmp_path, layout):
        vid4(make_vid4(tmp_path / 'src', layout), tmp_path / 'dst')
        assert_is_vid4(tmp_path / 'dst')

    @pytest.mark.parametrize(
        ('high', 'low'),
        [
            ('GT/{}', 'BIx4/{}'),
            ('{}/original', '{}/bicubic'),
            ('{}', 'LR/{}'),
            ('truth/{}', 'blur4/{}'),
            ('{}/truth', '{}/input4'),
        ],
    )
    def test_prefers_the_ground_truth(self, tmp_path, high, low):
        small = {clip: ClipSpec(spec.frames, (4, 4)) for clip, spec in TABLE.items()}
        make_vid4(tmp_path / 'src', low, table=small)
        vid4(make_vid4(tmp_path / 'src', high), tmp_path / 'dst')
        assert_is_vid4(tmp_path / 'dst')

    @pytest.mark.parametrize('name', ['Frame {}.png', 'im{:04d}.bmp', '{}.tiff', 'walk_{}.ppm'])
    def test_frames_are_in_natural_order(self, tmp_path, name):
        """Frame 2 comes before frame 10."""
        vid4(make_vid4(tmp_path / 'src', name=name), tmp_path / 'dst')
        assert_is_vid4(tmp_path / 'dst')

    def test_reads_lossless_webp(self, tmp_path):
        vid4(make_vid4(tmp_path / 'src', name='{:08d}.webp', lossless=True), tmp_path / 'dst')
        assert_is_vid4(tmp_path / 'dst')

    def test_names_of_clips_regardless_of_case(self, tmp_path):
        src = make_vid4(tmp_path / 'src')
        (src / 'GT/walk').rename(src / 'GT/Walk')
        vid4(src, tmp_path / 'dst')
        assert_is_vid4(tmp_path / 'dst')

    def test_other_files_are_ignored(self, tmp_path):
        src = make_vid4(tmp_path / 'src')
        for name in ('Thumbs.db', '._00000000.png', 'readme.txt'):
            (src / 'GT/walk' / name).write_text('no frame')
        (src / '__MACOSX/GT/walk').mkdir(parents=True)
        (src / '__MACOSX/GT/walk/00000000.png').write_text('no frame')
        vid4(src, tmp_path / 'dst')
        assert_is_vid4(tmp_path / 'dst')


class TestFaults:
    def test_all_faults_are_in_one_message_and_nothing_is_written(self, tmp_path):
        table = TABLE | {'city': ClipSpec(2, (8, 8)), 'foliage': ClipSpec(2, (8, 8)), 'lost': ClipSpec(5, (8, 8))}
        src = make_vid4(tmp_path / 'src', table={name: table[name] for name in table if name != 'lost'})
        (src / 'GT/calendar/00000002.png').unlink()
        write(src / 'GT/walk/00000007.png', frame('walk', 7, (12, 20)))
        cut = src / 'GT/city/00000001.png'
        cut.write_bytes(cut.read_bytes()[:-40])
        (src / 'GT/foliage/00000000.png').write_bytes(b'')
        with pytest.raises(ValueError) as error:
            vid4(src, tmp_path / 'dst', table)
        lines = str(error.value).splitlines()
        assert lines[0] == f'{src} cannot be prepared as Vid4:'
        assert any('lost' in line and '5 frames' in line and 'missing' in line for line in lines)
        assert any('calendar' in line and 'expected 3 frames, but got 2' in line for line in lines)
        wrong_size = 'expected 12x16 pixels (h x w), but got 12x20'
        assert any('walk/00000007.png' in line and wrong_size in line for line in lines)
        assert any(str(cut) in line and 'cannot be read' in line for line in lines)
        assert any('foliage/00000000.png (0 bytes) cannot be read' in line for line in lines)
        assert len(lines) == 6
        assert not (tmp_path / 'dst').exists()

    @pytest.mark.parametrize(
        ('suffix', 'kwargs'), [('png', {}), ('jpg', {}), ('webp', dict(lossless=True)), ('bmp', {})]
    )
    @pytest.mark.parametrize('rest', [0.02, 0.5, 0.99])
    def test_truncated_files_are_found(self, tmp_path, suffix, kwargs, rest):
        table = {'walk': ClipSpec(2, (40, 40))}
        src = make_vid4(tmp_path / 'src', name='{:08d}.' + suffix, table=table, **kwargs)
        cut = src / f'GT/walk/00000001.{suffix}'
        cut.write_bytes(cut.read_bytes()[: int(rest * cut.stat().st_size)])
        with pytest.raises(ValueError, match=f'00000001.{suffix} '):
            vid4(src, tmp_path / 'dst', table)
        assert not (tmp_path / 'dst').exists()

    def test_damage_detected_by_decoding_only(self, tmp_path):
        """The other frames are made completely; the data set is completed once the file is repaired."""
        src = make_vid4(tmp_path / 'src')
        bad = src / 'GT/walk/00000005.png'
        data = bytearray(good := bad.read_bytes())
        data[60:90] = bytes(30)
        bad.write_bytes(data)
        with pytest.raises(ValueError, match=r'Vid4 .*\n.*00000005.png '):
            vid4(src, tmp_path / 'dst')
        assert not (tmp_path / 'dst/Vid4/meta_info_Vid4_GT.txt').exists()
        assert not (tmp_path / 'dst/Vid4/GT/walk/00000005.png').exists()
        bad.write_bytes(good)
        assert vid4(src, tmp_path / 'dst').made == 3
        assert_is_vid4(tmp_path / 'dst')

    @pytest.mark.parametrize('mode', ['I;16', 'F'])
    def test_more_than_eight_bits_raise(self, tmp_path, mode):
        src = make_vid4(tmp_path / 'src', name='{:08d}.tiff')
        pixels = np.full((12, 16), 300, np.uint16 if mode == 'I;16' else np.float32)
        Image.fromarray(pixels).save(src / 'GT/walk/00000003.tiff')
        with pytest.raises(ValueError, match='00000003.tiff: 8-bit'):
            vid4(src, tmp_path / 'dst')

    def test_many_faults_are_counted(self, tmp_path):
        (tmp_path / 'src').mkdir()
        table = {f'clip{i}': ClipSpec(1, (8, 8)) for i in range(50)}
        with pytest.raises(ValueError, match='and 30 more'):
            vid4(tmp_path / 'src', tmp_path / 'dst', table)

    def test_missing_source(self, tmp_path):
        with pytest.raises(FileNotFoundError, match='nowhere'):
            plan_vid4(tmp_path / 'nowhere')

    @pytest.mark.parametrize(('src', 'dst'), [('.', '.'), ('Vid4', '.'), ('.', 'inner'), ('Vid4/GT', '.')])
    def test_source_and_result_must_not_overlap(self, tmp_path, src, dst):
        make_vid4(tmp_path / 'Vid4')
        before = contents(tmp_path)
        with pytest.raises(ValueError, match=tmp_path.name):
            vid4(tmp_path / src, tmp_path / dst)
        assert contents(tmp_path) == before

    def test_source_next_to_the_result(self, tmp_path):
        vid4(make_vid4(tmp_path / 'data/raw'), tmp_path / 'data')
        assert_is_vid4(tmp_path / 'data')

    @pytest.mark.parametrize('kwargs', [dict(workers=0), dict(bd='other')])
    def test_wrong_options(self, tmp_path, kwargs):
        with pytest.raises(ValueError, match='0|other'):
            vid4(make_vid4(tmp_path / 'src'), tmp_path / 'dst', **kwargs)


class TestNeverOverwrites:
    @pytest.mark.parametrize('there', ['GT/walk/00000003.png', 'BDx4/calendar/notes.txt', 'BIx4/walk'])
    def test_foreign_folders(self, tmp_path, there):
        path = tmp_path / 'dst/Vid4' / there
        path.parent.mkdir(parents=True)
        path.write_text('precious')
        with pytest.raises(ValueError, match='Vid4') as error:
            vid4(make_vid4(tmp_path / 'src'), tmp_path / 'dst')
        assert '/'.join(there.split('/')[:2]) in str(error.value)
        assert list(contents(tmp_path / 'dst')) == [f'Vid4/{there}']
        assert path.read_text() == 'precious'

    def test_foreign_annotations(self, tmp_path):
        path = tmp_path / 'dst/Vid4/meta_info_Vid4_GT.txt'
        path.parent.mkdir(parents=True)
        path.write_text('calendar 3\n')
        with pytest.raises(ValueError, match='meta_info_Vid4_GT.txt'):
            vid4(make_vid4(tmp_path / 'src'), tmp_path / 'dst')
        assert list(contents(tmp_path / 'dst')) == ['Vid4/meta_info_Vid4_GT.txt']

    def test_files_that_were_changed(self, tmp_path):
        src = make_vid4(tmp_path / 'src')
        vid4(src, tmp_path / 'dst')
        path = tmp_path / 'dst/Vid4/BIx4/walk/00000004.png'
        path.write_bytes(b'mine now')
        before = contents(tmp_path / 'dst')
        with pytest.raises(ValueError, match=r'BIx4/walk/00000004.png .*8 bytes'):
            vid4(src, tmp_path / 'dst')
        assert contents(tmp_path / 'dst') == before

    def test_other_options(self, tmp_path):
        src = make_vid4(tmp_path / 'src')
        vid4(src, tmp_path / 'dst')
        before = contents(tmp_path / 'dst')
        with pytest.raises(ValueError, match=r'BDx4/walk ') as error:
            vid4(src, tmp_path / 'dst', bd='mmagic')
        assert 'BIx4' not in str(error.value)
        assert contents(tmp_path / 'dst') == before
        shutil.rmtree(tmp_path / 'dst/Vid4/BDx4')
        assert vid4(src, tmp_path / 'dst', bd='mmagic').made == 15

    def test_other_sources(self, tmp_path):
        vid4(make_vid4(tmp_path / 'src'), tmp_path / 'dst')
        with pytest.raises(ValueError, match=r'GT/walk '):
            vid4(make_vid4(tmp_path / 'other', name='{:08d}.bmp'), tmp_path / 'dst')

    @pytest.mark.parametrize('ends', [False, True], ids=['complete', 'stopped'])
    def test_sources_with_another_content_of_the_same_size(self, tmp_path, monkeypatch, ends):
        src = make_vid4(tmp_path / 'src', name='{:08d}.bmp')
        with monkeypatch.context() as patch:
            if ends:
                patch.setattr(execution._ClipJob, 'complete', lambda job: None)
            else:
                vid4(src, tmp_path / 'dst')
            with contextlib.suppress(KeyError, TypeError):
                vid4(src, tmp_path / 'dst')
        path = src / 'GT/walk/00000004.bmp'
        size = path.stat().st_size
        write(path, frame('other', 4, TABLE['walk'].size))
        if not ends:
            os.utime(path, (1, 1))
        assert path.stat().st_size == size
        before = contents(tmp_path / 'dst')
        with pytest.raises(ValueError, match='GT/walk ') as error:
            vid4(src, tmp_path / 'dst')
        assert 'calendar' not in str(error.value)
        assert contents(tmp_path / 'dst') == before
        for form in ('GT', 'BIx4', 'BDx4'):
            shutil.rmtree(tmp_path / 'dst/Vid4' / form / 'walk')
        vid4(src, tmp_path / 'dst')
        np.testing.assert_array_equal(read(tmp_path / 'dst/Vid4/GT/walk/00000004.png'), read(path))
        assert vid4(src, tmp_path / 'dst').made == 0

    def test_copies_of_the_sources_have_other_times_only(self, tmp_path):
        src = make_vid4(tmp_path / 'src')
        vid4(src, tmp_path / 'dst')
        for path in (src / 'GT/walk').iterdir():
            os.utime(path, (1, 1))
        assert vid4(src, tmp_path / 'dst').made == 0

    @pytest.mark.parametrize('text', ['{"something": "else"}', 'walk 47', '[1]'])
    def test_foreign_manifest(self, tmp_path, text):
        path = tmp_path / 'dst/Vid4/.vsr_prepare.jsonl'
        path.parent.mkdir(parents=True)
        path.write_text(text)
        with pytest.raises(ValueError, match='line 1'):
            vid4(make_vid4(tmp_path / 'src'), tmp_path / 'dst')

    def test_linked_sources_are_not_changed(self, tmp_path):
        src = make_vid4(tmp_path / 'src')
        before = contents(src)
        vid4(src, tmp_path / 'dst', link=True)
        assert_is_vid4(tmp_path / 'dst')
        assert (tmp_path / 'dst/Vid4/GT/walk/00000000.png').samefile(src / 'GT/walk/00000000.png')
        assert contents(src) == before


KILLED = """
import itertools, os, signal, sys
from pathlib import Path
from vsr_plugins.datasets.prepare import ClipSpec, execute, execution, plan_vid4

place, calls = sys.argv[3], itertools.count()
original = getattr(os, 'replace') if place == 'replace' else getattr(execution, place)

def deadly(*args):
    if next(calls) == 20:
        os.kill(os.getpid(), signal.SIGKILL)
    return original(*args)

setattr(os if place == 'replace' else execution, place, deadly)
table = {'calendar': ClipSpec(3, (16, 20)), 'walk': ClipSpec(12, (12, 16))}
execute(plan_vid4(sys.argv[1], table=table), sys.argv[1], sys.argv[2])
"""


class TestResume:
    def test_second_run_makes_nothing(self, tmp_path):
        src = make_vid4(tmp_path / 'src')
        first = vid4(src, tmp_path / 'dst')
        assert (first.clips, first.frames, first.made, first.found) == (2, 15, 45, 0)
        before = contents(tmp_path / 'dst')
        again = vid4(src, tmp_path / 'dst')
        assert (again.clips, again.frames, again.made, again.found) == (2, 15, 0, 45)
        assert contents(tmp_path / 'dst') == before

    @pytest.mark.parametrize('place', ['replace', 'encode_png'])
    def test_killed_in_the_middle(self, tmp_path, place):
        src = make_vid4(tmp_path / 'src', name='{:08d}.bmp')
        command = [sys.executable, '-c', KILLED, str(src), str(tmp_path / 'dst'), place]
        assert subprocess.run(command, capture_output=True).returncode == -signal.SIGKILL
        there = contents(tmp_path / 'dst')
        assert 'Vid4/meta_info_Vid4_GT.txt' not in there
        images = {name: entry for name, entry in there.items() if name.endswith('.png')}
        assert 10 <= len(images) < 45
        assert vid4(src, tmp_path / 'dst').made == 45 - len(images)
        assert_is_vid4(tmp_path / 'dst')
        assert images.items() <= contents(tmp_path / 'dst').items()

    @pytest.mark.parametrize('cut', [0, 1, 9, 30, 60, -10, -2, -1])
    def test_truncated_manifest(self, tmp_path, cut):
        src = make_vid4(tmp_path / 'src')
        vid4(src, tmp_path / 'dst')
        record = tmp_path / 'dst/Vid4/.vsr_prepare.jsonl'
        lines = record.read_text().splitlines()
        # As if killed after the second clip was recorded, before any of its files was written.
        begun = next(i for i, line in enumerate(lines) if line.startswith('{"begin":"walk"'))
        record.write_text('\n'.join(lines[:begun]) + '\n' + lines[begun][:cut])
        for form in ('GT', 'BIx4', 'BDx4'):
            shutil.rmtree(tmp_path / 'dst/Vid4' / form / 'walk')
        vid4(src, tmp_path / 'dst')
        assert_is_vid4(tmp_path / 'dst')
        assert vid4(src, tmp_path / 'dst').made == 0

    def test_deleted_files_are_made_again(self, tmp_path):
        src = make_vid4(tmp_path / 'src')
        vid4(src, tmp_path / 'dst')
        (tmp_path / 'dst/Vid4/BDx4/walk/00000002.png').unlink()
        shutil.rmtree(tmp_path / 'dst/Vid4/GT/calendar')
        (tmp_path / 'dst/Vid4/meta_info_Vid4_GT.txt').unlink()
        assert vid4(src, tmp_path / 'dst').made == 4
        assert_is_vid4(tmp_path / 'dst')

    def test_writing_fails(self, tmp_path, monkeypatch):
        """A full disk ends the run at once, and the next run resumes."""
        src = make_vid4(tmp_path / 'src', name='{:08d}.bmp')
        calls, original = itertools.count(), os.replace

        def full(*args):
            if next(calls) > 10:
                raise OSError(28, 'No space left on device')
            return original(*args)

        monkeypatch.setattr(os, 'replace', full)
        with pytest.raises(OSError, match='No space left'):
            vid4(src, tmp_path / 'dst')
        monkeypatch.undo()
        vid4(src, tmp_path / 'dst')
        assert_is_vid4(tmp_path / 'dst')

    def test_progress_counts_all_steps(self, tmp_path):
        seen = []
        vid4(make_vid4(tmp_path / 'src'), tmp_path / 'dst', on_progress=lambda *step: seen.append(step))
        assert seen == [(i, 15) for i in range(16)]

    @pytest.mark.parametrize('workers', [1, 3, 32])
    def test_any_number_of_workers(self, tmp_path, workers):
        vid4(make_vid4(tmp_path / 'src'), tmp_path / 'dst', workers=workers)
        assert_is_vid4(tmp_path / 'dst')


def test_published_table():
    """Published counts and sizes (h, w)."""
    table = {name: (spec.frames, spec.size) for name, spec in prepare.vid4.VID4.items()}
    assert table == {
        'calendar': (41, (576, 720)),
        'city': (34, (576, 704)),
        'foliage': (49, (480, 720)),
        'walk': (47, (480, 720)),
    }


@pytest.mark.realdata
def test_real_vid4(data_root):
    assert Path(data_root / 'Vid4/meta_info_Vid4_GT.txt').read_text().splitlines() == [
        'calendar 41 (576,720,3)',
        'city 34 (576,704,3)',
        'foliage 49 (480,720,3)',
        'walk 47 (480,720,3)',
    ]
    assert len(list((data_root / 'Vid4').rglob('*.png'))) == 3 * 171
