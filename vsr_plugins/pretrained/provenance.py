"""Provenance of weights, stored in the metadata of their file."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .names import checkpoint_file

# A single key: the metadata of safetensors are unordered, and equal weights must give equal files.
KEY = 'provenance'


@dataclass(frozen=True)
class Provenance:
    """Training and measured quality of weights.

    Attributes:
        config: Stem of the config.
        iterations: Length of the training.
        starts_from: Configs whose weights the training started from.
        data: Training data.
        held_out: On the held-out clips: ``'PSNR'``, ``'protocol'``, and the ``'iteration'`` selected by it.
        vid4: ``'PSNR'``, ``'SSIM'``, ``'protocol'`` and ``'degradation'`` on Vid4; {} if not measured.
        licence: Licence of the weights.
        version: Version of the package that trained them.
        commit: Commit of the code that trained them, or if not recorded the commit that added them to the
            repository; '' if neither is known.
    """

    config: str
    iterations: int
    starts_from: tuple[str, ...]
    data: str
    held_out: Mapping[str, Any]
    vid4: Mapping[str, Any]
    licence: str
    version: str
    commit: str = ''


def to_metadata(provenance: Provenance) -> dict[str, str]:
    """Convert to ``meta`` of ``write_weights``."""
    return {KEY: json.dumps(asdict(provenance), sort_keys=True)}


def read_provenance(weights: str | Path) -> Provenance | None:
    """Read the provenance of a file of weights.

    Args:
        weights: A safetensors file, or ``pretrained:NAME``.

    Returns:
        The provenance; None if the file has none, as weights of other projects.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file is damaged, or no weights are named NAME.
    """
    from safetensors import SafetensorError, safe_open

    path = checkpoint_file(weights)
    if not path.is_file():
        raise FileNotFoundError(f'no weights at {path.absolute()}')
    if path.suffix != '.safetensors':
        return None
    try:
        with safe_open(path, 'np') as file:
            text = (file.metadata() or {}).get(KEY)
    except SafetensorError as error:
        raise ValueError(f'{path} is damaged: {error}') from None
    if text is None:
        return None
    content = json.loads(text)
    return Provenance(**{**content, 'starts_from': tuple(content['starts_from'])})
