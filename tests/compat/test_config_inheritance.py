"""Inheritance from configs of this package by ``vsr_plugins::``, before anything imports the package."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest
from mmengine.config import Config

import vsr_plugins_startup as startup
from vsr_plugins.compat.config_inheritance import find_package

ROOT = Path(__file__).parents[2]
FULL = 'latent_attn/latent_attn_llsll-c64_1xb4-300k_clips'


@pytest.mark.parametrize('name', [f'{FULL}.py', FULL, 'latent_attn_vid4.py', 'latent_attn_llsll-c64_1xb4-300k_clips'])
def test_a_base_by_name_equals_its_path(tmp_path, name):
    (tmp_path / 'by_name.py').write_text(f"_base_ = 'vsr_plugins::{name}'\nmodel = dict(generator=dict(width=8))\n")
    path = ROOT / 'configs' / f'{"latent_attn_vid4" if "vid4" in name else FULL}.py'
    (tmp_path / 'by_path.py').write_text(f'_base_ = {str(path)!r}\nmodel = dict(generator=dict(width=8))\n')
    by_name, by_path = (Config.fromfile(tmp_path / f'by_{how}.py') for how in ('name', 'path'))
    assert by_name.to_dict() == by_path.to_dict()
    assert by_name.model.generator.width == 8
    # The classes are in MMagic's registries; no registries are named after the package.
    assert "'_scope_': 'vsr_plugins'" not in str(by_name.to_dict())


def test_an_unknown_base_lists_similar_names(tmp_path):
    (tmp_path / 'own.py').write_text("_base_ = 'vsr_plugins::espcn/espcn_x4_1xb16-30k_clips.py'\n")
    with pytest.raises(FileNotFoundError, match='espcn_x4_1xb16-20k_clips'):
        Config.fromfile(tmp_path / 'own.py')


def test_bases_of_upstream_are_found_by_upstream(tmp_path):
    (tmp_path / 'own.py').write_text("_base_ = 'mmagic::_base_/default_runtime.py'\n")
    assert Config.fromfile(tmp_path / 'own.py').default_scope == 'mmagic'


def test_nothing_needs_to_be_imported_first(tmp_path):
    (tmp_path / 'own.py').write_text("_base_ = 'vsr_plugins::bicubic/bicubic_x4_vid4.py'\n")
    code = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import vsr_plugins_startup
from mmengine.config import Config
assert 'vsr_plugins' not in sys.modules
print(Config.fromfile({str(tmp_path / 'own.py')!r}).model.generator.type)
"""
    done = subprocess.run([sys.executable, '-c', code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == 'BicubicNet'


def test_the_package_is_located():
    utils = SimpleNamespace(get_installed_path=lambda package: f'/site-packages/{package}')
    find_package(utils)
    assert {utils.get_installed_path(name) for name in ('vsr_plugins', 'vsr-plugins')} == {str(ROOT / 'vsr_plugins')}
    assert utils.get_installed_path('mmagic') == '/site-packages/mmagic'


def test_every_patch_is_applied():
    for name, function in startup.MENDS.values():
        assert callable(getattr(import_module(f'vsr_plugins.compat.{name}'), function))
