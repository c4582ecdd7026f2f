"""Reading config files."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.logging import MMLogger

from . import config_paths

NAMES = frozenset({'experiment_name', 'work_dir'})


def find_config(config: str | Path) -> Path:
    """The file of a config: one that exists, or the config of this package that has this name.

    Raises:
        FileNotFoundError: If there is neither.
        ValueError: If several configs of this package have this name.
    """
    if Path(config).is_file():
        return Path(config)
    try:
        return Path(config_paths.config_path(str(config)))
    except FileNotFoundError as error:
        raise FileNotFoundError(f'no config at {Path(config).resolve()}, and {error}') from None


def find_configs(pattern: str | Path) -> list[Path]:
    """As ``find_config``, or the configs of this package that fit a pattern which the shell found no files for."""
    if Path(pattern).is_file() or not config_paths.WILDCARDS.intersection(str(pattern)):
        return [find_config(pattern)]
    return config_paths.find_configs(str(pattern))


def read_config(config: str | Path) -> Config:
    """Mmengine's ``Config.fromfile`` without a line for every environment variable in every base of the config.

    Args:
        config: As ``find_config`` takes it.

    Raises:
        FileNotFoundError: If there is no such config.
        ValueError: If it is no config that can be read.
    """
    path = find_config(config)
    logger = MMLogger.get_current_instance()
    logger.addFilter(_tells)
    try:
        return Config.fromfile(path)
    except Exception as error:  # a config is a program: it may raise anything
        raise ValueError(f'{path} is no config that can be read: {first_line(error)}') from error
    finally:
        logger.removeFilter(_tells)


def first_line(error: BaseException) -> str:
    """The first line of what an error says, or what kind it is."""
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__


def to_builtins(node: Any, without: frozenset[str] = frozenset()) -> Any:
    """Convert a config to dictionaries, lists and the scalars of JSON; other values become their ``repr``.

    Args:
        node: What to convert.
        without: Keys to leave out wherever they are.
    """
    if isinstance(node, Mapping):
        return {str(key): to_builtins(value, without) for key, value in node.items() if key not in without}
    if isinstance(node, list | tuple):
        return [to_builtins(value, without) for value in node]
    return node if isinstance(node, str | int | float | bool | None) else repr(node)


def alias_chain(config: Path) -> list[Path]:
    """A config, and the one that it does no more than give another name, if it does, and so on.

    Trainings and weights may have any's name.
    """
    configs = [config]
    while (base := _base(configs[-1])) is not None and _content(base) == _content(config):
        configs.append(base)
    return configs


def _base(config: Path) -> Path | None:
    """The file that a config inherits from, if it is one and not upstream's."""
    bases = Config._get_base_files(str(config))
    if len(bases) != 1:
        return None
    path, scope = Config._get_cfg_path(bases[0], str(config))
    return Path(path) if scope is None and Path(path).is_file() else None


def _content(config: Path) -> dict:
    return to_builtins({key: value for key, value in read_config(config).items() if key not in NAMES})


def _tells(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith('Using env variable')
