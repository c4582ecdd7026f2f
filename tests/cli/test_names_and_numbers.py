"""Invalid names and numbers on the command line, and some that only look invalid."""

import numpy as np
import pytest

import vsr_plugins_command
from vsr_plugins.cli import main
from vsr_plugins.media.images.image_files import encode_png


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
    except SystemExit as exit:  # raised by argparse
        return exit.code


@pytest.mark.parametrize(
    ('arguments', 'value'),
    [
        (['out.mp4', '--fps', '30/0'], "'30/0'"),
        (['out.mp4', '--fps', 'nan'], "'nan'"),
        (['out.mp4', '--fps', '0'], 'got 0'),
        (['out.mp4', '--fps=-5'], 'got -5'),
        (['out.mp4', '--fps', '1/10000'], 'got 1/10000'),
        (['out.mp4', '--start', 'inf'], 'inf'),
        (['out.mp4', '--start', 'nan'], 'nan'),
        (['out.mp4', '--start', '1e30'], '1e+30'),
        (['out.mp4', '--duration', 'inf'], 'inf'),
        (['out.mp4', '--duration', 'nan'], 'nan'),
        (['.'], "'.'"),
        (['/'], "'/'"),
        (['..'], "'..'"),
        ([''], "''"),
        (['out.mp4', '--images', '.'], "'.'"),
    ],
)
def test_the_value_is_named_without_a_traceback(shot, capsys, arguments, value):
    assert run(shot, *arguments) == 2
    printed = capsys.readouterr().err
    assert value in printed and 'Traceback' not in printed
    assert [path.name for path in shot.parent.iterdir()] == [shot.name]


def test_a_pattern_that_the_shell_expanded_is_refused(shot, capsys):
    assert run(*sorted(shot.iterdir()), 'out.mp4') == 2
    assert '0.png' in capsys.readouterr().err
    assert [path.name for path in shot.parent.iterdir()] == [shot.name]


@pytest.mark.parametrize('pattern', ['shot [01]/*.png', 'shot [01]/%d.png', 'shot [[]01]/*.png', 'sho*/*.png'])
def test_brackets_in_the_name_of_an_existing_folder_are_literal(shot, pattern):
    assert run(pattern, 'out') == 0
    assert len(list((shot.parent / 'out').iterdir())) == 3


def test_interrupted_before_a_command_starts(monkeypatch, capsys):
    def stopped():
        raise KeyboardInterrupt

    monkeypatch.setattr('vsr_plugins.cli.main', stopped)
    assert vsr_plugins_command.main() == 130
    assert capsys.readouterr().err == 'vsr: stopped\n'
