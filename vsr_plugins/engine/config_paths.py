"""Where the configs of this package are, by their names.

Configs are installed with the package, in ``vsr_plugins/.mim/configs`` where the tools of OpenMMLab look, and
lie in ``configs`` of a clone. This module imports nothing but the standard library.
"""

from difflib import get_close_matches
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
WILDCARDS = frozenset('*?[')


def config_root() -> Path:
    """The folder of the configs of this package.

    Raises:
        FileNotFoundError: If the package was installed without them.
    """
    for folder in (PACKAGE / '.mim' / 'configs', PACKAGE.parent / 'configs'):
        if (folder / '_base_').is_dir():
            # In an editable install the first is a link to the second.
            return folder.resolve()
    raise FileNotFoundError(f'there are no configs beside {PACKAGE}; install the package again')


def config_path(name: str) -> str:
    """The absolute path of a config of this package.

    A config of one's own inherits it without knowing where the package is::

        _base_ = __import__('vsr_plugins').config_path('latent_attn_vid4')

    Args:
        name: ``latent_attn_vid4``, ``espcn/espcn_x4_1xb16-20k_clips.py``: the name of its file, with or without its
            folder, ``configs/`` in front and ``.py`` at the end.

    Raises:
        FileNotFoundError: If there is no such config; the message has names that are close.
        ValueError: If several folders have one of that name.
    """
    paths = find_configs(name)
    if len(paths) > 1:
        raise ValueError(f'{name!r} is the name of several configs: {", ".join(map(short_name, paths))}')
    return str(paths[0])


def find_configs(pattern: str) -> list[Path]:
    """The configs of this package that have a name, or fit a pattern such as ``espcn/*20k*``.

    Args:
        pattern: As the name for ``config_path``, or a pattern in the language of the shell. Without a folder it is
            looked for in every folder but ``_base_``.

    Returns:
        Absolute paths, at least one, in alphabetical order.

    Raises:
        FileNotFoundError: If there is none; the message has names that are close.
    """
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
    """The name of a config of this package with its folder, such as ``espcn/espcn_x4_1xb16-20k_clips``."""
    return path.relative_to(config_root()).with_suffix('').as_posix()


def _named(file: str) -> list[Path]:
    root = config_root()
    return sorted(path for path in root.rglob(file) if '_base_' not in path.relative_to(root).parts)


def _suggestion(name: str) -> str:
    stems = [path.stem for path in _named('*.py')]
    close = get_close_matches(name.rpartition('/')[2], stems, n=3, cutoff=0.5)
    return f'; similar: {", ".join(close)}' if close else ''
