"""Weights in the package or a clone: valid, loadable on their own, and better than bicubic."""

import hashlib
import inspect
import json
import re
from dataclasses import asdict
from runpy import run_path

import numpy as np
import pytest
import torch

from vsr_plugins.checkpoints.weight_files import read_weights, write_weights
from vsr_plugins.cli import main
from vsr_plugins.datasets import PhotoMotionDataset
from vsr_plugins.degradation import bicubic_downsample
from vsr_plugins.engine.config_files import read_config, to_builtins
from vsr_plugins.evaluation.protocols import PROTOCOLS
from vsr_plugins.inference.predictor import VideoPredictor
from vsr_plugins.models import BicubicNet, TwoStageNet
from vsr_plugins.models.build import build_network, find_network
from vsr_plugins.pretrained import PRETRAINED, PRETRAINED_PREFIX, find_pretrained, load_pretrained, read_provenance
from vsr_plugins.pretrained.entry import PACKAGE, RESULTS
from vsr_plugins.pretrained.files import FOLDER, RESULTS_FOLDER

PLACES = {PACKAGE: FOLDER, RESULTS: RESULTS_FOLDER}
OWN = [entry for entry in PRETRAINED if entry.files and entry.files[0].place in PLACES]
every_set = pytest.mark.parametrize('entry', OWN, ids=lambda entry: entry.name)


@pytest.mark.parametrize('place', PLACES)
def test_files_and_registry_agree(place):
    listed = {entry.files[0].path for entry in OWN if entry.files[0].place == place}
    assert listed == {path.name for path in PLACES[place].glob('*.safetensors')} != set()


def test_the_package_contains_only_weights_that_users_run():
    packaged = {entry.name for entry in OWN if entry.files[0].place == PACKAGE}
    assert packaged == {
        'espcn',
        'fsrcnn',
        'vespcn',
        'latent-attention-half',
        'robust-vsr',
        'robust-vsr-stn',
    }
    assert all(path.suffix == '.safetensors' for path in FOLDER.iterdir() if path.is_file())
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 4.6e6


@every_set
def test_a_file_has_its_provenance(entry):
    about = read_provenance(f'{PRETRAINED_PREFIX}{entry.name}')
    config = read_config(entry.config)
    assert (about.config, about.data, about.licence) == (entry.config, entry.data, entry.licence)
    log = read_log(entry)
    by_clock = config.train_cfg.get('max_minutes') is not None
    assert about.iterations == (log[-1]['step'] if by_clock else config.train_cfg.max_iters)
    best = max((one for one in log if 'clips/PSNR' in one), key=lambda one: one['clips/PSNR'])
    assert about.held_out['PSNR'] == pytest.approx(best['clips/PSNR'], abs=5e-4)
    assert about.held_out['iteration'] == best['step']
    # Vid4 is clean: weights for compressed video are not measured there.
    assert bool(about.vid4) == (entry.trained_for != 'real footage')
    assert {measured['protocol'] for measured in (about.held_out, about.vid4) if measured} <= PROTOCOLS.keys()
    if entry.vid4:
        assert (about.vid4['PSNR'], about.vid4['SSIM'], about.vid4['protocol']) == (*entry.vid4, 'basicvsr')
    assert re.fullmatch('[0-9a-f]{40}', about.commit)
    # It contains no machine name.
    assert not re.search(r'"/', json.dumps(asdict(about)))


def test_foreign_weights_have_no_provenance(tmp_path):
    for name in ('w.safetensors', 'w.pth'):
        write_weights({'a': torch.zeros(1)}, tmp_path / name, {'network': 'A'})
        assert read_provenance(tmp_path / name) is None
    with pytest.raises(FileNotFoundError, match='nothing'):
        read_provenance(tmp_path / 'nothing.safetensors')
    (tmp_path / 'w.safetensors').write_bytes(b'not weights')
    with pytest.raises(ValueError, match=r'w\.safetensors'):
        read_provenance(tmp_path / 'w.safetensors')


def test_the_command_prints_the_provenance(tmp_path, capsys):
    assert main(['convert', '--about', 'pretrained:robust-vsr']) == 0
    printed = capsys.readouterr().out
    for value in ('robust_vsr_deep-final_1xb8-20k_clips', '29.137', '25.29', 'basicvsr', '20000'):
        assert value in printed
    write_weights({'a': torch.zeros(1)}, tmp_path / 'w.pth')
    assert main(['convert', '--about', str(tmp_path / 'w.pth')]) == 2


