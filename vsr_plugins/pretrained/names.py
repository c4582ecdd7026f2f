"""Resolve names of pretrained weights, and select the default model."""

from pathlib import Path

from .entries import PRETRAINED
from .entry import Pretrained
from .files import NOTE, PRETRAINED_PREFIX, find_file, locate


def model_names() -> list[str]:
    """Return the names of the models, best first."""
    return [entry.name for entry in PRETRAINED if entry.use != 'part']


def find_pretrained(name: str) -> Pretrained:
    """Return the weights of a name.

    Args:
        name: A name, the stem of the config that trained them, or a unique prefix
            of a name, or else of a stem.

    Raises:
        ValueError: If no weights have this name, or more than one set.
    """
    for entry in PRETRAINED:
        if name == entry.name:
            return entry
    of_config = [entry for entry in PRETRAINED if name == entry.config]
    if len(of_config) == 1:
        return of_config[0]
    matches = [entry for entry in PRETRAINED if name and entry.name.startswith(name)]
    matches = matches or [entry for entry in PRETRAINED if name and entry.config.startswith(name)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise ValueError(f'{name!r} matches more than one model: {", ".join(entry.name for entry in matches)}')
    raise ValueError(f'no model is named {name!r}; choose from {", ".join(model_names())}')


def available_models() -> list[Pretrained]:
    """Return the models whose files are installed, best first."""
    return [entry for entry in PRETRAINED if entry.use != 'part' and (not entry.files or locate(entry))]


def default_model() -> Pretrained:
    """Return the best installed model; bicubic upsampling needs no file."""
    return next(entry for entry in available_models() if entry.use == 'unasked')


def better_model() -> Pretrained | None:
    """Return a better model than the default that can be installed; None if there is none."""
    best = next(entry for entry in PRETRAINED if entry.use == 'unasked')
    return None if best == default_model() else best


def checkpoint_file(checkpoint: str | Path) -> Path:
    """Return the file of a checkpoint: that of ``pretrained:NAME``, otherwise the path itself.

    Raises:
        ValueError: If the registry has no such name.
        FileNotFoundError: If the registry's file does not exist.
    """
    name = str(checkpoint)
    if not name.startswith(PRETRAINED_PREFIX):
        return Path(checkpoint).expanduser()
    return find_file(find_pretrained(name.removeprefix(PRETRAINED_PREFIX)))[1]


def entry_of(checkpoint: str | Path) -> Pretrained | None:
    """Return the entry of ``pretrained:NAME``, or that a safetensors file was converted from; None for other files.

    Raises:
        ValueError: If the registry has no such name.
    """
    name = str(checkpoint)
    if name.startswith(PRETRAINED_PREFIX):
        return find_pretrained(name.removeprefix(PRETRAINED_PREFIX))
    path = Path(checkpoint).expanduser()
    if path.suffix != '.safetensors' or not path.is_file():
        return None
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, 'np') as file:
            noted = (file.metadata() or {}).get(NOTE)
    except SafetensorError:
        return None
    return next((entry for entry in PRETRAINED if entry.name == noted), None)
