"""Build networks from configs; importing MMagic only for networks this package does not have."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from . import alignment, networks

# Networks of this package, built without MMagic.
NETWORKS = frozenset({*networks.__all__, *alignment.__all__})


def find_network(kind: str | type[nn.Module]) -> type[nn.Module]:
    """Return the class of a network.

    Args:
        kind: A name of ``NETWORKS`` or of MMagic's ``MODELS``, with or without a scope, or a class.

    Raises:
        ValueError: If no network has this name.
    """
    if isinstance(kind, type):
        return kind
    if kind in NETWORKS:
        return getattr(networks if kind in networks.__all__ else alignment, kind)
    from mmagic.registry import MODELS

    network = MODELS.get(kind)
    if network is None:
        raise ValueError(f'no network named {kind!r} is registered')
    return network


def build_network(config: Mapping[str, Any] | nn.Module) -> nn.Module:
    """Build a network of this package, or one that is registered in MMagic's ``MODELS``.

    Args:
        config: ``type``, a name or a class, and the arguments; a network is returned unchanged.

    Raises:
        ValueError: If ``config`` has no type, or no network has its name.
    """
    if isinstance(config, nn.Module):
        return config
    options = dict(config)
    if 'type' not in options:
        raise ValueError(f'the config of a network needs a type, but got {options}')
    kind = options.pop('type')
    if isinstance(kind, str) and kind not in NETWORKS:
        from mmagic.registry import MODELS

        return MODELS.build({'type': kind, **options})
    return find_network(kind)(**options)
