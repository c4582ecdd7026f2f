"""Existing targets and work folders before, during and after an upscale."""

from dataclasses import replace

import pytest
from videos import Nearest, grey_frames, read_clip, write_clip

from vsr_plugins.apis import upscale
from vsr_plugins.inference.job.options import JobOptions, OutputOptions, SourceOptions
from vsr_plugins.inference.job.resumable_output import ResumableOutput


def list_names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def source(tmp_path):
    return write_clip(tmp_path / 'a.mp4', grey_frames(12))


def stop_at(number):
    def on_progress(done, total):
        if done == number:
            raise KeyboardInterrupt

    return on_progress


@pytest.mark.parametrize('name', ['b.mp4', 'b'])
@pytest.mark.parametrize('is_interrupted', [False, True])
def test_a_target_created_meanwhile_is_not_replaced(source, tmp_path, name, is_interrupted):
    target = tmp_path / name
    mine = target if target.suffix else target / 'holiday.txt'

    def on_progress(done, total):
        if done == 8:
            mine.parent.mkdir(exist_ok=True)
            mine.write_text('mine')
            if is_interrupted:
                raise KeyboardInterrupt

    options = dict(model=Nearest(), job=JobOptions(segment_length=3))
    resumed = {**options, 'job': replace(options['job'], resume=True)}
    with pytest.raises(KeyboardInterrupt if is_interrupted else FileExistsError, match=rf'{name}.* \.{name}\.vsr'):
        upscale(source, target, on_progress=on_progress, **options)
    assert mine.read_text() == 'mine'
    assert list_names(tmp_path) == sorted([f'.{name}.vsr', 'a.mp4', name])
    with pytest.raises(FileExistsError, match='--force'):
        upscale(source, target, **resumed)
    (tmp_path / name).rename(tmp_path / 'mine')
    assert upscale(source, target, **resumed).read < 12
    assert len(read_clip(target)[0] if target.suffix else list_names(target)) == 12
    assert list_names(tmp_path) == sorted(['a.mp4', name, 'mine'])


def test_a_refused_second_target_leaves_the_first_unchanged(source, tmp_path):
    target, pictures = tmp_path / 'b.mp4', tmp_path / 'png'
    with pytest.raises(KeyboardInterrupt):
        upscale(source, target, Nearest(), job=JobOptions(segment_length=3), on_progress=stop_at(8))
    kept = list_names(tmp_path / '.b.mp4.vsr')
    pictures.mkdir()
    (pictures / 'holiday.jpg').write_bytes(b'mine')
    for force in (True, False):
        with pytest.raises(FileExistsError):
            upscale(
                source,
                target,
                Nearest(),
                output=OutputOptions(images=pictures),
                job=JobOptions(force=force),
            )
        assert list_names(tmp_path / '.b.mp4.vsr') == kept
    with pytest.raises(FileExistsError, match='png'):
        upscale(source, tmp_path / 'c.mp4', Nearest(), output=OutputOptions(images=pictures))
    assert list_names(tmp_path) == ['.b.mp4.vsr', 'a.mp4', 'b.mp4', 'png']


@pytest.mark.parametrize('images', ['new/b.mp4', 'new', '.'])
def test_images_do_not_go_where_the_video_is(source, tmp_path, images):
    with pytest.raises(ValueError, match='b.mp4'):
        upscale(
            source,
            tmp_path / 'new' / 'b.mp4',
            Nearest(),
            output=OutputOptions(images=tmp_path / images),
            job=JobOptions(force=True),
        )
    assert list_names(tmp_path) == ['a.mp4']


