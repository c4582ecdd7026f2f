"""Find, read and compare config files."""

import inspect
import logging
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.logging import MMLogger

from . import config_paths

NAMES = frozenset({'experiment_name', 'work_dir'})


def find_config(config: str | Path) -> Path:
    """Return the file of a config: an existing path, or the config of this package with this name.

    Raises:
        FileNotFoundError: If neither exists.
        ValueError: If several configs of this package have this name.
    """
    if Path(config).is_file():
        return Path(config)
    try:
        return Path(config_paths.config_path(str(config)))
    except FileNotFoundError as error:
        raise FileNotFoundError(f'no config at {Path(config).resolve()}, and {error}') from None


def find_configs(pattern: str | Path) -> list[Path]:
    """As ``find_config``, or the configs of this package that match a pattern unexpanded by the shell."""
    if Path(pattern).is_file() or not config_paths.WILDCARDS.intersection(str(pattern)):
        return [find_config(pattern)]
    return config_paths.find_configs(str(pattern))


def read_config(config: str | Path) -> Config:
    """Read a config as ``Config.fromfile``, without a log line for every environment variable in every base.

    Args:
        config: As for ``find_config``.

    Raises:
        FileNotFoundError: If the config does not exist.
        ValueError: If the config cannot be read.
    """
    path = find_config(config)
    logger = MMLogger.get_current_instance()
    logger.addFilter(_is_relevant)
    try:
        return Config.fromfile(path)
    except Exception as error:  # a config is Python: it may raise anything
        raise ValueError(f'cannot read the config {path}: {first_line(error)}') from error
    finally:
        logger.removeFilter(_is_relevant)


def merge_options(config: Config, options: Mapping[str, object]) -> None:
    """Change a config by options as ``--cfg-options`` takes them, such as ``{'train_cfg.max_iters': 10}``.

    Args:
        config: The config; changed in place.
        options: Values by their place in the config.

    Raises:
        ValueError: If an option begins with a name that neither the config nor mmengine's ``Runner`` has.
    """
    for option in options:
        name = option.partition('.')[0]
        if name not in config and name not in (known := {*config, *_runner_settings()}):
            similar = get_close_matches(name, known, 3)
            hint = f'; similar: {", ".join(similar)}' if similar else ''
            raise ValueError(f'the option {option!r} sets nothing: no config has a {name!r}{hint}')
    config.merge_from_dict(dict(options))


def _runner_settings() -> Iterable[str]:
    # Imported here: it loads torch.
    from mmengine.runner import Runner

    return inspect.signature(Runner.__init__).parameters


def first_line(error: BaseException) -> str:
    """First line of an error's message, or its type if the message is empty."""
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__


def to_builtins(node: Any, without: frozenset[str] = frozenset()) -> Any:
    """Convert a config to dictionaries, lists and the scalars of JSON; other values become their ``repr``.

    Args:
        node: Value to convert.
        without: Keys to omit at every level.
    """
    if isinstance(node, Mapping):
        return {str(key): to_builtins(value, without) for key, value in node.items() if key not in without}
    if isinstance(node, list | tuple):
        return [to_builtins(value, without) for value in node]
    return node if isinstance(node, str | int | float | bool | None) else repr(node)


def alias_chain(config: Path) -> list[Path]:
    """Return a config, its base if the config only renames it, the base of that, and so on.

    Trainings and weights may have any of these names.
    """
    configs = [config]
    while (base := _base(configs[-1])) is not None and _content(base) == _content(config):
        configs.append(base)
    return configs


def _base(config: Path) -> Path | None:
    """The single base file of a config, if it is not upstream's; else None."""
    bases = Config._get_base_files(str(config))
    if len(bases) != 1:
        return None
    path, scope = Config._get_cfg_path(bases[0], str(config))
    return Path(path) if scope is None and Path(path).is_file() else None


def package_bases(config: Path) -> list[Path]:
    """Return the configs of this package that a config inherits from at any depth, the nearest first."""
    root, found, pending = config_paths.config_root(), [], [Path(config)]
    while pending:
        here = pending.pop(0)
        bases = (Config._get_cfg_path(base, str(here)) for base in Config._get_base_files(str(here)))
        paths = [Path(path).resolve() for path, scope in bases if scope is None and Path(path).is_file()]
        found += [path for path in paths if path.is_relative_to(root) and '_base_' not in path.parts]
        pending += paths
    return list(dict.fromkeys(found))


def _content(config: Path) -> dict:
    return to_builtins({key: value for key, value in read_config(config).items() if key not in NAMES})


def _is_relevant(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith('Using env variable')
