"""Weights that come with the package: whole, loadable without anything else, and better than none."""

import json
import re

import numpy as np
import pytest
import torch
from mmengine.config import Config

from vsr_plugins.checkpoints.shipped import FOLDER, best_shipped, shipped_names
from vsr_plugins.datasets import PhotoMotionDataset
from vsr_plugins.datasets.degradation import bicubic_downsample
from vsr_plugins.inference.clips import load_model
from vsr_plugins.inference.restoring import Restorer
from vsr_plugins.models import BicubicNet, TwoStageNet

every_set = pytest.mark.parametrize('stem', shipped_names())


def test_there_are_some():
    assert shipped_names()


@every_set
def test_a_set_is_whole_and_small(stem):
    weights, config = (FOLDER / f'{stem}{suffix}' for suffix in ('.safetensors', '.config.py'))
    assert weights.stat().st_size < 9e6
    assert any('loss' in record for record in read_log(stem)) and held_out(stem) > 0
    # The config as it was run names no machine.
    assert not re.search(r"'/", config.read_text())


def test_what_upscales_unasked_was_best_on_the_held_out_clips():
    assert best_shipped() == max(shipped_names(), key=held_out)


@every_set
def test_it_beats_bicubic_on_photographs_it_was_not_trained_on(stem):
    model = load_model(Config.fromfile(FOLDER / f'{stem}.config.py'), FOLDER / f'{stem}.safetensors')
    assert gain_over_bicubic(model) > 0.3


@pytest.mark.parametrize(
    'network', [BicubicNet(), TwoStageNet(interpolator=dict(type='LinearBlendNet'), restorer=dict(type='BicubicNet'))]
)
def test_bicubic_gains_nothing_over_itself(network):
    assert gain_over_bicubic(network) == pytest.approx(0, abs=1e-6)


def read_log(stem):
    return [json.loads(line) for line in (FOLDER / f'{stem}.jsonl').read_text().splitlines()]


def held_out(stem):
    return max(record['clips/PSNR'] for record in read_log(stem) if 'clips/PSNR' in record)


def gain_over_bicubic(model):
    """By how many dB a model beats bicubic enlargement, whatever its network takes and returns.

    One that makes frames between is given every second frame, and beside it stands the mean of two, enlarged.
    """
    errors = {'network': [], 'bicubic': []}
    restorers = {'network': Restorer(model)}
    step = restorers['network'].needs.per_frame
    blend = TwoStageNet(interpolator=dict(type='LinearBlendNet'), restorer=dict(type='BicubicNet'))
    restorers['bicubic'] = Restorer(blend if step == 2 else BicubicNet())
    for sample in PhotoMotionDataset(split='val', num_frames=7, gt_size=(160, 192), clips_per_image=1):
        low = [bicubic_downsample(frame, 4) for frame in sample['gt'][::step]]
        truth = torch.from_numpy(np.stack(sample['gt'])).permute(0, 3, 1, 2) / 255
        for name, restorer in restorers.items():
            restored = torch.stack([frame for made in restorer.restore(iter(low)) for frame in made])
            assert restored.shape == truth.shape
            errors[name].append((restored - truth).square().mean().item())
    return 10 * np.log10(np.mean(errors['bicubic']) / np.mean(errors['network']))
