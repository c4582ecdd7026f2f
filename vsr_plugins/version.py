"""Version and requirements of this package, the single list for installation, import and ``vsr doctor``.

``setup.py`` runs this file by its path, before anything is installed: import only the standard library at the top.
"""

from importlib.metadata import PackageNotFoundError, version

__version__ = '0.1.0'

# Packages without which this package cannot be imported.
ESSENTIAL = [
    # The oldest version under which the tests pass, see .ci/torch-versions.
    'torch>=2.6',
    'torchvision>=0.21',
    'mmagic==1.2.0',
    'mmengine>=0.10.5,<0.11',
    # 1.26 is tested with the oldest torch, the newest 2 with the others.
    'numpy>=1.23,<3',
]
# mmcv and mmcv-lite are the same modules, with and without compiled operators; one of them is essential.
MMCV = 'mmcv>=2.0.1,<2.2'
MMCV_LITE = 'mmcv-lite==2.1.0'
# The same version, so that shared files are equal if both are installed.
MMCV_FULL = 'mmcv==2.1.0'
REQUIREMENTS = [
    *ESSENTIAL,
    # 0.3.9 requires opendatalab, which requires a setuptools that torch rejects.
    'openmim==0.3.8',
    # mmagic 1.2.0 imports modules that later releases of these four moved or removed.
    'diffusers==0.28.2',
    'huggingface_hub<0.26',
    'transformers>=4.36,<4.46',
    'albumentations<1.4',
    # mim and mmengine need pkg_resources, which 81 removed.
    'setuptools<81',
    # Later versions are built for numpy 2.
    'opencv-python<4.12',
    'opencv-contrib-python<4.12',
    'opencv-python-headless<4.12',
    # 17.1 is the first with all that is used here; 19 lacks `metadata_errors`, needed to read texts that are not UTF-8.
    'av>=17.1,<19',
    'einops',
    'filelock',
    'imageio',
    'lazy_loader>=0.3',
    'matplotlib',
    'packaging>=20',
    'rich',
    'safetensors',
    'scikit-image>=0.22',
    'tensorboard',
]


def installed_version(distribution: str) -> str | None:
    """The installed version of ``distribution``, or None."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def fault_of(requirement: str) -> str | None:
    """Describe why an installed version does not meet a requirement; None if it does.

    Args:
        requirement: As in ``REQUIREMENTS``; ``MMCV`` is met by mmcv-lite too.

    Returns:
        ``'numpy<2 is needed, but 2.1.0 is installed'`` and similar.
    """
    from packaging.requirements import Requirement

    parsed = Requirement(requirement)
    found = installed_version(parsed.name) or (installed_version('mmcv-lite') if requirement == MMCV else None)
    if found is None:
        return f'{requirement} is needed, but not installed'
    # A local build such as 2.15.0+cpu counts as its release.
    if not parsed.specifier.contains(found.split('+')[0], prereleases=True):
        return f'{requirement} is needed, but {found} is installed'
    return None


def check_essential() -> None:
    """Raise if installed versions of upstream are incompatible.

    Raises:
        ImportError: If an essential package is missing or outside its range; the message lists all of them.
    """
    faults = [fault for requirement in [*ESSENTIAL, MMCV] if (fault := fault_of(requirement))]
    if faults:
        raise ImportError(
            'vsr_plugins is incompatible with the installed packages:\n  '
            + '\n  '.join(faults)
            + '\nTo install compatible versions, run `pip install -e .` in the folder of the project.'
        )
