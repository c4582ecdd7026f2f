"""Names of the targets of one and of many sources."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from videos import Nearest, grey_frames, read_clip, write_clip

from vsr_plugins.apis import upscale_batch
from vsr_plugins.apis.upscaling import upscale
from vsr_plugins.cli import main
from vsr_plugins.inference.job.batch_targets import plan_targets
from vsr_plugins.inference.job.options import JobOptions, Naming, OutputOptions
from vsr_plugins.media.images.image_files import encode_png


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with empty files; ``plan_targets`` reads names only."""
    for name in (
        'a.mp4',
        'b.wmv',
        'c.mpg',
        'sub/a.mp4',
        'sub/deep/d.vob',
        '.hidden/e.mp4',
        'notes.txt',
        'frames/0.png',
    ):
        path = tmp_path / 'in' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / 'pictures').mkdir()
    (tmp_path / 'pictures/0.png').touch()
    (tmp_path / 'there').mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def plan(sources, target, *args, **options):
    targets, is_folder = plan_targets(sources, target, Naming(*args, **options))
    return {source.as_posix(): path.as_posix() for source, path in targets.items()}, is_folder


@pytest.mark.parametrize(
    ('sources', 'target', 'options', 'expected'),
    [
        (['in/a.mp4'], 'out', {}, 'out'),
        (['in/a.mp4'], 'out.mkv', {}, 'out.mkv'),
        (['in/a.mp4'], 'out/', {}, ['out/a.mp4']),
        (['in/a.mp4'], 'there', {}, ['there/a.mp4']),
        (['in/a.mp4'], 'there/', {}, ['there/a.mp4']),
        (['in/b.wmv'], 'out/', {}, ['out/b.mkv']),
        (['in/b.wmv'], 'out/', {'ext': 'MP4'}, ['out/b.mp4']),
        (['in/b.wmv'], 'out/', {'ext': 'png'}, ['out/b']),
        (['in/a.mp4'], 'in/', {'suffix': '_x4'}, ['in/a_x4.mp4']),
        (['in/a.mp4', 'in/c.mpg'], 'out', {}, ['out/a.mp4', 'out/c.mkv']),
        (['in'], 'out', {}, ['out/a.mp4', 'out/b.mkv', 'out/c.mkv']),
        (['in/*.m*'], 'out', {}, ['out/a.mp4', 'out/c.mkv']),
        (['in'], 'out', {'recursive': True}, 'a.mp4 b.mkv c.mkv sub/a.mp4 sub/deep/d.mkv'),
        (['pictures'], 'out', {}, 'out'),
        (['pictures'], 'out/', {}, 'out'),
        (['pictures'], 'there', {}, 'there'),
        (['pictures'], 'out', {'ext': '.mp4'}, ['out/pictures.mp4']),
        (['pictures', 'in/a.mp4'], 'out', {}, ['out/pictures', 'out/a.mp4']),
        (['in/a.mp4'], 'pictures', {}, 'pictures'),
        (['in/a.mp4'], 'pictures/', {}, ['pictures/a.mp4']),
    ],
)
def test_targets(folder, sources, target, options, expected):
    targets, is_folder = plan(sources, target, **options)
    if isinstance(expected, str) and ' ' in expected:
        expected = [f'out/{name}' for name in expected.split()]
    assert is_folder == isinstance(expected, list)
    assert list(targets.values()) == (expected if is_folder else [expected])


@pytest.mark.parametrize('target', ['in', 'in/'])
def test_results_beside_their_sources_are_no_sources_of_the_next_run(folder, target):
    before = plan(['in'], target, suffix='_x4')[0]
    for path in before.values():
        Path(path).touch()
    assert plan(['in'], target, suffix='_x4')[0] == before
    (folder / 'in/out').mkdir()
    before = plan(['in'], 'in/out', recursive=True)[0]
    for path in before.values():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).touch()
    assert plan(['in'], 'in/out', recursive=True)[0] == before


