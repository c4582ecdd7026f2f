"""The demonstration as a user runs it, with almost no training."""

import av
import cv2
import pytest

from vsr_plugins.cli import main
from vsr_plugins.pretrained import default_model


@pytest.mark.slow
def test_the_demonstration_writes_table_pictures_and_video(tmp_path, capfd):
    # Status 1 if two iterations do not beat bicubic.
    assert main(['demo', '--out', str(tmp_path), '--iters', '2']) in (0, 1)
    printed = capfd.readouterr().out
    assert 'bicubic' in printed and 'PhotoMotion; basicvsr: Y' in printed
    table = (tmp_path / 'scores.md').read_text()
    assert 'bicubic PSNR' in table and 'ours PSNR' in table and f'{default_model().name} PSNR' in table
    # The pretrained weights are better than two iterations.
    assert f'the pretrained model {default_model().name}' in printed
    pictures = list(tmp_path.glob('comparison_*.png'))
    assert pictures and all(cv2.imread(str(picture)).shape[1] > 1000 for picture in pictures)
    with av.open(str(tmp_path / 'upscaled.mp4')) as container:
        assert sum(1 for _ in container.decode(video=0)) == 40
    assert list(tmp_path.rglob('events.out.tfevents.*'))


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [(['--iters', '0'], '--iters'), (['--config', '/no/config.py'], '/no/config.py')],
)
def test_wrong_arguments_are_one_line(tmp_path, capsys, arguments, message):
    assert main(['demo', '--out', str(tmp_path), *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count('\n') == 1
