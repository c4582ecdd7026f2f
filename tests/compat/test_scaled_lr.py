import sys

import pytest
from mmengine.config import Config
from mmengine.runner import Runner

import vsr_plugins  # noqa: F401
from vsr_plugins.compat import scaled_lr


@pytest.fixture
def built(monkeypatch):
    """Collect the configs of runners instead of building them."""
    configs = []
    monkeypatch.setattr(scaled_lr, '_upstream_from_cfg', lambda cls, cfg: configs.append(cfg))
    return configs


def test_the_option_of_the_training_script_takes_effect(built, monkeypatch):
    config = Config({'auto_scale_lr': {'base_batch_size': 8}})
    Runner.from_cfg(config)
    assert 'enable' not in built[0].auto_scale_lr
    monkeypatch.setattr(sys, 'argv', ['/tools/train.py', 'config.py', '--auto-scale-lr'])
    Runner.from_cfg(config)
    assert built[1].auto_scale_lr == {'base_batch_size': 8, 'enable': True}


@pytest.mark.parametrize('settings', [{}, {'auto_scale_lr': None}, {'auto_scale_lr': {'enable': False}}])
def test_without_a_base_batch_size_it_is_refused(built, monkeypatch, settings):
    monkeypatch.setattr(sys, 'argv', ['train.py', 'config.py', '--auto-scale-lr'])
    with pytest.raises(ValueError, match='auto_scale_lr.base_batch_size'):
        Runner.from_cfg(Config(settings))
    assert not built