def test_animations_of_a_folder_are_sources_unless_they_lie_beside_images_only(folder):
    for name in ('gifs/a.gif', 'gifs/b.APNG', 'gifs/deep/c.gif', 'mixed/a.gif', 'mixed/b.mp4', 'mixed/c.png'):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    for name in ('frames/0.png', 'frames/1.png', 'frames/all.gif', 'above/deep/a.gif'):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()

    def names(source, **options):
        targets, is_folder = plan([source], 'out', **options)
        return list(targets.values()) if is_folder else targets

    assert names('gifs') == ['out/a.gif', 'out/b.APNG']
    assert names('gifs', recursive=True) == ['out/a.gif', 'out/b.APNG', 'out/deep/c.gif']
    assert names('gifs/*.gif') == ['out/a.gif']
    assert names('gifs', ext='mp4') == ['out/a.mp4', 'out/b.mp4']
    assert names('mixed') == ['out/a.gif', 'out/b.mp4', 'out/c.png']
    assert names('mixed/*') == ['out/a.gif', 'out/b.mp4']
    assert names('frames') == {'frames': 'out'}
    assert names('frames/*') == {'frames/*': 'out'}
    with pytest.raises(ValueError, match='--recursive'):
        names('above')


def test_an_animation_that_a_sequence_of_images_omits_is_named(tmp_path, caplog):
    (tmp_path / 'in').mkdir()
    for name in ('0.png', '1.png', 'all.gif'):
        Image.fromarray(np.full((32, 48, 3), 90, np.uint8)).save(tmp_path / 'in' / name)
    upscale(tmp_path / 'in', tmp_path / 'out', Nearest())
    (line,) = [record.getMessage() for record in caplog.records]
    assert 'all.gif' in line
    assert sorted(path.name for path in (tmp_path / 'out').iterdir()) == ['0.png', '1.png']


def test_a_folder_of_animations_is_upscaled(tmp_path):
    (tmp_path / 'in').mkdir()
    pages = [Image.fromarray(frame) for frame in grey_frames(3)]
    for name in ('a.gif', 'b.apng'):
        pages[0].save(
            tmp_path / 'in' / name, 'PNG' if name == 'b.apng' else None, save_all=True, append_images=pages[1:]
        )
    assert main(['upscale', str(tmp_path / 'in'), str(tmp_path / 'out'), '--model', 'bicubic']) == 0
    for name in ('a.gif', 'b.apng'):
        with Image.open(tmp_path / 'out' / name) as image:
            assert (image.n_frames, image.size) == (3, (192, 128))


def test_files_of_cameras_are_sources_and_raw_streams_get_a_container(folder):
    (folder / 'camera').mkdir()
    names = ('GH01.LRV', 'M2U.MOD', 'VID.insv', 'a.264', 'b.h264', 'c.hevc', 'd.mjpeg', 'e.m2p', 'f.TOD')
    for name in names:
        (folder / 'camera' / name).touch()
    assert list(plan(['camera'], 'out')[0].values()) == [f'out/{name.partition(".")[0]}.mkv' for name in names]


def test_sources_that_differ_in_their_endings_only_keep_them(folder):
    for name in ('a.mkv', 'a.wmv', 'a.vob'):
        (folder / name).touch()
    targets = plan(['a.mkv', 'a.wmv', 'a.vob'], 'out', suffix='_x4')[0]
    assert list(targets.values()) == ['out/a_x4.mkv', 'out/a.wmv_x4.mkv', 'out/a.vob_x4.mkv']
    with pytest.raises(ValueError, match=r'a\.mp4'):
        plan(['in/a.mp4', 'in/sub/a.mp4'], 'out')


@pytest.mark.parametrize(
    ('sources', 'target', 'options', 'value'),
    [
        (['in/a.mp4'], 'in/', {}, r'in/a\.mp4'),
        (['in/a.mp4', 'in/b.wmv'], 'c.mp4', {}, r'c\.mp4'),
        (['in'], 'c.mp4', {}, r'c\.mp4'),
        (['in/sub/deep/..'], 'there', {}, None),
        (['in/.hidden/..', 'in/a.mp4'], 'in/notes.txt', {}, r'notes\.txt'),
        (['in/a.mp4'], 'out.mp4', {'suffix': '_x4'}, r'out\.mp4'),
        (['in/a.mp4'], 'out/', {'ext': 'docx'}, 'docx'),
        (['in/a.mp4'], 'out/', {'suffix': '../x'}, r'\.\./x'),
    ],
)
def test_mistakes(folder, sources, target, options, value):
    if value is None:
        assert list(plan(sources, target, **options)[0].values()) == ['there/a.mp4']
        return
    with pytest.raises(ValueError, match=value):
        plan(sources, target, **options)


def test_a_folder_with_videos_in_its_subfolders_only(folder):
    (folder / 'outer').mkdir()
    (folder / 'in').rename(folder / 'outer/in')
    with pytest.raises(ValueError, match='--recursive'):
        plan(['outer'], 'out')
    assert 'out/in/sub/a.mp4' in plan(['outer'], 'out', recursive=True)[0].values()


