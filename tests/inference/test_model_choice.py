import pytest
import torch
from torch import nn

from vsr_plugins.checkpoints.shipped import best_shipped, shipped_names
from vsr_plugins.checkpoints.weight_files import write_weights
from vsr_plugins.inference.clips import load_model
from vsr_plugins.inference.model_choice import choose_model, full_name, model_names

CONFIG = """
custom_imports = dict(imports=['vsr_plugins'], allow_failed_imports=False)
default_scope = 'mmagic'
pre = dict(type='DataPreprocessor', mean=[0.0, 0.0, 0.0], std=[255.0, 255.0, 255.0])
network = dict(type='ESPCNNet', in_channels=1, scale=4)
model = dict(type='BaseEditModel', generator=network, pixel_loss=dict(type='MSELoss'), data_preprocessor=pre)
"""


def fill(folder, *stems):
    for stem in stems:
        (folder / f'{stem}.safetensors').touch()


def test_the_best_that_is_there_is_taken(tmp_path):
    assert (model_names(tmp_path), full_name(None, tmp_path)) == (['bicubic'], 'bicubic')
    # What makes frames between changes the frame rate, and is nothing to be had unasked.
    fill(tmp_path, 'zooming_slow_mo_x4', 'another_x4')
    assert best_shipped(tmp_path) is None
    assert full_name(None, tmp_path) == 'bicubic'
    fill(tmp_path, 'espcn_x4_1xb16-20k_clips')
    assert full_name(None, tmp_path) == 'espcn_x4_1xb16-20k_clips'
    fill(tmp_path, 'fsrcnn_x4d56s12m4_1xb16-5k_clips', 'latent_attn_llsll-c32_1xb4-2k_clips')
    assert shipped_names(tmp_path) == [
        'latent_attn_llsll-c32_1xb4-2k_clips', 'espcn_x4_1xb16-20k_clips', 'fsrcnn_x4d56s12m4_1xb16-5k_clips',
        'another_x4', 'zooming_slow_mo_x4',
    ]  # fmt: skip
    assert full_name(None, tmp_path) == 'latent_attn_llsll-c32_1xb4-2k_clips'
    fill(tmp_path, 'latent_attn_llsll-c64_1xb4-300k_clips')
    assert full_name(None, tmp_path) == 'latent_attn_llsll-c64_1xb4-300k_clips'


def test_a_beginning_that_fits_one_name_is_enough(tmp_path):
    fill(tmp_path, 'latent_attn_a', 'espcn_x4', 'espcn_x4_more', 'fsrcnn_x4')
    assert full_name('latent_attn', tmp_path) == 'latent_attn_a'
    assert full_name('f', tmp_path) == 'fsrcnn_x4'
    assert full_name('bicubic', tmp_path) == 'bicubic'
    assert full_name('espcn_x4', tmp_path) == 'espcn_x4'
    with pytest.raises(ValueError, match="begins with 'espcn': espcn_x4, espcn_x4_more"):
        full_name('espcn', tmp_path)
    for name in ('attn', ''):
        with pytest.raises(ValueError, match=f"no model '{name}' in the package, but latent_attn_a, .*, bicubic"):
            full_name(name, tmp_path)


def test_what_comes_with_the_package_is_built_with_its_weights(tmp_path):
    config = tmp_path / 'espcn_x4_test.config.py'
    config.write_text(CONFIG)
    torch.manual_seed(0)
    trained = load_model(config)
    write_weights(trained.state_dict(), tmp_path / 'espcn_x4_test.safetensors')
    for name in (None, 'espcn'):
        built = choose_model(model=name, folder=tmp_path)
        weights = built.state_dict()
        assert all(torch.equal(weights[key], value) for key, value in trained.state_dict().items())
    own = nn.Identity()
    assert choose_model(model=own) is own
    with pytest.raises(ValueError, match='name one of them'):
        choose_model(config, model='espcn', folder=tmp_path)
    with pytest.raises(ValueError, match='a checkpoint for'):
        choose_model(config)
