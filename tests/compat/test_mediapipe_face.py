"""MMagic is imported whichever mediapipe is installed."""

import subprocess
import sys

import pytest

import vsr_plugins_startup as finder

NAME = 'controlnet_aux.mediapipe_face'


@pytest.fixture
def mediapipe(tmp_path, monkeypatch):
    """A folder with an empty package called mediapipe, the first on the path."""
    (tmp_path / 'mediapipe').mkdir()
    (tmp_path / 'mediapipe' / '__init__.py').write_text('')
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, 'mediapipe', raising=False)
    return tmp_path


def test_only_where_mediapipe_lacks_what_it_uses(mediapipe):
    found = finder.MediapipeFaceFinder.find_spec
    assert found(NAME).origin == str(finder.MEDIAPIPE_FACE)
    assert found('controlnet_aux') is None and found('controlnet_aux.hed') is None
    (mediapipe / 'mediapipe' / 'python' / 'solutions').mkdir(parents=True)
    assert found(NAME) is None


def test_without_mediapipe_the_module_says_so_itself(monkeypatch):
    monkeypatch.setattr(finder, 'find_spec', lambda name: None)
    assert finder.MediapipeFaceFinder.find_spec(NAME) is None


def test_mmagic_is_imported_with_a_mediapipe_of_today(mediapipe):
    code = (
        f'import sys; sys.path.insert(0, {str(mediapipe)!r})\n'
        'import mmagic.apis, controlnet_aux\n'
        'print(hasattr(mmagic.apis, "MMagicInferencer"), controlnet_aux.HEDdetector.__name__)\n'
        'try:\n'
        '    controlnet_aux.MediapipeFaceDetector()\n'
        'except ImportError as error:\n'
        '    print(error)\n'
    )
    done = subprocess.run([sys.executable, '-W', 'ignore', '-c', code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    imported, refused = done.stdout.splitlines()[-2:]
    assert imported == 'True HEDdetector' and 'mediapipe<0.10.22' in refused
