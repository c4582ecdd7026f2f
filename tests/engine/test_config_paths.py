"""Find configs of the package by name."""

from pathlib import Path

import pytest

from vsr_plugins import config_path
from vsr_plugins.engine import config_paths
from vsr_plugins.engine.config_files import find_config, find_configs, read_config

CONFIGS = Path(__file__).parents[2] / 'configs'
ESPCN = 'espcn/espcn_x4_1xb16-20k_clips'


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def two_folders(tmp_path, monkeypatch):
    for name in ('_base_/x.py', 'a/x.py', 'b/x.py', 'b/y.py'):
        file = tmp_path / '.mim' / 'configs' / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text('')
    monkeypatch.setattr(config_paths, 'PACKAGE', tmp_path)
    return tmp_path.resolve() / '.mim' / 'configs'


@pytest.mark.parametrize('name', [ESPCN, f'{ESPCN}.py', f'configs/{ESPCN}.py', f'./configs/{ESPCN}.py', ESPCN[6:]])
def test_all_forms_of_a_name_have_one_path(elsewhere, name):
    assert config_path(name) == str(CONFIGS / f'{ESPCN}.py')
    assert Path(read_config(name).filename).stem == ESPCN[6:]


def test_aliases_and_bases_have_names_too(elsewhere):
    assert config_path('latent_attn_vid4') == str(CONFIGS / 'latent_attn_vid4.py')
    assert config_path('_base_/default_runtime') == str(CONFIGS / '_base_' / 'default_runtime.py')


@pytest.mark.parametrize('name', ['latent_attn_vid', 'bicubic/espcn_x4_1xb16-20k_clip'])
def test_an_unknown_name_lists_similar_names(elsewhere, name):
    with pytest.raises(FileNotFoundError) as raised:
        config_path(name)
    assert name in str(raised.value) and ('latent_attn_vid4' in str(raised.value) or ESPCN[6:] in str(raised.value))


@pytest.mark.parametrize('name', ['', 'default_runtime', '.', 'no_such_thing_at_all_0'])
def test_nothing_is_found_under_other_names(elsewhere, name):
    with pytest.raises(FileNotFoundError):
        config_path(name)


def test_an_ambiguous_name_raises(two_folders):
    with pytest.raises(ValueError, match='a/x, b/x'):
        config_path('x')
    assert config_path('b/x') == str(two_folders / 'b' / 'x.py')
    assert config_path('y') == str(two_folders / 'b' / 'y.py')


def test_no_configs_at_all_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(config_paths, 'PACKAGE', tmp_path / 'package')
    with pytest.raises(FileNotFoundError, match='package'):
        config_path('x')


@pytest.mark.parametrize('pattern', ['configs/espcn/*.py', 'espcn/*', 'espcn_*', 'configs/espcn/espcn_x*'])
def test_patterns_that_the_shell_does_not_expand(elsewhere, pattern):
    assert find_configs(pattern) == sorted(CONFIGS.glob('espcn/*.py'))
    with pytest.raises(FileNotFoundError):
        find_configs(f'{pattern}_nothing')


def test_a_file_that_exists_comes_first(elsewhere):
    own = elsewhere / 'latent_attn_vid4.py'
    own.write_text('model = dict()\n')
    assert find_config('latent_attn_vid4.py').resolve() == own.resolve()
    assert find_config('latent_attn_vid4') == CONFIGS / 'latent_attn_vid4.py'
    assert find_configs(own) == [own]


def test_every_config_is_found_by_its_name_only(elsewhere):
    paths = [path for path in CONFIGS.rglob('*.py') if '_base_' not in path.parts]
    assert all(config_path(path.stem) == str(path) for path in paths)


def test_a_config_inherits_by_the_function(elsewhere):
    (elsewhere / 'own.py').write_text(f"_base_ = __import__('vsr_plugins').config_path('{ESPCN}')\nmine = 1\n")
    assert read_config('own.py').model == read_config(ESPCN).model


def test_a_config_is_named_by_a_string():
    with pytest.raises(TypeError, match='None'):
        config_path(None)
