"""Videos from standard input and to standard output."""

import io
import subprocess
import sys

import av
import numpy as np
import pytest
from PIL import Image
from videos import grey_frames, read_clip, sound_packets, write_clip

COMMAND = [sys.executable, '-c', 'from vsr_plugins_command import main; raise SystemExit(main())', 'upscale']


def run(*words, given=b'', cwd=None):
    return subprocess.run([*COMMAND, *words, '--model', 'bicubic'], input=given, capture_output=True, cwd=cwd)


@pytest.mark.parametrize(
    ('name', 'options', 'container'),
    [('a.mp4', (), 'nut'), ('a.mkv', ('--format', 'matroska'), 'matroska,webm'), ('a.y4m', ('--format', 'y4m'), 'y')],
)
def test_a_video_through_pipes(tmp_path, name, options, container):
    is_y4m = name == 'a.y4m'
    source = write_clip(tmp_path / name, grey_frames(5), 'rawvideo' if is_y4m else 'libx264', tracks=0 if is_y4m else 1)
    done = run('-', '-', *options, given=source.read_bytes(), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert b'5 frames' in done.stderr and done.stderr.count(b'\n') == 1
    result = tmp_path / 'result'
    result.write_bytes(done.stdout)
    with av.open(str(result)) as file:
        assert file.format.name.startswith(container)
    times, frames, _ = read_clip(result)
    assert times == pytest.approx([0, 0.04, 0.08, 0.12, 0.16], abs=1e-3)
    assert frames.shape == (5, 128, 192, 3)
    assert np.abs(frames.mean((1, 2, 3)) - [40, 43, 46, 49, 52]).max() < 2
    if not is_y4m:
        # What a decoder needs before 0 is left out where the format cannot mark it.
        kept = [packet for time, packet in sound_packets(source) if time >= 0 or container != 'nut']
        assert [packet for _, packet in sound_packets(result)] == kept
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, 'result'])


def test_one_end_may_be_a_file(tmp_path):
    source = write_clip(tmp_path / 'a.mp4', grey_frames(2))
    assert run('-', 'b.mp4', given=source.read_bytes(), cwd=tmp_path).returncode == 0
    assert len(read_clip(tmp_path / 'b.mp4')[0]) == 2
    (tmp_path / 'c.nut').write_bytes(run('a.mp4', '-', cwd=tmp_path).stdout)
    assert len(read_clip(tmp_path / 'c.nut')[0]) == 2


@pytest.mark.parametrize('kind', ['PNG', 'JPEG', 'WEBP', 'TIFF'])
def test_an_image_becomes_an_image(tmp_path, kind):
    content = io.BytesIO()
    Image.new('RGB', (48, 32), (90, 90, 90)).save(content, kind)
    done = run('-', 'b.png', given=content.getvalue(), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / 'b.png') as image:
        assert image.size == (192, 128)


@pytest.mark.parametrize(
    ('words', 'given', 'value'),
    [
        (('-', '-'), b'', b'standard input is empty'),
        (('-', '-'), b'no video' * 99, b'standard input cannot be read'),
        (('-', '-', '--resume'), b'', b'--resume'),
        (('-', 'a.mp4', '-'), b'', b"'a.mp4'"),
    ],
)
def test_mistakes_write_nothing(tmp_path, words, given, value):
    done = run(*words, given=given, cwd=tmp_path)
    assert done.returncode == 2 and done.stdout == b''
    assert value in done.stderr and done.stderr.count(b'\n') == 1
    assert list(tmp_path.iterdir()) == []
