"""Which weights a name means, and which are taken where none is named."""

from collections.abc import Callable

from .entries import PRETRAINED, Pretrained
from .files import locate

Located = Callable[[Pretrained], object]


def model_names() -> list[str]:
    """Names of the models, best first."""
    return [entry.name for entry in PRETRAINED if entry.use != 'part']


def find_pretrained(name: str) -> Pretrained:
    """The weights that a name means.

    Args:
        name: A name, the stem of the config that trained them, or a beginning of either that fits no other weights.

    Raises:
        ValueError: If no weights have this name, or more than one set.
    """
    for entry in PRETRAINED:
        if name == entry.name:
            return entry
    of_config = [entry for entry in PRETRAINED if name == entry.config]
    if len(of_config) == 1:
        return of_config[0]
    begun = [entry for entry in PRETRAINED if name and any(n.startswith(name) for n in (entry.name, entry.config))]
    if len(begun) == 1:
        return begun[0]
    if begun:
        raise ValueError(f'{name!r} fits more than one model: {", ".join(entry.name for entry in begun)}')
    raise ValueError(f'no model is called {name!r}; the names are {", ".join(model_names())}')


def available_models() -> list[Pretrained]:
    """The models whose files are on this machine, best first."""
    return [entry for entry in PRETRAINED if entry.use != 'part' and (not entry.files or locate(entry))]


def default_model() -> Pretrained:
    """The best model that is on this machine; bicubic enlargement needs no file."""
    return next(entry for entry in available_models() if entry.use == 'unasked')


def better_model() -> Pretrained | None:
    """A better model than the default that an installation would bring; None if there is none."""
    best = next(entry for entry in PRETRAINED if entry.use == 'unasked')
    return None if best == default_model() else best
