"""Pages of the documentation: their Python runs, their quick commands run, and all others are parsed."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

sybil = pytest.importorskip('sybil')

from pages import PAGES, ROOT, check, check_block, console_lines, expand_braces  # noqa: E402
from reduced import write_data  # noqa: E402
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser, SkipParser  # noqa: E402

from vsr_plugins.cli import build_parser, main  # noqa: E402
from vsr_plugins.engine.config_files import find_configs  # noqa: E402

PYTHON = sybil.Sybil([PythonCodeBlockParser(), SkipParser()])
CONSOLE = sybil.Sybil([CodeBlockParser('bash', check_block)])
# Commands that take a moment and need nothing but a small video.
QUICK = re.compile(
    r'vsr (upscale in\.mp4 out\.mp4( --model espcn| --model bicubic)?|upscale --list-models|upscale frames .*'
    r'|upscale in\.mp4 out\.mp4 --model espcn --start .*|score --list-protocols|convert --list|doctor'
    r'|compare bicubic\.mp4 .*)$'
)


INLINE = re.compile(r'`(python (?:benchmarks|tools|\.dev_scripts)/[^`]*)`')


def name(page):
    return page.relative_to(ROOT).as_posix()


def quick_lines():
    words = [
        words
        for page in PAGES
        for block in re.findall(r'^```bash\n(.*?)^```', page.read_text(encoding='utf-8'), re.MULTILINE | re.DOTALL)
        for words in console_lines(block)
    ]
    return sorted({' '.join(one) for one in words if QUICK.match(' '.join(one))})


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with videos and frames of the names that the pages use."""
    frames = [np.full((16, 24, 3), 30 + 4 * i, np.uint8) for i in range(6)]
    # Twelve seconds, so that a part can be cut out of them.
    with av.open(str(tmp_path / 'in.mp4'), 'w') as container:
        stream = container.add_stream('libx264', rate=1, options={'crf': '1'})
        stream.height, stream.width = frames[0].shape[:2]
        for frame in frames * 2:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format='rgb24')))
        container.mux(stream.encode(None))
    for copy in ('bicubic.mp4', 'ours.mp4', 'truth.mp4'):
        shutil.copyfile(tmp_path / 'in.mp4', tmp_path / copy)
    (tmp_path / 'frames').mkdir()
    for number, frame in enumerate(frames[:2]):
        cv2.imwrite(str(tmp_path / 'frames' / f'{number}.png'), frame)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize('page', [p for p in PAGES if '```python' in p.read_text(encoding='utf-8')], ids=name)
def test_python_on_the_pages_runs(page, folder):
    from mmagic.registry import MODELS

    before = set(MODELS.module_dict)
    try:
        for example in PYTHON.parse(page).examples():
            if '_base_ = ' in example.parsed:
                # A config, in which names of its base can be used; the test below reads and trains it.
                compile(example.parsed, str(page), 'exec')
            else:
                example.evaluate()
    finally:
        for registered in set(MODELS.module_dict) - before:
            MODELS.module_dict.pop(registered)


@pytest.mark.parametrize('page', PAGES, ids=name)
def test_commands_on_the_pages_are_understood(page, monkeypatch):
    monkeypatch.chdir(ROOT)
    for example in CONSOLE.parse(page).examples():
        example.evaluate()
    for line in INLINE.findall(page.read_text(encoding='utf-8')):
        for words in console_lines(' '.join(line.split())):
            check(words)


@pytest.mark.parametrize('line', quick_lines())
def test_quick_commands_run(line, folder):
    (words,) = console_lines(line)
    # `vsr doctor` answers no where a data set is missing.
    assert main(words[1:]) in ((0, 1) if words[1] == 'doctor' else (0,))


