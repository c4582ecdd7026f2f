"""Configs that give another one a name of their own and change nothing else."""

import ast
from pathlib import Path

from mmengine.config import Config

from .evaluation.result_store import plain

NAMES = frozenset({'experiment_name', 'work_dir'})


def renamed(config: Path) -> list[Path]:
    """A config, and the one that it only renames, if it does, and so on; trainings and weights may have any's name."""
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
    return plain({key: value for key, value in Config.fromfile(config).items() if key not in NAMES})