def test_the_script_converts_a_checkpoint_reproducibly(tmp_path, capsys):
    torch.manual_seed(0)
    network = build_network(find_pretrained('espcn').network)
    state = {f'generator.{name}': value for name, value in network.state_dict().items()}
    torch.save({'state_dict': state | {'step_counter': torch.zeros(1)}}, tmp_path / 'best.pth')
    write = run_path(str(FOLDER.parents[1] / '.dev_scripts' / 'write_pretrained.py'))['main']
    arguments = [str(tmp_path / 'best.pth'), 'espcn_x4_1xb16-20k_clips', '--held-out', '28.5', '19000', '--commit', 'a']
    packaged = []
    for folder, more in (('one', []), ('two', []), ('full', ['--full', '--vid4', '24.5', '0.68'])):
        assert write([*arguments, '--out', str(tmp_path / folder), *more]) == 0
        packaged.append(tmp_path / folder / 'espcn_x4_1xb16-20k_clips.safetensors')
        assert hashlib.sha256(packaged[-1].read_bytes()).hexdigest() in capsys.readouterr().out
    assert packaged[0].read_bytes() == packaged[1].read_bytes()
    for path, kind in ((packaged[0], torch.float16), (packaged[2], torch.float32)):
        weights = read_weights(path)
        assert weights.keys() == state.keys()
        assert all(torch.equal(weights[name], state[name].to(kind)) for name in state)
    assert read_provenance(packaged[0]).held_out == {'PSNR': 28.5, 'protocol': 'basicvsr', 'iteration': 19000}
    assert read_provenance(packaged[0]).vid4 == {} and read_provenance(packaged[2]).vid4['SSIM'] == 0.68


@every_set
def test_the_network_of_the_registry_is_that_of_its_config(entry):
    config = read_config(entry.config)
    generator = to_builtins(config.model.generator)
    # Arguments that the config omits have their defaults.
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(find_network(generator['type'])).parameters.items()
    }
    stated = {name: generator.get(name, defaults.get(name)) for name in to_builtins(entry.network)}
    assert stated == to_builtins(entry.network) and generator.keys() <= to_builtins(entry.network).keys()
    assert to_builtins(config.model.data_preprocessor)['mean'] == [0, 0, 0]
    assert to_builtins(config.model.data_preprocessor)['std'] == [255, 255, 255]


def test_weights_trained_here_are_ordered_by_the_held_out_clips():
    values = [held_out(entry) for entry in OWN]
    assert values == sorted(values, reverse=True)


@every_set
def test_the_registry_has_the_held_out_psnr_of_the_log(entry):
    assert entry.held_out == round(held_out(entry), 3)


def test_bicubic_has_its_measured_psnr_on_the_held_out_clips():
    page = (FOLDER.parents[1] / 'docs' / 'test_sets.md').read_text(encoding='utf-8')
    (row, *_) = re.findall(r'^\| Bicubic \| .*$', page.partition('### held-out-4-BIx4, basicvsr')[2], re.MULTILINE)
    assert row.split(' | ')[6] == f'{find_pretrained("bicubic").held_out:.2f}'


@every_set
def test_it_beats_bicubic_on_photographs_it_was_not_trained_on(entry):
    assert gain_over_bicubic(load_pretrained(entry)) > 0.3


@pytest.mark.parametrize(
    'network', [BicubicNet(), TwoStageNet(interpolator=dict(type='LinearBlendNet'), restorer=dict(type='BicubicNet'))]
)
def test_bicubic_gains_nothing_over_itself(network):
    assert gain_over_bicubic(network) == pytest.approx(0, abs=1e-6)


def read_log(entry):
    return [json.loads(line) for line in (RESULTS_FOLDER / f'{entry.config}.jsonl').read_text().splitlines()]


def held_out(entry):
    return max(record['clips/PSNR'] for record in read_log(entry) if 'clips/PSNR' in record)


def gain_over_bicubic(model):
    """Return by how many dB a model beats bicubic upsampling, for any input spec of its network.

    An interpolating network takes every second frame, and is compared with the upsampled mean of two.
    """
    errors = {'network': [], 'bicubic': []}
    restorers = {'network': VideoPredictor(model)}
    step = restorers['network'].spec.temporal_scale
    blend = TwoStageNet(interpolator=dict(type='LinearBlendNet'), restorer=dict(type='BicubicNet'))
    restorers['bicubic'] = VideoPredictor(blend if step == 2 else BicubicNet())
    for sample in PhotoMotionDataset(split='val', num_frames=7, gt_size=(160, 192), clips_per_image=1):
        low = [bicubic_downsample(frame, 4) for frame in sample['gt'][::step]]
        truth = torch.from_numpy(np.stack(sample['gt'])).permute(0, 3, 1, 2) / 255
        for name, restorer in restorers.items():
            restored = torch.stack([frame for made in restorer.restore(iter(low)) for frame in made])
            assert restored.shape == truth.shape
            errors[name].append((restored - truth).square().mean().item())
    return 10 * np.log10(np.mean(errors['bicubic']) / np.mean(errors['network']))
