"""Exported files restore videos as the networks they come from do."""

import numpy as np
import pytest
import torch
from torch import nn
from videos import Nearest, gradient, read_clip, write_clip

from vsr_plugins.apis import JobOptions, ModelOptions, OutputOptions, export_onnx, upscale
from vsr_plugins.cli import main

LOSSLESS = OutputOptions(codec='ffv1')


class Mean(Nearest):
    """Averages a frame with both neighbours in time."""

    halo, window_length, multiple_of = 1, 3, 2

    def forward(self, lqs):
        near = torch.cat((lqs[:, :1], lqs, lqs[:, -1:]), 1)
        mean = (near[:, :-2] + near[:, 1:-1] + near[:, 2:]) / 3
        return nn.functional.interpolate(mean.flatten(0, 1), scale_factor=2.0).unflatten(0, lqs.shape[:2])


class Middle(Mean):
    window, output = 3, 'center'

    def forward(self, lqs):
        return super().forward(lqs)[:, 1]


def clip(path, count, height=32, width=48):
    frames = [np.roll(gradient(height, width), 5 * number, 1) for number in range(count)]
    return write_clip(path, frames, 'ffv1', 'yuv444p')


@pytest.mark.parametrize('network', [Mean, Middle])
@pytest.mark.parametrize('count', [1, 2, 5, 12])
def test_clips_of_any_length_and_size(tmp_path, network, count):
    file = export_onnx(network(), tmp_path / 'n.onnx', frames=5 if network is Mean else None).path
    source = clip(tmp_path / 'a.mkv', count, 30, 46)
    upscale(source, tmp_path / 'b.mkv', str(file), output=LOSSLESS)
    upscale(source, tmp_path / 'c.mkv', network(), output=LOSSLESS)
    (times, frames, _), (expected_times, expected, _) = read_clip(tmp_path / 'b.mkv'), read_clip(tmp_path / 'c.mkv')
    assert times == expected_times and frames.shape == expected.shape
    # The end of a clip shorter than the file's number of frames is mirrored.
    compared = slice(None) if count >= 5 or network is Middle else slice(0, count - 1)
    assert np.abs(frames.astype(int) - expected)[compared].max(initial=0) <= 1


def test_a_name_is_exported_and_the_file_is_a_model(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    clip(tmp_path / 'a.mkv', 3)
    assert main(['export', 'espcn', 'espcn.onnx']) == 0
    for name, model in (('b.apng', 'espcn.onnx'), ('c.apng', 'espcn')):  # RGB, lossless
        assert main(['upscale', 'a.mkv', name, '--model', model]) == 0
    difference = np.abs(read_clip(tmp_path / 'b.apng')[1].astype(int) - read_clip(tmp_path / 'c.apng')[1])
    assert difference.max() <= 1
    capsys.readouterr()
    (tmp_path / 'text.onnx').write_text('no network')
    for model in ('text.onnx', 'absent.onnx'):
        assert main(['upscale', 'a.mkv', 'd.mkv', '--model', model]) == 2
        printed = capsys.readouterr().err
        assert model in printed and printed.count('\n') == 1
    assert main(['export', 'no-such-model', 'd.onnx']) == 2
    assert 'no-such-model' in capsys.readouterr().err and not (tmp_path / 'd.onnx').exists()


def test_a_file_for_one_size_refuses_others(tmp_path):
    file = export_onnx(Mean(), tmp_path / 'n.onnx', size=(32, 48), frames=3).path
    upscale(clip(tmp_path / 'a.mkv', 4), tmp_path / 'b.mkv', str(file))
    with pytest.raises(ValueError, match='48x32.*40x32'):
        upscale(clip(tmp_path / 'c.mkv', 4, 32, 40), tmp_path / 'd.mkv', ModelOptions(str(file)), job=JobOptions())
    assert not (tmp_path / 'd.mkv').exists()
