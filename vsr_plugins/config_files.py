"""Reading config files."""

import ast
import logging
from pathlib import Path

from mmengine.config import Config
from mmengine.logging import MMLogger

from .evaluation.result_store import plain

NAMES = frozenset({'experiment_name', 'work_dir'})


def read_config(path: str | Path) -> Config:
    """Mmengine's ``Config.fromfile`` without a line for every environment variable in every base of the config.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no config that can be read.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f'no config at {Path(path).resolve()}')
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


def renamed(config: Path) -> list[Path]:
    """A config, and the one that it does no more than give another name, if it does, and so on.

    Trainings and weights may have any's name.
    """
    configs = [config]
    while (base := _base(configs[-1])) is not None and _content(base) == _content(config):
        configs.append(base)
    return configs


def _base(config: Path) -> Path | None:
    """The file that a config inherits from, if it is one."""
    for statement in ast.parse(config.read_text(encoding='utf-8')).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == '_base_':
            try:
                base = ast.literal_eval(statement.value)
            except ValueError:
                return None
            base = [base] if isinstance(base, str) else base
            path = config.parent / base[0] if len(base) == 1 else None
            return path if path is not None and path.is_file() else None
    return None


def _content(config: Path) -> dict:
    return plain({key: value for key, value in read_config(config).items() if key not in NAMES})


def _tells(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith('Using env variable')
