"""Packaging of ``vsr_plugins``.

Two things here cannot be written in ``pyproject.toml``:

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

from setuptools import Distribution, find_packages, setup

REQUIREMENTS = [
    'torch>=2.1',
    'torchvision>=0.16',
    'mmagic==1.2.0',
    'mmengine==0.10.7',
    # 0.3.9 asks for opendatalab, and through it for a setuptools that torch refuses.
    'openmim==0.3.8',
    # mmagic 1.2.0 imports modules that later releases of these moved or removed.
    'diffusers==0.28.2',
    'huggingface_hub<0.26',
    'transformers<4.46',
    'albumentations<1.4',
    'mediapipe<0.10.22',
    'numpy<2',
    # pkg_resources, which mim and mmengine need, is gone from 81 on.
    'setuptools<81',
    'opencv-python<4.12',
    'opencv-contrib-python<4.12',
    'opencv-python-headless<4.12',
    'av>=12',
    'einops',
    'imageio',
    'matplotlib',
    'rich',
    'safetensors',
    'scikit-image>=0.22',
    'tensorboard',
]
DEV = ['pytest>=8', 'pytest-xdist', 'ruff==0.14.5', 'torchmetrics>=1.2']


def mmcv_requirement() -> list:
    """The mmcv to ask for: none where a full one is already in this environment."""
    # A build runs isolated from the environment it installs into, but under the same interpreter, so the paths of
    # that environment are still known.
    paths = [sysconfig.get_path('purelib'), sysconfig.get_path('platlib')]
    installed = {(dist.metadata['Name'] or '').lower() for dist in distributions(path=paths)}
    return ['mmcv>=2.0.1,<2.2'] if 'mmcv' in installed else ['mmcv-lite==2.1.0']


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
    packages=find_packages(include=['vsr_plugins', 'vsr_plugins.*']),
    install_requires=REQUIREMENTS + mmcv_requirement(),
    extras_require={'dev': DEV},
    py_modules=['vsr_plugins_mmcv_finder'],
    data_files=[(site_packages(), ['vsr_plugins_mmcv_finder.pth'])],
)
