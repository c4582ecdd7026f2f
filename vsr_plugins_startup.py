"""Import hooks that MMagic needs before this package is imported.

``vsr_plugins_startup.pth`` imports this module at the start of every interpreter, so it imports next to nothing.

* ``MMCVExtFinder`` makes ``vsr_plugins/compat/mmcv_ext.py`` importable as ``mmcv._ext`` where mmcv has no compiled
  operators. It is the last finder: it is asked only when nobody else has the module, so compiled operators win.
* ``MediapipeFaceFinder`` does the same for a module of ``controlnet_aux`` that fails with today's mediapipe.
* ``when_imported`` calls a function as soon as a module has been imported, by whomever. This package registers its
  modules and applies its patches that way, without importing MMagic itself. Two patches are needed before anything
  imports this package and are applied from here: inheritance of its configs, and names that NumPy 2 lacks.
"""

import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

COMPAT = Path(__file__).parent / 'vsr_plugins' / 'compat'
STAND_IN = COMPAT / 'mmcv_ext.py'
MEDIAPIPE_FACE = COMPAT / 'mediapipe_face.py'
# Module of upstream -> the file of that folder and the function in it that mends it.
MENDS = {
    'mmengine.config.utils': ('config_inheritance', 'add_to_packages'),
    'mmengine.config.config': ('config_inheritance', 'find_bases'),
    'mmengine.utils.package_utils': ('config_inheritance', 'find_package'),
    'mim.utils.utils': ('config_inheritance', 'find_package'),
    'mmagic': ('numpy_names', 'give_old_names'),
}

Callback = Callable[[ModuleType], None]
_waiting: dict[str, list[Callback]] = {}


class MMCVExtFinder:
    """Answers for one name, ``mmcv._ext``, and for no other."""

    @staticmethod
    def find_spec(fullname: str, path: Any = None, target: Any = None) -> 'ModuleSpec | None':
        """Return the spec of the stand-in for ``mmcv._ext``, None for every other module."""
        if fullname != 'mmcv._ext' or not STAND_IN.is_file():
            return None
        return spec_from_file_location(fullname, STAND_IN)


class MediapipeFaceFinder:
    """Answers for one name, ``controlnet_aux.mediapipe_face``, where mediapipe has no longer what that module uses."""

    @staticmethod
    def find_spec(fullname: str, path: Any = None, target: Any = None) -> 'ModuleSpec | None':
        """Return the spec of the stand-in, None for every other module and where the module works."""
        if fullname != 'controlnet_aux.mediapipe_face' or not MEDIAPIPE_FACE.is_file():
            return None
        mediapipe = find_spec('mediapipe')
        folders = [] if mediapipe is None else mediapipe.submodule_search_locations or []
        if mediapipe is None or any(Path(folder, 'python', 'solutions').is_dir() for folder in folders):
            return None
        return spec_from_file_location(fullname, MEDIAPIPE_FACE)


class PostImportFinder:
    """Lets the other finders find a module, and runs the callbacks that wait for it after it has been executed."""

    @classmethod
    def find_spec(cls, fullname: str, path: Any = None, target: Any = None) -> 'ModuleSpec | None':
        """Return the spec of the other finders if callbacks wait for this module, None otherwise."""
        if fullname not in _waiting:
            return None
        for finder in sys.meta_path:
            if finder is not cls and hasattr(finder, 'find_spec'):
                spec = finder.find_spec(fullname, path, target)
                if spec is not None:
                    cls._run_callbacks_after(spec)
                    return spec
        return None

    @staticmethod
    def _run_callbacks_after(spec: ModuleSpec) -> None:
        execute = getattr(spec.loader, 'exec_module', None)
        if execute is None:
            return

        def exec_module(module: ModuleType) -> None:
            execute(module)
            for callback in _waiting.pop(spec.name, ()):
                callback(module)

        # On the instance: mmengine looks at the type of loaders.
        spec.loader.exec_module = exec_module


def when_imported(name: str, callback: Callback) -> None:
    """Call ``callback`` with the module ``name``: now if it has been imported, otherwise right after its import.

    Args:
        name: Full name of the module.
        callback: Called once. What it raises is raised by the import.
    """
    if name in sys.modules:
        callback(sys.modules[name])
        return
    if PostImportFinder not in sys.meta_path:
        sys.meta_path.insert(0, PostImportFinder)
    _waiting.setdefault(name, []).append(callback)


def mend(module: ModuleType) -> None:
    """Apply a file of ``compat`` to a module of upstream, without importing the package that it is in."""
    name, function = MENDS[module.__name__]
    spec = spec_from_file_location(f'vsr_plugins_{name}', COMPAT / f'{name}.py')
    mends = module_from_spec(spec)
    spec.loader.exec_module(mends)
    getattr(mends, function)(module)


def install() -> None:
    """Append the finder of ``mmcv._ext`` to ``sys.meta_path`` and wait for the modules to mend, once."""
    if MMCVExtFinder not in sys.meta_path:
        sys.meta_path.append(MMCVExtFinder)
        sys.meta_path.insert(0, MediapipeFaceFinder)
        for name in MENDS if COMPAT.is_dir() else ():
            when_imported(name, mend)


install()
