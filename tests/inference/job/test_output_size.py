"""Sizes of the output that are not those of the network, times as people write them, previews."""

from fractions import Fraction

import av
import pytest
import torch
from videos import Nearest, gradient, grey_frames, heard, read_clip, write_clip

from vsr_plugins.apis import upscale
from vsr_plugins.cli import main
from vsr_plugins.cli.upscale import _seconds
from vsr_plugins.inference.job.options import OutputOptions
from vsr_plugins.inference.job.output_size import output_size, resized
from vsr_plugins.media.images.image_files import read_rgb


@pytest.mark.parametrize(
    ('source', 'wanted', 'expected'),
    [
        ((480, 720), {}, (1920, 2880)),
        ((480, 720), {'scale': 2}, (960, 1440)),
        ((480, 720), {'scale': 1.5}, (720, 1080)),
        ((33, 47), {'scale': 2}, (66, 94)),
        ((33, 47), {'scale': 1.5}, (50, 70)),
        ((480, 720), {'height': 1080}, (1080, 1620)),
        ((480, 853), {'height': 1080}, (1080, 1920)),
        ((480, 720), {'size': (1080, 1920)}, (1080, 1920)),
    ],
)
def test_size_follows_from_what_is_asked(source, wanted, expected):
    assert output_size(source, 4, OutputOptions(**wanted)) == expected


def test_sizes_out_of_range_or_in_excess_are_refused():
    with pytest.raises(ValueError, match='8x8'):
        output_size((480, 720), 4, OutputOptions(size=(8, 8)))
    with pytest.raises(ValueError, match="'height': 5"):
        OutputOptions(scale=2, height=5)
    with pytest.raises(ValueError, match='-2'):
        OutputOptions(scale=-2)


def test_fine_lines_do_not_alias():
    # Lines of one pixel: a filter that skips pixels would leave lines or grey of the wrong level.
    lines = torch.zeros(1, 64, 96)
    lines[..., ::2] = 1
    assert resized(lines, (16, 24))[0, 4:-4, 4:-4] == pytest.approx(0.5, abs=0.03)
    # The middle of the picture stays where it is.
    ramp = torch.linspace(0, 1, 96).expand(1, 64, 96)
    assert resized(ramp, (32, 48))[0, 5, 20].item() == pytest.approx(
        (ramp[0, 0, 40] + ramp[0, 0, 41]).item() / 2, abs=1e-3
    )


@pytest.mark.parametrize(
    ('arguments', 'size'),
    [(['--scale', '2'], (64, 96)), (['--size', '120x80'], (80, 120)), (['--height', '48'], (48, 72))],
)
def test_video_and_images_have_the_size(tmp_path, arguments, size):
    source = write_clip(tmp_path / 'a.mp4', [gradient()] * 3)
    paths = [str(source), str(tmp_path / 'b.mp4'), '--images', str(tmp_path / 'png')]
    assert main(['upscale', *paths, '--model', 'bicubic', *arguments]) == 0
    _, frames, _ = read_clip(tmp_path / 'b.mp4')
    assert frames.shape == (3, *size, 3)
    image = read_rgb(tmp_path / 'png' / '00000000.png')
    assert image.shape == (*size, 3)
    # Corners of the gradient: dark, red, blue.
    assert image[0, -1, 0] > 190 > 60 > image[0, 0, 0] and image[-1, 0, 2] > 190 > 60 > image[0, 0, 2]


def test_another_shape_is_shown_in_that_of_the_source(tmp_path, caplog):
    source = write_clip(tmp_path / 'a.mp4', [gradient()] * 2)
    upscale(source, tmp_path / 'b.mp4', Nearest(), output=OutputOptions(size=(96, 192)))
    (line,) = [record.getMessage() for record in caplog.records]
    assert '192x96' in line and '48x32' in line
    with av.open(str(tmp_path / 'b.mp4')) as container:
        assert container.streams.video[0].sample_aspect_ratio == Fraction(3, 4)


def test_a_preview_has_the_input_to_the_left(tmp_path):
    frames = grey_frames(40, step=4)
    source = write_clip(tmp_path / 'a.mp4', frames, tracks=1)

    class Darker(Nearest):
        def forward(self, lqs):
            return super().forward(lqs) / 2

    upscale(source, tmp_path / 'b.mp4', Darker(4), output=OutputOptions(preview=True, crf=2, height=64))
    _, pixels, _ = read_clip(tmp_path / 'b.mp4')
    assert pixels.shape == (40, 64, 192, 3)
    left, right = pixels[:, :, :90].mean((1, 2, 3)), pixels[:, :, 102:].mean((1, 2, 3))
    assert left == pytest.approx([frame.mean() for frame in frames], abs=2)
    assert right == pytest.approx([frame.mean() / 2 for frame in frames], abs=2)
    arguments = ['upscale', str(source), str(tmp_path / 'c.mp4'), '--model', 'bicubic', '--preview', '0:00.4']
    assert main(arguments) == 0
    assert len(read_clip(tmp_path / 'c.mp4')[0]) == 10
    assert heard(tmp_path / 'c.mp4')[1] == pytest.approx(0.4, abs=0.03)


@pytest.mark.parametrize(
    ('text', 'seconds'), [('90', 90), ('90.5', 90.5), ('1:30', 90), ('1:30.25', 90.25), ('01:02:03', 3723), ('0:05', 5)]
)
def test_times_are_written_as_people_do(text, seconds):
    assert _seconds(text) == seconds


@pytest.mark.parametrize('text', ['', 'soon', '1:', '1:60', '1:2:3:4', '1:-3', '0.5:3'])
def test_other_times_are_refused(text, capsys):
    with pytest.raises(SystemExit):
        main(['upscale', 'a.mp4', 'b.mp4', '--start', text])
    assert repr(text) in capsys.readouterr().err