@pytest.mark.parametrize('after', [1, 2])
def test_ended_between_two_targets_and_resumed(source, tmp_path, monkeypatch, after):
    target, pictures = tmp_path / 'b.mp4', tmp_path / 'png'
    publish, published = ResumableOutput.publish, []

    class KilledError(BaseException):
        """Not handled by any clean-up, like the kill of a process."""

    def killed(work, made):
        publish(work, made)
        published.append(work)
        if len(published) == after:
            raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(ResumableOutput, 'publish', killed)
        with pytest.raises(KilledError):
            upscale(source, target, Nearest(), output=OutputOptions(images=pictures))
    upscale(source, target, Nearest(), output=OutputOptions(images=pictures), job=JobOptions(resume=True))
    assert list_names(tmp_path) == ['a.mp4', 'b.mp4', 'png']
    assert len(read_clip(target)[0]) == len(list_names(pictures)) == 12


def test_a_complete_video_without_its_images_is_not_complete(source, tmp_path):
    upscale(source, tmp_path / 'b.mp4', Nearest())
    with pytest.raises(FileExistsError, match='b.mp4'):
        upscale(
            source,
            tmp_path / 'b.mp4',
            Nearest(),
            output=OutputOptions(images=tmp_path / 'png'),
            job=JobOptions(resume=True),
        )


def test_discarding_a_resumed_run_removes_everything(source, tmp_path):
    options = dict(model=Nearest(), output=OutputOptions(images=tmp_path / 'png'))
    with pytest.raises(KeyboardInterrupt, match=r'b\.mp4'):
        job = JobOptions(segment_length=3)
        upscale(source, tmp_path / 'b.mp4', job=job, on_progress=stop_at(5), **options)
    assert list_names(tmp_path) == ['.b.mp4.vsr', '.png.vsr', 'a.mp4', 'b.mp4', 'png']
    with pytest.raises(KeyboardInterrupt):
        upscale(
            source,
            tmp_path / 'b.mp4',
            job=JobOptions(resume=True, on_interrupt='discard', segment_length=3),
            on_progress=stop_at(8),
            **options,
        )
    assert list_names(tmp_path) == ['a.mp4']


def test_a_resumed_run_that_fails_at_once_keeps_the_earlier_frames(source, tmp_path):
    options = dict(model=Nearest(), output=OutputOptions(images=tmp_path / 'png'))

    def fail(done, total):
        raise RuntimeError('no such kernel')

    with pytest.raises(KeyboardInterrupt, match=r'b\.mp4'):
        upscale(source, tmp_path / 'b.mp4', on_progress=stop_at(5), **options)
    with pytest.raises(RuntimeError):
        upscale(source, tmp_path / 'b.mp4', job=JobOptions(resume=True), on_progress=fail, **options)
    assert upscale(source, tmp_path / 'b.mp4', job=JobOptions(resume=True), **options).read == 12
    assert list_names(tmp_path) == ['a.mp4', 'b.mp4', 'png']


def test_images_of_several_folders_are_all_sources(source, tmp_path):
    for name in ('x', 'y'):
        upscale(source, tmp_path / 'sh' / name, Nearest(), part=SourceOptions(duration=0.1))
    with pytest.raises(ValueError, match=r'sh/y|sh\\y'):
        upscale(tmp_path / 'sh' / '*' / '0*.png', tmp_path / 'sh' / 'y', Nearest(), job=JobOptions(force=True))


@pytest.mark.parametrize('letter', ['a', '\u00e9'])
@pytest.mark.parametrize('is_folder', [False, True])
def test_names_as_long_as_the_file_system_takes(source, tmp_path, letter, is_folder):
    size = len(letter.encode())
    name = letter * ((251 if is_folder else 247) // size) + ('' if is_folder else '.mp4')
    other = letter * ((251 if is_folder else 247) // size - 1) + ('bb' if is_folder else 'bb.mp4')[2 - size :]
    for target in (name, other):
        with pytest.raises(KeyboardInterrupt):
            upscale(source, tmp_path / target, Nearest(), job=JobOptions(segment_length=3), on_progress=stop_at(5))
    for target in (name, other):
        upscale(source, tmp_path / target, Nearest(), job=JobOptions(segment_length=3, resume=True))
    assert list_names(tmp_path) == sorted(['a.mp4', name, other])
