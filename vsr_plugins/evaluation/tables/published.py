"""Published results, shown next to measured ones."""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ..protocols import PROTOCOLS, Protocol
from .published_numbers import CONFIGS, NUMBERS


@dataclass(frozen=True)
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


def published(method: str | None = None, data: str | None = None) -> list[Published]:
    """Published results of a method, on a data set, or both, in the order of ``NUMBERS``."""
    return [line for line in _all() if method in (None, line.method) and data in (None, line.data)]


def _all() -> Iterator[Published]:
    for method, lines in NUMBERS.items():
        for data, protocol, psnr, ssim, source in lines:
            yield Published(
                method,
                data,
                None if protocol is None else PROTOCOLS[protocol],
                psnr,
                ssim,
                source.removesuffix('?'),
                not source.endswith('?'),
            )
