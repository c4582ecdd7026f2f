"""Published numbers, to be shown beside measured ones."""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ..protocols import PROTOCOLS, Protocol
from .published_numbers import CONFIGS, NUMBERS


@dataclass(frozen=True)
class Published:
    """One published result.

    Attributes:
        method: Who reached it.
        data: On what, as the ``prefix`` of the metrics names it, such as ``'Vid4-BIx4'``.
        protocol: How it was measured; None where that is not known or is no protocol of ours.
        psnr: In dB.
        ssim: None where none was published.
        source: Where it stands.
        looked_up: Whether it was looked up in that source, or is quoted as generally known.
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
        """Metric -> value, as measured scores have them."""
        return {'PSNR': self.psnr} if self.ssim is None else {'PSNR': self.psnr, 'SSIM': self.ssim}


def method_of(config: str) -> str | None:
    """The published method that a config is of, by the name of its file without suffix; None where there is none."""
    fitting = {p: name for name, patterns in CONFIGS.items() for p in patterns if fnmatchcase(config, p)}
    return fitting[max(fitting, key=len)] if fitting else None


def published(method: str | None = None, data: str | None = None) -> list[Published]:
    """The published results of a method, on a data set, or both; in the order in which they are written down."""
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
