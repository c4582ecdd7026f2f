"""Weights that come with the package: whole, loadable without anything else, and better than none."""

import json
import re

import numpy as np
import pytest
import torch
from mmengine.config import Config

from vsr_plugins.checkpoints.shipped import FOLDER, shipped_names
from vsr_plugins.datasets import PhotoMotionDataset
from vsr_plugins.datasets.degradation import bicubic_downsample
from vsr_plugins.inference.clips import load_model
from vsr_plugins.models import BicubicNet

every_set = pytest.mark.parametrize('stem', shipped_names())


def test_there_are_some():
    assert shipped_names()


@every_set
def test_a_set_is_whole_and_small(stem):
    weights, config, log = (FOLDER / f'{stem}{suffix}' for suffix in ('.safetensors', '.py', '.jsonl'))
    assert weights.stat().st_size < 9e6
    records = [json.loads(line) for line in log.read_text().splitlines()]
    assert any('loss' in record for record in records) and any('clips/PSNR' in record for record in records)
    # The config as it was run names no machine.
    assert not re.search(r"'/", config.read_text())


@every_set
def test_it_beats_bicubic_on_photographs_it_was_not_trained_on(stem):
    model = load_model(Config.fromfile(FOLDER / f'{stem}.py'), FOLDER / f'{stem}.safetensors')
    dataset = PhotoMotionDataset(split='val', num_frames=7, gt_size=(160, 192), clips_per_image=1)
    errors = {'network': [], 'bicubic': []}
    for sample in dataset:
        truth = torch.from_numpy(np.stack(sample['gt'])).permute(0, 3, 1, 2)[None] / 255
        low = [torch.from_numpy(bicubic_downsample(frame, 4)) for frame in sample['gt']]
        low = torch.stack(low).permute(0, 3, 1, 2)[None] / 255
        with torch.inference_mode():
            for name, network in (('network', model.generator), ('bicubic', BicubicNet(scale=4))):
                errors[name].append((network(low).clamp(0, 1) - truth).square().mean().item())
    gain = 10 * np.log10(np.mean(errors['bicubic']) / np.mean(errors['network']))
    assert gain > 0.3
