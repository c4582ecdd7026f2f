import sys
from importlib import import_module

import pytest

from vsr_plugins.apis import upscaling
from vsr_plugins.inference.job.options import JobOptions, ModelOptions, OutputOptions, SourceOptions
from vsr_plugins.moved import MOVED, MOVED_NAMES


@pytest.mark.parametrize('old', sorted(MOVED))
def test_a_module_is_found_under_its_old_name(old, monkeypatch):
    place, names = MOVED[old]
    monkeypatch.delitem(sys.modules, f'vsr_plugins.{old}', raising=False)
    with pytest.warns(DeprecationWarning, match=place.replace('.', r'\.')):
        module = import_module(f'vsr_plugins.{old}')
    present = import_module(f'vsr_plugins.{place}')
    public = [name for name in vars(present) if not name.startswith('_')]
    assert all(getattr(module, name) is getattr(present, name) for name in public)
    for before, now in names.items():
        other, _, name = now.rpartition(':')
        assert getattr(module, before) is getattr(import_module(f'vsr_plugins.{other or place}'), name)
    with pytest.raises(AttributeError, match='nothing_of_the_kind'):
        module.nothing_of_the_kind  # noqa: B018


@pytest.mark.parametrize('package', sorted(MOVED_NAMES))
def test_a_package_has_its_old_names(package):
    module = import_module(f'vsr_plugins.{package}')
    for name, place in MOVED_NAMES[package].items():
        present, _, now = place.partition(':')
        with pytest.warns(DeprecationWarning, match=name):
            assert getattr(module, name) is getattr(import_module(f'vsr_plugins.{present}'), now or name)
    with pytest.raises(AttributeError, match='nothing_of_the_kind'):
        module.nothing_of_the_kind  # noqa: B018


def test_modules_that_never_were_are_not_found():
    with pytest.raises(ModuleNotFoundError, match='vsr_plugins.nothing'):
        import_module('vsr_plugins.nothing')
    with pytest.raises(ModuleNotFoundError):
        import_module('stages')


def test_upscale_takes_the_keywords_of_its_old_place(tmp_path, monkeypatch):
    seen = {}
    monkeypatch.setattr(upscaling, 'upscale', lambda source, target, **options: seen.update(options))
    with pytest.warns(DeprecationWarning):
        from vsr_plugins.inference import upscale
    upscale('in.mp4', 'out.mp4', model='espcn', tile=64, crf=2, start=1.5, resume=True, on_progress=print)
    assert seen == dict(
        model=ModelOptions('espcn', tile=64),
        part=SourceOptions(start=1.5),
        output=OutputOptions(crf=2),
        job=JobOptions(resume=True),
        on_progress=print,
    )
    monkeypatch.undo()
    with pytest.raises(TypeError, match='colour'):
        upscale('in.mp4', 'out.mp4', colour='red')