@pytest.mark.slow
def test_the_page_on_extending_runs_in_an_empty_folder(folder, tmp_path, monkeypatch):
    """Its files and its commands, as they are written."""
    data = write_data(tmp_path / 'data')
    own = tmp_path / 'own'
    own.mkdir()
    shutil.copy(folder / 'in.mp4', own)
    page = (ROOT / 'docs' / 'extend.md').read_text(encoding='utf-8')
    files = re.findall(r'^```python\n# (\w+\.py)\n(.*?)^```', page, re.MULTILINE | re.DOTALL)
    assert [file for file, _ in files] == ['my_plugin.py', 'my_net.py', 'my_aligner.py', 'my_aligned.py']
    for file, text in files:
        (own / file).write_text(text)
    script = ''.join(re.findall(r'^```bash\n(.*?)^```', page, re.MULTILINE | re.DOTALL))
    assert all(
        f'{command} ' in script for command in ('mim train', 'mim test', 'vsr table', 'vsr upscale', 'vsr export')
    )
    environment = {
        **os.environ,
        'VSR_DATA_ROOT': str(data),
        # `mim` and `vsr` of this environment, with the code of this clone.
        'PATH': f'{Path(sys.executable).parent}{os.pathsep}{os.environ["PATH"]}',
    }
    script = script.replace('PYTHONPATH=$PWD', f'PYTHONPATH=$PWD{os.pathsep}{ROOT}')
    done = subprocess.run(['bash', '-ec', script], cwd=own, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    row = next(line for line in (own / 'table.md').read_text().splitlines() if 'my_net' in line)
    cells = [cell.strip() for cell in row.strip('|').split('|')]
    # 448 + 6,960 weights; no method, no published number.
    assert cells[:3] == ['–', 'my_net', '7,408'] and float(cells[6]) > 0 and cells[8] == '–'
    for name in ('out.mp4', 'my_net.onnx', 'work_dirs/my_net/iter_20.pth'):
        assert (own / name).is_file(), name


@pytest.mark.parametrize(
    'line',
    [
        'vsr upscale in.mp4 out.mp4 --no-such-option',
        'vsr upscale in.mp4 out.mp4 --model no-such-model',
        'vsr table no_such_config',
        'vsr score A B --protocol no-such-protocol',
        'mim train mmagic configs/no_such_config.py',
        'mim test mmagic configs/bicubic/bicubic_x4_vid4.py --checkpoint none --no-such-option',
        'python benchmarks/metrics.py --no-such-option',
        'python benchmarks/no_such_script.py',
        'make no-such-target',
        "pip install -e '.[no-such-extra]'",
        'no-such-program',
    ],
)
def test_a_command_that_would_fail_is_noticed(line, capsys):
    (words,) = console_lines(line)
    with pytest.raises((ValueError, FileNotFoundError)):
        check(words)


def stages_lines():
    """Every ``vsr stages`` of the pages, and of the comments of configs."""
    for page in PAGES:
        text = page.read_text(encoding='utf-8')
        for block in re.findall(r'^```bash\n(.*?)^```', text, re.MULTILINE | re.DOTALL):
            yield from (words[2:] for words in console_lines(block) if words[:2] == ['vsr', 'stages'])
    for config in (ROOT / 'configs').rglob('*.py'):
        comments = '\n'.join(re.findall(r'^# ?(.*)$', config.read_text(encoding='utf-8'), re.MULTILINE))
        for command in re.findall(r'^ +(vsr stages (?:.*\\\n)*.*)$', comments, re.MULTILINE):
            yield from (words[2:] for words in console_lines(command))


def test_each_stage_on_the_pages_is_one_config():
    commands = list(stages_lines())
    assert len(commands) > 30
    for words in commands:
        stages = []
        for word in map(str, build_parser().parse_args(['stages', *words]).configs):
            found = list(ROOT.glob(word)) or find_configs(word)
            assert len(found) == 1, f'{word} is {[path.name for path in found]}'
            stages += found
        assert len(set(stages)) == len(stages), words


def test_lines_are_taken_apart_as_by_a_shell():
    assert list(console_lines('C=configs\nvsr table $C/a_{b,c}.py \\\n    --x $OTHER  # why\n')) == [
        ['vsr', 'table', 'configs/a_b.py', 'configs/a_c.py', '--x', '$OTHER']
    ]
    assert expand_braces('{a,b}{1,2}') == ['a1', 'a2', 'b1', 'b2']
