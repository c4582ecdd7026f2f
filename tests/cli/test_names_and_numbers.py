"""Names and numbers on the command line that nothing can be made of, and some that only look like it."""

import numpy as np
import pytest

import vsr_plugins_command
from vsr_plugins.cli import main
from vsr_plugins.media.images import encode_png


@pytest.fixture
def shot(tmp_path, monkeypatch):
    folder = tmp_path / 'shot [01]'
    folder.mkdir()
    for number in range(3):
        (folder / f'{number}.png').write_bytes(encode_png(np.full((8, 12, 3), 50 * number, np.uint8)))
    monkeypatch.chdir(tmp_path)
    return folder


def run(*arguments):
    try:
        return main(['upscale', *map(str, arguments), '--model', 'bicubic'])
    except SystemExit as left:  # as argparse does
        return left.code


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['out.mp4', '--fps', '30/0'], 'a number or a fraction'),
        (['out.mp4', '--fps', 'nan'], 'a number or a fraction'),
        (['out.mp4', '--fps', '0'], 'more than 0 and at most'),
        (['out.mp4', '--fps=-5'], 'more than 0 and at most'),
        (['out.mp4', '--fps', '1/10000'], 'more than 0 and at most'),
        (['out.mp4', '--start', 'inf'], 'start must be'),
        (['out.mp4', '--start', 'nan'], 'start must be'),
        (['out.mp4', '--start', '1e30'], 'start must be'),
        (['out.mp4', '--duration', 'inf'], 'start must be'),
        (['out.mp4', '--duration', 'nan'], 'start must be'),
        (['.'], 'no name of a file or folder'),
        (['/'], 'no name of a file or folder'),
        (['..'], 'no name of a file or folder'),
        ([''], 'a name is empty'),
        (['out.mp4', '--images', '.'], 'no name of a file or folder'),
    ],
)
def test_each_is_said_in_one_line(shot, capsys, arguments, message):
    assert run(shot, *arguments) == 2
    printed = capsys.readouterr().err
    assert message in printed and 'Traceback' not in printed
    assert [path.name for path in shot.parent.iterdir()] == [shot.name]


def test_a_pattern_that_the_shell_spelled_out_is_explained(shot, capsys):
    assert run(*sorted(shot.iterdir()), 'out.mp4') == 2
    assert 'their pattern in quotes' in capsys.readouterr().err
    assert [path.name for path in shot.parent.iterdir()] == [shot.name]


@pytest.mark.parametrize('pattern', ['shot [01]/*.png', 'shot [01]/%d.png', 'shot [[]01]/*.png', 'sho*/*.png'])
def test_brackets_of_a_folder_that_is_there_are_its_name(shot, pattern):
    assert run(pattern, 'out') == 0
    assert len(list((shot.parent / 'out').iterdir())) == 3


def test_stopped_before_a_command_began(monkeypatch, capsys):
    def stopped():
        raise KeyboardInterrupt

    monkeypatch.setattr('vsr_plugins.cli.main', stopped)
    assert vsr_plugins_command.main() == 130
    assert capsys.readouterr().err == 'vsr: stopped\n'
