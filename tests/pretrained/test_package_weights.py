"""Weights that come with the package: whole, loadable without anything else, and better than none."""

import json
import re

import numpy as np
import pytest
import torch
from mmengine.config import Config

from vsr_plugins.datasets import PhotoMotionDataset
from vsr_plugins.degradation import bicubic_downsample
from vsr_plugins.evaluation.tables.result_cache import plain
from vsr_plugins.inference.predictor import Restorer
from vsr_plugins.models import BicubicNet, TwoStageNet
from vsr_plugins.pretrained import PRETRAINED, load_pretrained
from vsr_plugins.pretrained.files import FOLDER

OWN = [entry for entry in PRETRAINED if entry.files and entry.files[0].place == 'package']
every_set = pytest.mark.parametrize('entry', OWN, ids=lambda entry: entry.name)


def test_every_file_of_the_package_is_in_the_registry_and_the_other_way_round():
    assert {entry.files[0].path for entry in OWN} == {path.name for path in FOLDER.glob('*.safetensors')} != set()


@every_set
def test_a_set_is_whole_and_small(entry):
    weights, config = FOLDER / f'{entry.config}.safetensors', FOLDER / f'{entry.config}.config.py'
    assert weights.stat().st_size < 9e6
    assert any('loss' in record for record in read_log(entry)) and held_out(entry) > 0
    # The config as it was run names no machine.
    assert not re.search(r"'/", config.read_text())


@every_set
def test_the_network_of_the_registry_is_that_of_the_config_that_was_run(entry):
    config = Config.fromfile(FOLDER / f'{entry.config}.config.py')
    assert plain(entry.network) == plain(config.model.generator)
    assert plain(config.model.data_preprocessor)['mean'] == [0, 0, 0]
    assert plain(config.model.data_preprocessor)['std'] == [255, 255, 255]


def test_those_trained_here_stand_in_the_order_of_the_held_out_clips():
    values = [held_out(entry) for entry in OWN]
    assert values == sorted(values, reverse=True)


@every_set
def test_it_beats_bicubic_on_photographs_it_was_not_trained_on(entry):
    assert gain_over_bicubic(load_pretrained(entry)) > 0.3


@pytest.mark.parametrize(
    'network', [BicubicNet(), TwoStageNet(interpolator=dict(type='LinearBlendNet'), restorer=dict(type='BicubicNet'))]
)
def test_bicubic_gains_nothing_over_itself(network):
    assert gain_over_bicubic(network) == pytest.approx(0, abs=1e-6)


def read_log(entry):
    return [json.loads(line) for line in (FOLDER / f'{entry.config}.jsonl').read_text().splitlines()]


def held_out(entry):
    return max(record['clips/PSNR'] for record in read_log(entry) if 'clips/PSNR' in record)


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
