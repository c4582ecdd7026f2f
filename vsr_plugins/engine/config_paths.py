"""Find the configs of this package by name.

Configs are installed with the package, in ``vsr_plugins/.mim/configs`` where OpenMMLab's tools search, and are in
``configs`` of a clone. This module imports only the standard library.
"""

from difflib import get_close_matches
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
WILDCARDS = frozenset('*?[')


def config_root() -> Path:
    """Return the folder of the configs of this package.

    Raises:
        FileNotFoundError: If the package was installed without them.
    """
    for folder in (PACKAGE / '.mim' / 'configs', PACKAGE.parent / 'configs'):
        if (folder / '_base_').is_dir():
            # In an editable install the first folder is a link to the second.
            return folder.resolve()
    raise FileNotFoundError(f'no configs in {PACKAGE / ".mim"} or {PACKAGE.parent}; install the package again')


def config_path(name: str) -> str:
    """Return the absolute path of a config of this package.

    A user's config inherits from it without knowing where the package is::

        _base_ = __import__('vsr_plugins').config_path('latent_attn_vid4')

    Args:
        name: Name of the file, such as ``latent_attn_vid4`` or ``espcn/espcn_x4_1xb16-20k_clips.py``; its folder,
            ``configs/`` in front and ``.py`` at the end are optional.

    Raises:
        FileNotFoundError: If the config does not exist; the message lists similar names.
        TypeError: If the name is not a string.
        ValueError: If several folders contain a config of that name.
    """
    paths = find_configs(name)
    if len(paths) > 1:
        raise ValueError(f'several configs are named {name!r}; add the folder: {", ".join(map(short_name, paths))}')
    return str(paths[0])


def find_configs(pattern: str) -> list[Path]:
    """Return the configs of this package that have a name, or match a pattern such as ``espcn/*20k*``.

    Args:
        pattern: A name as for ``config_path``, or a shell pattern. Without a folder it is searched in every folder but
            ``_base_``.

    Returns:
        Absolute paths, at least one, in alphabetical order.

    Raises:
        FileNotFoundError: If no config matches; the message lists similar names.
        TypeError: If the pattern is not a string.
    """
    if not isinstance(pattern, str):
        raise TypeError(f"a config is named by a string, such as 'latent_attn_vid4', but got {pattern!r}")
    root = config_root()
    name = pattern.replace('\\', '/').removeprefix('./').removeprefix('configs/').removesuffix('.py')
    if WILDCARDS.intersection(name):
        paths = sorted(root.glob(f'{name}.py')) if '/' in name else _named(f'{name}.py')
    else:
        path = root / f'{name}.py'
        paths = [path] if path.is_file() else _named(f'{name}.py') if name and '/' not in name else []
    if not paths:
        raise FileNotFoundError(f'the package has no config {pattern!r}{_suggestion(name)}')
    return paths


def short_name(path: Path) -> str:
    """Return the name of a config of this package with its folder, such as ``espcn/espcn_x4_1xb16-20k_clips``."""
    return path.relative_to(config_root()).with_suffix('').as_posix()


def _named(file: str) -> list[Path]:
    root = config_root()
    return sorted(path for path in root.rglob(file) if '_base_' not in path.relative_to(root).parts)


def _suggestion(name: str) -> str:
    stems = [path.stem for path in _named('*.py')]
    close = get_close_matches(name.rpartition('/')[2], stems, n=3, cutoff=0.5)
    return f'; similar: {", ".join(close)}' if close else ''
