from pathlib import Path

import pytest
from mmengine.config import Config

from vsr_plugins.engine.config_files import alias_chain, merge_options, read_config

CONFIGS = Path(__file__).parents[2] / 'configs'


@pytest.mark.parametrize(
    ('name', 'names'),
    [
        ('latent_attn_vid4', ['latent_attn_vid4', 'latent_attn_llsll-c64_1xb4-300k_clips']),
        ('robust_vsr_vid4', ['robust_vsr_vid4', 'robust_vsr_final-stn_1xb8-2k_clips']),
        ('robust_vsr/robust_vsr_final-stn_1xb8-2k_clips', ['robust_vsr_final-stn_1xb8-2k_clips']),
        ('vespcn/vespcn_motion-x4_1xb8-3k_clips', ['vespcn_motion-x4_1xb8-3k_clips']),
    ],
)
def test_names_of_the_configs_of_the_project(name, names):
    assert [path.stem for path in alias_chain(CONFIGS / f'{name}.py')] == names


def test_a_config_that_changes_its_base_is_another(tmp_path):
    (tmp_path / 'first.py').write_text("experiment_name = 'first'\nmodel = dict(width=1)\n")
    (tmp_path / 'second.py').write_text("_base_ = ['first.py']\nexperiment_name = 'second'\n")
    (tmp_path / 'third.py').write_text("_base_ = './second.py'\nexperiment_name = 'third'\nwork_dir = 'x'\n")
    (tmp_path / 'wide.py').write_text("_base_ = 'first.py'\nmodel = dict(width=2)\n")
    assert [path.stem for path in alias_chain(tmp_path / 'third.py')] == ['third', 'second', 'first']
    assert [path.stem for path in alias_chain(tmp_path / 'wide.py')] == ['wide']


def test_a_config_is_read_without_logging_environment_variables(capfd, monkeypatch):
    monkeypatch.setenv('VSR_DATA_ROOT', '/somewhere')
    config = read_config(CONFIGS / 'bicubic' / 'bicubic_x4_vid4.py')
    assert config.test_dataloader.dataset.data_root == '/somewhere/Vid4'
    said = capfd.readouterr()
    assert 'VSR_DATA_ROOT' not in said.out + said.err


def test_an_unreadable_config_raises_one_error(tmp_path):
    (tmp_path / 'broken.py').write_text('model = dict(\n')
    with pytest.raises(ValueError, match=r'broken\.py'):
        read_config(tmp_path / 'broken.py')
    with pytest.raises(FileNotFoundError, match=r'absent\.py'):
        read_config(tmp_path / 'absent.py')


def test_options_that_set_nothing_are_refused():
    config = Config(dict(train_cfg=dict(max_iters=8)))
    merge_options(config, {'train_cfg.max_iters': 4, 'randomness.seed': 1})
    assert config.train_cfg.max_iters == 4 and config.randomness.seed == 1
    with pytest.raises(ValueError, match='trian_cfg.*train_cfg'):
        merge_options(config, {'trian_cfg.max_iters': 2})
    assert 'trian_cfg' not in config
