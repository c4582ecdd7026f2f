"""Published results, shown next to measured ones."""

import inspect
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

from ...engine.config_files import read_config, to_builtins
from ...engine.config_paths import find_configs
from ...models.build import find_network
from ..protocols import PROTOCOLS, Protocol
from .published_numbers import CONFIGS, NUMBERS


@dataclass(frozen=True, kw_only=True)
class Published:
    """One published result.

    Attributes:
        method: Name of the method.
        data: Data set and degradation, as the ``prefix`` of the metrics, such as ``'Vid4-BIx4'``.
        protocol: Protocol of the measurement; None if unknown or not one of ours.
        psnr: In dB.
        ssim: None if not published.
        source: Publication of the number.
        looked_up: Whether the number was checked in the source, or is quoted as generally known.
    """

    method: str
    data: str
    protocol: Protocol | None
    psnr: float
    ssim: float | None
    source: str
    looked_up: bool = True

    @property
    def values(self) -> dict[str, float]:
        """Metric -> value, as in measured scores."""
        return {'PSNR': self.psnr} if self.ssim is None else {'PSNR': self.psnr, 'SSIM': self.ssim}


def method_of(config: str) -> str | None:
    """Published method of a config, by its file name without suffix; None if there is none."""
    matches = {p: name for name, patterns in CONFIGS.items() for p in patterns if fnmatchcase(config, p)}
    return matches[max(matches, key=len)] if matches else None


def identify(generator: Mapping[str, Any] | None, names: Iterable[str]) -> str | None:
    """Return the published method of a network: that of a name, if a config of this package has this network.

    A file name alone proves nothing: a user's config may have any, and a config that inherits has another network.

    Args:
        generator: Config of the network, ``model.generator``.
        names: Names that the config of the network has, without suffix: its own, then those of its bases.

    Returns:
        Name of the method; None if no published method has this network.
    """
    if generator is None:
        return None
    network = _complete(generator)
    for name in names:
        method = method_of(name)
        if method is not None and any(_network(one) == network for one in _configs_of(method, name)):
            return method
    return None


def _configs_of(method: str, first: str) -> list[str]:
    """Configs of this package of a method, the one of a given name first."""
    names = {path.stem: str(path) for path in find_configs('*') if method_of(path.stem) == method}
    return [names[name] for name in sorted(names, key=lambda name: name != first)]


@lru_cache(maxsize=256)
def _network(config: str) -> Any:
    return _complete(read_config(config).model.get('generator') or {})


def _complete(generator: Mapping[str, Any]) -> dict[str, Any]:
    """Config of a network with the defaults of its class, which a config may leave out."""
    kind, given = generator.get('type', ''), to_builtins(generator)
    try:
        parameters = inspect.signature(find_network(kind)).parameters.values()
    except (KeyError, TypeError, ValueError):
        return given
    defaults = {one.name: to_builtins(one.default) for one in parameters if one.default is not one.empty}
    return {**defaults, **given}


def published(method: str | None = None, data: str | None = None) -> list[Published]:
    """Published results of a method, on a data set, or both, in the order of ``NUMBERS``."""
    return [line for line in _all() if method in (None, line.method) and data in (None, line.data)]


def _all() -> Iterator[Published]:
    for method, lines in NUMBERS.items():
        for data, protocol, psnr, ssim, source in lines:
            yield Published(
                method=method,
                data=data,
                protocol=None if protocol is None else PROTOCOLS[protocol],
                psnr=psnr,
                ssim=ssim,
                source=source.removesuffix('?'),
                looked_up=not source.endswith('?'),
            )
