import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest

from vsr_plugins.apis import JobOptions, ModelOptions, OutputOptions, SourceOptions, upscaling
from vsr_plugins.cli import main
from vsr_plugins.cli.progress import FrameProgress
from vsr_plugins.media.images.image_files import encode_png, read_rgb
from vsr_plugins.pretrained import default_model, model_names

CONFIGS = Path(__file__).parents[2] / 'configs'


@pytest.fixture
def clip(tmp_path):
    frames = [np.full((16, 24, 3), 30 + 4 * i, np.uint8) for i in range(6)]
    with av.open(str(tmp_path / 'in.mp4'), 'w') as container:
        stream = container.add_stream('libx264', rate=25, options={'crf': '1'})
        stream.height, stream.width = frames[0].shape[:2]
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format='rgb24')))
        container.mux(stream.encode(None))
    return tmp_path / 'in.mp4'


def size_and_count(path):
    with av.open(str(path)) as container:
        frames = [(frame.height, frame.width) for frame in container.decode(video=0)]
    return frames[0], len(frames)


def test_upscale_works_without_options_and_prints_a_line_without_a_terminal(clip, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(FrameProgress, 'LINE_SECONDS', 1e6)
    assert main(['upscale', str(clip), str(tmp_path / 'out.mp4')]) == 0
    assert size_and_count(tmp_path / 'out.mp4') == ((64, 96), 6)
    printed = capsys.readouterr()
    assert printed.out == '' and printed.err.count('\n') == 1 and '6 frames' in printed.err
    assert main(['upscale', '--list-models', '--all']) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    names = [row[0] for row in rows if row]
    assert names[0] == 'name' and {*model_names()} <= {*names}
    # One row is marked as the default.
    assert [row[0] for row in rows if row[1:2] == ['*']] == [default_model().name]


def test_options_are_passed_to_upscale(clip, tmp_path, monkeypatch):
    passed = {}

    def upscale(source, target, **options):
        passed.update(options, source=source, target=target)
        return upscaling.Upscaled((Path(target),), 1, 1.0, 1.0)

    monkeypatch.setattr(upscaling, 'upscale', upscale)
    words = '--codec libx265 --crf 20 --start 1.5 --duration 2 --device cpu --precision half --tile 64 --resume'
    words += ' --segment 30 --no-audio --on-interrupt discard --config c.py --checkpoint w.pth --images png'
    assert main(['upscale', 'a.mp4', 'b.mp4', *words.split()]) == 0
    del passed['on_progress']
    assert passed == dict(
        source='a.mp4',
        target='b.mp4',
        model=ModelOptions(config=Path('c.py'), checkpoint=Path('w.pth'), device='cpu', precision='half', tile=64),
        part=SourceOptions(start=1.5, duration=2.0),
        output=OutputOptions(images=Path('png'), codec='libx265', crf=20, audio='none'),
        job=JobOptions(resume=True, on_interrupt='discard', segment_length=30),
    )


@pytest.mark.parametrize(
    ('arguments', 'value'),
    [
        (['absent.mp4', 'out.mp4'], 'absent.mp4'),
        (['in.mp4'], 'in.mp4'),
        (['in.mp4', 'out.mp4', '--tile', 'big'], "'big'"),
        (['in.mp4', 'out.mp4', '--segment', '0'], 'got 0'),
        (['in.mp4', 'out.mp4', '--model', 'esrgan'], "'esrgan'"),
        (['in.mp4', 'out.mp4', '--config', str(CONFIGS / 'espcn/espcn_x4_1xb16-300k_clips.py')], '_clips.py'),
        (['in.mp4', 'out.mp4', '--checkpoint', 'w.pth'], 'w.pth'),
        (['in.mp4', 'out.mp4', '--device', 'tpu9'], 'tpu9'),
        (['in.mp4', 'out.mp4', '--device', 'meta'], 'meta'),
        (['in.mp4', 'out.mp4', '--fps', '30'], 'fps=30'),
        (['in.mp4', 'out.mp4', '--config', str(CONFIGS / '_base_/on_clips.py')], 'on_clips.py'),
        (['in.mp4', 'out.mp4', '--config', 'in.mp4'], 'in.mp4'),
        (['in.mp4', 'out.png'], 'out.png'),
    ],
)
def test_each_mistake_is_one_line(clip, tmp_path, monkeypatch, capsys, arguments, value):
    monkeypatch.chdir(tmp_path)
    assert main(['upscale', *arguments]) == 2
    printed = capsys.readouterr().err
    assert value in printed and printed.startswith('vsr upscale: error: ') and printed.count('\n') == 1
    assert [path.name for path in tmp_path.iterdir()] == ['in.mp4']


def test_a_config_of_upstream_with_images(tmp_path, clip):
    config = CONFIGS / 'bicubic/bicubic_x4_vid4.py'
    (tmp_path / 'frames').mkdir()
    for i in range(3):
        (tmp_path / 'frames' / f'{i}.png').write_bytes(encode_png(np.full((6, 9, 3), 50 * i, np.uint8)))
    assert main(['upscale', str(tmp_path / 'frames'), str(tmp_path / 'out'), '--config', str(config)]) == 0
    written = sorted((tmp_path / 'out').iterdir())
    assert [read_rgb(path)[0, 0, 0] for path in written] == [0, 50, 100]
    assert read_rgb(written[0]).shape == (24, 36, 3)


@pytest.mark.parametrize(
    ('text', 'value'),
    [
        ("model = dict(type='NoSuchNet')", 'NoSuchNet'),
        ("model = dict(type='BaseEditModel', generator=dict(type='ESPCNNet', depth=3))", 'BaseEditModel'),
        ('model = 1 / 0', 'division by zero'),
    ],
)
def test_an_invalid_config_is_one_line(clip, tmp_path, capsys, text, value):
    config = tmp_path / 'mine.py'
    config.write_text(text + '\n')
    assert main(['upscale', str(clip), str(tmp_path / 'out.mp4'), '--config', str(config)]) == 2
    printed = capsys.readouterr().err
    assert str(config) in printed and value in printed and printed.count('\n') == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ['in.mp4', 'mine.py']


def test_a_log_gets_a_line_now_and_then(clip, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(FrameProgress, 'LINE_SECONDS', 0.0)
    assert main(['upscale', str(clip), str(tmp_path / 'out.mp4'), '--model', 'bicubic']) == 0
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 7 and lines[0] == 'in.mp4: 1 of 6 frames'
    for number, line in enumerate(lines[1:6], 2):
        assert re.fullmatch(rf'in\.mp4: {number} of 6 frames, \d+\.\d\d a second, 0:00:\d\d left', line)


# A background job of a shell without a terminal ignores SIGINT from the start.
RUN = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from vsr_plugins_command import main
raise SystemExit(main())
"""


@pytest.mark.slow
@pytest.mark.parametrize('way', ['int', 'twice', 'term', 'kill'])
def test_interrupted_half_way_and_resumed(tmp_path, way):
    frames = np.arange(1200) % 180 + 30
    source, target, hidden = tmp_path / 'in.mkv', tmp_path / 'out.mkv', tmp_path / '.out.mkv.vsr'
    with av.open(str(source), 'w') as container:
        stream = container.add_stream('ffv1', rate=25)
        stream.height, stream.width = 16, 24
        for grey in frames:
            picture = av.VideoFrame.from_ndarray(np.full((16, 24, 3), grey, np.uint8), format='rgb24')
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    command = [sys.executable, '-c', RUN, 'upscale', str(source), str(target), '--model', 'bicubic', '--segment', '20']
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        while not list(hidden.glob('*.packets')):
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.01)
        number = {'term': signal.SIGTERM, 'kill': signal.SIGKILL}.get(way, signal.SIGINT)
        os.kill(process.pid, number)
        for _ in range(200 if way == 'twice' else 0):
            time.sleep(0.005)
            if process.poll() is None:
                os.kill(process.pid, number)
        printed = process.communicate(timeout=120)[1]
    if way == 'kill':
        assert process.returncode == -signal.SIGKILL
        assert not target.exists()
    else:
        assert process.returncode == 130
        size, count = size_and_count(target)
        assert size == (64, 96)
        assert str(count) in re.findall(r'\d+', printed) and count < len(frames)
    subprocess.run([*command, '--resume'], check=True)
    with av.open(str(target)) as container:
        greys = [frame.to_ndarray(format='gray').mean() for frame in container.decode(video=0)]
    assert np.abs(frames - greys).max() < 1.5
    assert sorted(path.name for path in tmp_path.iterdir()) == ['in.mkv', 'out.mkv']


ENCODING = [
    ['--codec', 'libx264'],
    ['--crf', '18'],
    ['--pix-fmt', 'yuv444p'],
    ['--encoder-options', 'preset=slow'],
]


@pytest.mark.parametrize('target', ['b.gif', 'b.webp', 'b.apng', 'images', 'out/'])
def test_options_of_an_encoder_are_refused_where_there_is_none(clip, tmp_path, capsys, target):
    ext = ['--ext', 'webp'] if target == 'out/' else []
    for option in ENCODING:
        arguments = ['upscale', str(clip), f'{tmp_path}/{target}', '--model', 'bicubic', *ext, *option]
        assert main(arguments) == 2
        printed = capsys.readouterr().err
        assert option[0] in printed and target.strip('/') in printed and printed.count('\n') == 1
    assert [path.name for path in tmp_path.iterdir()] == ['in.mp4']


def test_options_of_an_encoder_are_for_the_videos_of_a_folder(clip, tmp_path, capsys):
    folder = tmp_path / 'in'
    folder.mkdir()
    clip.rename(folder / 'a.mp4')
    (folder / 'b.png').write_bytes(encode_png(np.full((16, 24, 3), 90, np.uint8)))
    arguments = ['upscale', str(folder), str(tmp_path / 'out'), '--model', 'bicubic']
    assert main([*arguments, '--codec', 'ffv1', '--ext', 'mkv']) == 0
    with av.open(str(tmp_path / 'out/a.mkv')) as container:
        assert container.streams.video[0].codec_context.name == 'ffv1'
    assert read_rgb(tmp_path / 'out/b.png').shape == (64, 96, 3)
