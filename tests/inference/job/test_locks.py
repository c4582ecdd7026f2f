"""Two runs at one target, and interrupts during the clean-up of an interrupt."""

import os
import signal
import threading

import pytest
from videos import Nearest, grey_frames, read_clip, write_clip

from vsr_plugins.apis import ModelOptions, upscale
from vsr_plugins.inference import predictor
from vsr_plugins.inference.job.interrupts import interrupted_once
from vsr_plugins.inference.job.options import JobOptions, OutputOptions
from vsr_plugins.inference.job.upscale_job import UpscaleJob


def list_names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(autouse=True)
def python_own_handler():
    """A process that a script starts in the background ignores SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def source(tmp_path):
    return write_clip(tmp_path / 'a.mp4', grey_frames(12))


@pytest.mark.parametrize('target', ['b.mp4', 'b'])
def test_a_second_run_at_one_target_is_refused_and_the_first_ends(source, tmp_path, target):
    second = {}

    def try_again(done, total):
        if done == 5:
            for name, job in (('plain', JobOptions()), ('f', JobOptions(force=True)), ('r', JobOptions(resume=True))):
                with pytest.raises(FileExistsError) as caught:
                    upscale(source, tmp_path / target, Nearest(), job=job)
                second[name] = str(caught.value)

    upscale(source, tmp_path / target, Nearest(), job=JobOptions(segment_length=3), on_progress=try_again)
    assert len(second) == 3 and all(target in text and 'another' in text for text in second.values())
    assert list_names(tmp_path) == ['a.mp4', target]


def test_the_lock_of_a_killed_or_interrupted_run_is_free(source, tmp_path):
    def stop(done, total):
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upscale(source, tmp_path / 'b.mp4', Nearest(), job=JobOptions(segment_length=3), on_progress=stop)
    assert (tmp_path / '.b.mp4.vsr/lock').exists()
    upscale(source, tmp_path / 'b.mp4', Nearest(), job=JobOptions(segment_length=3, resume=True))
    assert len(read_clip(tmp_path / 'b.mp4')[0]) == 12
    assert list_names(tmp_path) == ['a.mp4', 'b.mp4']


def test_a_second_interrupt_does_not_disturb_what_the_first_leaves(source, tmp_path, monkeypatch):
    mux = UpscaleJob._mux

    def interrupted(job, *args):
        os.kill(os.getpid(), signal.SIGINT)
        return mux(job, *args)

    def stop(done, total):
        if done == 5 and threading.current_thread() is not threading.main_thread():
            os.kill(os.getpid(), signal.SIGINT)

    class Slow(Nearest):
        def forward(self, lqs):
            import time

            time.sleep(0.05)
            return super().forward(lqs)

    monkeypatch.setattr(UpscaleJob, '_mux', interrupted)
    with pytest.raises(KeyboardInterrupt, match=r'b\.mp4 holds the first'):
        upscale(source, tmp_path / 'b.mp4', Slow(), job=JobOptions(segment_length=3), on_progress=stop)
    count = len(read_clip(tmp_path / 'b.mp4')[0])
    assert 5 <= count < 12
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    monkeypatch.setattr(UpscaleJob, '_mux', mux)
    upscale(source, tmp_path / 'b.mp4', Nearest(), job=JobOptions(segment_length=3, resume=True))
    assert len(read_clip(tmp_path / 'b.mp4')[0]) == 12


def test_handlers_of_others_are_left_alone():
    def own(number, frame):
        raise AssertionError

    before = signal.signal(signal.SIGTERM, own)
    try:
        with interrupted_once():
            assert signal.getsignal(signal.SIGTERM) is own
            inner = signal.getsignal(signal.SIGINT)
            with interrupted_once():
                assert signal.getsignal(signal.SIGINT) is inner
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize('has_units', [False, True])
def test_half_precision_that_is_slower_says_so(source, tmp_path, monkeypatch, caplog, has_units):
    monkeypatch.setattr(predictor, 'has_half_units', lambda device: has_units)
    upscale(source, tmp_path / 'b.mp4', ModelOptions(Nearest(), precision='half'), output=OutputOptions(crf=20))
    assert [('slower' in record.getMessage()) for record in caplog.records] == [True] * (not has_units)
    caplog.clear()
    upscale(source, tmp_path / 'c.mp4', ModelOptions(Nearest(), precision='float32'))
    assert not caplog.records
