"""Packaging of ``vsr_plugins``: what cannot be written in ``pyproject.toml``.

* ``mmcv`` and ``mmcv-lite`` install into the same folder. ``mmcv-lite`` (wheels only, no compiler) is the default;
  where a full ``mmcv`` is already installed it is kept and ``mmcv-lite`` is not asked for.
* ``mmcv-lite`` has no ``mmcv._ext``, which ``mmagic`` imports. A ``.pth`` file makes the stand-in of
  ``vsr_plugins/compat/mmcv_ext.py`` findable under that name in every process, so that ``import mmagic.apis`` works
  without importing the plugin first. The stand-in is the last in the line of finders: compiled operators win.
"""

import os
import sys
import sysconfig
from importlib.metadata import distributions
from runpy import run_path

from setuptools import Distribution, find_packages, setup

ABOUT = run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'vsr_plugins', 'version.py'))
EXPORT = ['onnx>=1.17', 'onnxruntime>=1.19', 'onnxscript>=0.5']
DEV = ['pytest>=8', 'pytest-xdist', 'ruff==0.14.5', 'torchmetrics>=1.2', *EXPORT]


def mmcv_requirement() -> str:
    """The mmcv to ask for: the full one where it is already in this environment."""
    # A build runs isolated from the environment it installs into, but under the same interpreter, so the paths of
    # that environment are still known.
    paths = [sysconfig.get_path('purelib'), sysconfig.get_path('platlib')]
    installed = {(dist.metadata['Name'] or '').lower() for dist in distributions(path=paths)}
    return ABOUT['MMCV'] if 'mmcv' in installed else ABOUT['MMCV_LITE']


def site_packages() -> str:
    """Where ``.pth`` files are read, relative to the prefix of this environment."""
    return os.path.relpath(sysconfig.get_path('purelib'), sys.prefix)


class PluginDistribution(Distribution):
    """Installs ``data_files`` in editable mode too."""

    def has_data(self) -> bool:
        """Asked by setuptools' ``editable_wheel`` under this name; upstream calls it ``has_data_files``."""
        return self.has_data_files()


setup(
    distclass=PluginDistribution,
    version=ABOUT['__version__'],
    packages=find_packages(include=['vsr_plugins', 'vsr_plugins.*']),
    package_data={'vsr_plugins': ['weights/*']},
    install_requires=[*ABOUT['REQUIREMENTS'], mmcv_requirement()],
    extras_require={'dev': DEV, 'export': EXPORT},
    py_modules=['vsr_plugins_startup', 'vsr_plugins_command'],
    data_files=[(site_packages(), ['vsr_plugins_startup.pth'])],
)
