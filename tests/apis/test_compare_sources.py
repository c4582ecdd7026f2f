"""``vsr compare`` on damaged videos, variable frame rates, its own target and a full disk."""

import errno
import os
import shutil
from fractions import Fraction

import av
import numpy as np
import pytest

from vsr_plugins.apis.compare import compare_videos
from vsr_plugins.cli import main


def write_noise(path, times, rate=25):
    rng = np.random.default_rng(0)
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('libx264', rate=rate, options={'g': '1', 'crf': '2'})
        stream.height, stream.width = 48, 64
        stream.codec_context.time_base = Fraction(1, 1000)
        for time in times:
            frame = av.VideoFrame.from_ndarray(rng.integers(0, 255, (48, 64, 3), np.uint8), format='rgb24')
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    shutil.copy(path, path.with_stem('copy'))
    return [str(path), str(path.with_stem('copy'))]


def test_an_input_is_not_replaced(tmp_path):
    first, second = write_noise(tmp_path / 'a.mkv', [0, 40, 80])
    content = (tmp_path / 'copy.mkv').read_bytes()
    with pytest.raises(ValueError, match='copy.mkv'):
        compare_videos({'a': first, 'b': second}, second, overwrite=True)
    assert (tmp_path / 'copy.mkv').read_bytes() == content


def test_damage_is_printed_and_gives_status_1(tmp_path, capsys):
    names = write_noise(tmp_path / 'a.mkv', range(0, 1200, 40))
    for name in names:
        os.truncate(name, os.path.getsize(name) // 2)
    assert main(['compare', *names, '--out', str(tmp_path / 'out.png')]) == 1
    printed = capsys.readouterr().err
    assert all(f'{name} is damaged' in printed for name in names)


def test_a_variable_rate_is_warned_about_once(tmp_path, caplog):
    first, second = write_noise(tmp_path / 'a.mkv', [0, 100, 150, 900, 2000])
    compare_videos({'a': first, 'b': second}, tmp_path / 'out.png')
    assert not caplog.records
    compare_videos({'a': first, 'b': second}, tmp_path / 'out.mp4')
    assert [str(tmp_path / 'out.mp4') in record.getMessage() for record in caplog.records] == [True]


def test_the_error_of_a_full_disk_names_the_file(tmp_path, monkeypatch):
    first, second = write_noise(tmp_path / 'a.mkv', [0, 40, 80])

    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr('vsr_plugins.apis.compare.write_video', full)
    with pytest.raises(OSError, match='No space left') as caught:
        compare_videos({'a': first, 'b': second}, tmp_path / 'out.mp4')
    assert caught.value.filename == str(tmp_path / 'out.mp4')
