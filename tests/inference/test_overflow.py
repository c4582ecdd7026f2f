"""Outputs of a network that are NaN or infinite never become a film."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from videos import Nearest, grey_frames, read_clip, write_clip

from vsr_plugins.apis import ModelOptions, upscale
from vsr_plugins.cli import main
from vsr_plugins.inference.job.options import JobOptions
from vsr_plugins.pretrained import find_pretrained, load_pretrained


class Broken(Nearest):
    """Puts one value that is not finite into frames of at least grey level 60, always or in half precision only."""

    def __init__(self, value=float('nan'), half_only=False):
        super().__init__()
        self.value, self.half_only = value, half_only

    def forward(self, lqs):
        output = super().forward(lqs)
        if not self.half_only or torch.is_autocast_enabled('cpu'):
            output[..., 0, 5, 7] = torch.where(lqs.amax((-1, -2, -3)) > 60 / 255, self.value, output[..., 0, 5, 7])
        return output


class Window(Broken):
    window, output = 3, 'center'

    def forward(self, lqs):
        return super().forward(lqs)[:, 1]


class Stream(Broken):
    def stream(self, frames):
        for frame in frames:
            yield self(frame[:, None])[:, 0]


@pytest.mark.parametrize('kind', [Broken, Window, Stream])
@pytest.mark.parametrize('value', [float('nan'), float('inf'), -float('inf')])
@pytest.mark.parametrize('precision', ['float32', 'half'])
def test_the_upscale_stops_and_leaves_nothing(tmp_path, kind, value, precision):
    source = write_clip(tmp_path / 'a.mp4', grey_frames(9))
    with pytest.raises(ValueError, match=kind.__name__):
        upscale(source, tmp_path / 'b.mp4', ModelOptions(kind(value), precision=precision))
    assert [path.name for path in tmp_path.iterdir()] == ['a.mp4']


def test_finished_segments_are_kept(tmp_path):
    source = write_clip(tmp_path / 'a.mp4', grey_frames(9))
    with pytest.raises(ValueError):
        upscale(source, tmp_path / 'b.mp4', Broken(), job=JobOptions(segment_length=3))
    assert not (tmp_path / 'b.mp4').exists()
    # A model is identified by its config and checkpoint, and both of these have neither.
    assert upscale(source, tmp_path / 'b.mp4', Nearest(), job=JobOptions(segment_length=3, resume=True)).read == 3


@pytest.mark.parametrize('kind', [Broken, Window, Stream])
def test_half_precision_that_overflows_is_repeated_in_float32(tmp_path, caplog, kind):
    source = write_clip(tmp_path / 'a.mp4', grey_frames(9))
    upscale(source, tmp_path / 'b.mp4', ModelOptions(kind(half_only=True), precision='half'))
    upscale(source, tmp_path / 'c.mp4', ModelOptions(kind(half_only=True), precision='float32'))
    assert [record.getMessage() for record in caplog.records if 'float32' in record.getMessage()] != []
    frames, expected = read_clip(tmp_path / 'b.mp4')[1], read_clip(tmp_path / 'c.mp4')[1]
    assert frames.shape == (9, 64, 96, 3) and np.abs(frames.astype(int) - expected).max() <= 2


def test_weights_that_are_not_numbers_are_named(tmp_path, capsys):
    weights = {f'generator.{key}': value.clone() for key, value in load_pretrained('espcn').state_dict().items()}
    key = list(weights)[-2]
    weights[key].view(-1)[3] = float('nan')
    save_file(weights, tmp_path / 'w.safetensors')
    assert load_file(tmp_path / 'w.safetensors')[key].isnan().sum() == 1
    source = write_clip(tmp_path / 'a.mp4', grey_frames(3))
    command = ['upscale', str(source), str(tmp_path / 'b.mp4'), '--config', find_pretrained('espcn').config]
    assert main([*command, '--checkpoint', str(tmp_path / 'w.safetensors')]) == 2
    printed = capsys.readouterr().err
    assert key.removeprefix('generator.') in printed and printed.count('\n') == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ['a.mp4', 'w.safetensors']
