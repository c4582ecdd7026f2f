"""The version of this package, and the upstream versions it was tested with."""

from importlib.metadata import PackageNotFoundError, version

__version__ = '0.1.0'

# Distribution -> (first version that fits, first version that does not).
UPSTREAM_RANGES = {
    'mmagic': ('1.2.0', '1.3'),
    'mmengine': ('0.10.3', '1.0'),
    'numpy': ('1.23', '2.0'),
    'torch': ('2.1', None),
}
MMCV_DISTRIBUTIONS = ('mmcv', 'mmcv-lite')
MMCV_RANGE = ('2.0.1', '2.2')


def installed_version(*distributions: str) -> str | None:
    """The version of the first of ``distributions`` that is installed, or None."""
    for distribution in distributions:
        try:
            return version(distribution)
        except PackageNotFoundError:
            continue
    return None


def in_range(found: str, lowest: str, below: str | None) -> bool:
    """Whether version ``found`` is at least ``lowest`` and under ``below`` (None: no upper end)."""
    from packaging.version import Version

    return Version(lowest) <= Version(found) and (below is None or Version(found) < Version(below))


def check_upstream() -> None:
    """Refuse upstream versions this package cannot work with.

    Raises:
        ImportError: If an upstream package is missing or outside its range; the message names every one of them.
    """
    needed = {(name,): limits for name, limits in UPSTREAM_RANGES.items()} | {MMCV_DISTRIBUTIONS: MMCV_RANGE}
    faults = []
    for names, (lowest, below) in needed.items():
        found = installed_version(*names)
        wanted = f'{" or ".join(names)}>={lowest}' + (f',<{below}' if below else '')
        if found is None:
            faults.append(f'{wanted} is not installed')
        elif not in_range(found, lowest, below):
            faults.append(f'{wanted} is needed, but {found} is installed')
    if faults:
        raise ImportError(
            'vsr_plugins: ' + '; '.join(faults) + '. `pip install -e .` in the project installs a set that fits.'
        )
