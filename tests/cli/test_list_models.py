"""``vsr upscale --list-models``: which models it names, and in which order."""

import re

from vsr_plugins.cli import main
from vsr_plugins.pretrained import find_pretrained, model_names


def listed(capsys, *options):
    assert main(['upscale', '--list-models', *options]) == 0
    words = [re.split(r' {2,}', line) for line in capsys.readouterr().out.splitlines()]
    return [word[0].removesuffix(' *') for word in words if word[0].removesuffix(' *') in model_names()]


def test_steps_of_trainings_are_listed_on_request(capsys):
    names = listed(capsys)
    assert {'latent-attention', 'robust-vsr', 'espcn', 'real', 'bicubic', 'basicvsr'} <= {*names}
    assert not {'robust-vsr-b1', 'early-vespcn', 'vespcn-still'} & {*names}
    assert listed(capsys, '--all') == model_names()


def test_the_order_is_that_of_the_column_shown(capsys):
    own = [entry for entry in map(find_pretrained, listed(capsys)) if entry.trained_for == 'BIx4' and entry.held_out]
    assert len(own) > 5
    assert [entry.held_out for entry in own] == sorted((entry.held_out for entry in own), reverse=True)
