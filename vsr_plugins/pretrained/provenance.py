"""Where weights come from, as the metadata of their file says."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .files import checkpoint_file

# One key: the metadata of safetensors are an unordered mapping, and the same weights shall give the same file.
KEY = 'provenance'


@dataclass(frozen=True)
class Provenance:
    """How weights were trained, and what they reached.

    Attributes:
        config: Stem of the config.
        iterations: Length of that training.
        starts_from: Configs whose weights it started from.
        data: What it was trained on.
        held_out: Of the held-out clips ``'PSNR'``, the ``'protocol'``, and the ``'iteration'`` that was chosen by it.
        vid4: ``'PSNR'``, ``'SSIM'``, ``'protocol'`` and ``'degradation'`` on Vid4; {} where nobody measured.
        licence: Of the weights.
        version: Of the package that trained them.
        commit: Of the code that trained them, or where that is not on record the commit that brought them into the
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
    """As ``write_weights`` takes it for ``meta``."""
    return {KEY: json.dumps(asdict(provenance), sort_keys=True)}


def read_provenance(weights: str | Path) -> Provenance | None:
    """What a file of weights says about itself.

    Args:
        weights: A safetensors file, or ``pretrained:NAME``.

    Returns:
        None if it says nothing, as weights from elsewhere do.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is damaged, or no weights are called NAME.
    """
    from safetensors import SafetensorError, safe_open

    path = checkpoint_file(weights)
    if not path.is_file():
        raise FileNotFoundError(f'there are no weights at {path.absolute()}')
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
