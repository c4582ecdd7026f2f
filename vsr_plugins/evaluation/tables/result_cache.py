"""Cache of results on disk: written atomically, and looked up by the inputs of the measurement."""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ...media.atomic_files import atomic_write
from ..protocols import Protocol
from ..scores import Scores


class ResultCache:
    """A folder of JSON files, one per result.

    Args:
        folder: Folder of the cache; created when the first result is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, name: str, ingredients: Any) -> Any | None:
        """Return the result stored for this name and these ingredients; None if it does not exist or is damaged."""
        try:
            content = json.loads(self._path(name, ingredients).read_text(encoding='utf-8'))
        except (OSError, ValueError):
            return None
        return content.get('result') if isinstance(content, dict) else None

    def put(self, name: str, ingredients: Any, result: Any) -> None:
        """Store a result atomically; a killed process leaves the previous file or the new one."""
        path = self._path(name, ingredients)
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as partial:
            partial.write_text(json.dumps({'ingredients': ingredients, 'result': result}, indent=1), encoding='utf-8')

    def _path(self, name: str, ingredients: Any) -> Path:
        digest = hashlib.sha256(json.dumps(ingredients, sort_keys=True).encode()).hexdigest()[:16]
        return self.folder / f'{name.replace("/", "_")}_{digest}.json'


def digest_files(paths: Iterable[str]) -> str:
    """SHA-256 of names and sizes of files, in this order: it changes if frames are added, removed or resized."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f'{path} {os.stat(path).st_size}\n'.encode())
    return digest.hexdigest()


def scores_to_dict(scores: Scores) -> dict[str, Any]:
    """Convert scores to JSON types; ``scores_from_dict`` is the inverse."""
    return {name: vars(value) if isinstance(value, Protocol) else value for name, value in vars(scores).items()}


def scores_from_dict(content: dict[str, Any]) -> Scores:
    """Restore scores from ``scores_to_dict``."""
    return Scores(**{**content, 'protocol': Protocol(**content['protocol'])})