def test_a_folder_of_mixed_files_is_upscaled_and_done_ones_are_skipped(tmp_path, capsys):
    source = tmp_path / 'in'
    (source / 'deep').mkdir(parents=True)
    write_clip(source / 'a.mp4', grey_frames(3))
    write_clip(source / 'b.mpg', grey_frames(3), 'mpeg2video')
    write_clip(source / 'deep/a.mov', grey_frames(3))
    (source / 'c.mp4').write_text('no video')
    (source / 'notes.txt').write_text('mine')
    (source / 'photo.jpg').write_bytes(encode_png(grey_frames(1)[0]))
    command = ['upscale', str(source), str(tmp_path / 'out'), '--model', 'bicubic', '--recursive']
    assert main(command) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if 'error' in line]
    assert 'c.mp4' in line
    out = tmp_path / 'out'
    written = {path.relative_to(out).as_posix() for path in out.rglob('*') if path.is_file()}
    assert written == {'a.mp4', 'b.mkv', 'deep/a.mov', 'photo.jpg'}
    assert all(read_clip(out / name)[1].shape == (3, 128, 192, 3) for name in written - {'photo.jpg'})
    # Once more: finished ones are an error without --resume, and are left alone with it.
    (source / 'c.mp4').unlink()
    before = {name: (out / name).stat().st_mtime_ns for name in written}
    assert main(command) == 2
    assert capsys.readouterr().err.count('--force') == 4
    write_clip(source / 'c.mp4', grey_frames(3))
    assert main([*command, '--resume']) == 0
    assert {name: (out / name).stat().st_mtime_ns for name in written} == before
    assert len(read_clip(out / 'c.mp4')[0]) == 3


def test_images_of_each_video_of_a_batch(tmp_path):
    sources = [write_clip(tmp_path / name, grey_frames(2)) for name in ('a.mp4', 'b.mkv')]
    upscale_batch(sources, tmp_path / 'out.d', model=Nearest(), naming=Naming('png', '_x2'))
    assert sorted(path.relative_to(tmp_path / 'out.d').as_posix() for path in (tmp_path / 'out.d').glob('*/*')) == [
        f'{name}_x2/0000000{number}.png' for name in 'ab' for number in (0, 1)
    ]


def test_a_folder_of_images_may_have_any_name(tmp_path):
    names = ('Film.2019.1080p.mp4', 'a.gif.mp4', 'b.mkv', 'b.mp4')
    sources = [write_clip(tmp_path / name, grey_frames(2)) for name in names]
    results = upscale_batch(sources, tmp_path / 'out', model=Nearest(), naming=Naming('png', '_x2'))
    assert not [result for result in results.values() if isinstance(result, Exception)]
    assert sorted(path.name for path in (tmp_path / 'out').iterdir() if path.is_dir()) == [
        'Film.2019.1080p_x2', 'a.gif_x2', 'b.mkv_x2', 'b.mp4_x2',
    ]  # fmt: skip
    assert len(list((tmp_path / 'out').rglob('*.png'))) == 8
    upscale(sources[2], f'{tmp_path}/frames.v2/', Nearest())
    assert len(list((tmp_path / 'frames.v2').glob('*.png'))) == 2


def test_an_empty_folder_takes_images(tmp_path):
    (tmp_path / 'in').mkdir()
    (tmp_path / 'out').mkdir()
    (tmp_path / 'in/0.png').write_bytes(encode_png(grey_frames(1)[0]))
    upscale(tmp_path / 'in', tmp_path / 'out', Nearest())
    assert len(list((tmp_path / 'out').iterdir())) == 1
    with pytest.raises(FileExistsError):
        upscale(tmp_path / 'in', tmp_path / 'out', Nearest(), job=JobOptions())
    (tmp_path / 'pictures').mkdir()
    upscale(tmp_path / 'in', tmp_path / 'b.mp4', Nearest(), output=OutputOptions(images=tmp_path / 'pictures'))
    assert len(list((tmp_path / 'pictures').iterdir())) == 1


def test_a_suffix_for_a_sequence_of_images_is_refused_for_what_it_is(folder):
    with pytest.raises(ValueError, match="'_x4'.*pictures") as raised:
        plan(['pictures'], 'out/', suffix='_x4')
    assert 'slash' not in str(raised.value)
