"""Networks and trainings of papers, as far as they are known, to label rows that depart from them.

Sources: the papers themselves, or where these are silent the authors' code and MMagic's configs. What no source states
is missing here, and no row departs from it. Learning rates of configs may follow the square root of
the batch, as Adam's does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

REDS, VIMEO = 'REDS', 'Vimeo-90K'
# What the authors trained on is not available, so that every training here has other data.
UNAVAILABLE = ('unavailable',)


@dataclass(frozen=True)
class Recipe:
    """How a paper builds and trains a network.

    Attributes:
        network: Arguments of the network in its config; one that a config omits has its default, the paper's.
        aligner: Type of the aligner before the network.
        crop: Height and width of a training crop at low resolution, pixels.
        frames: Frames of a training sample; several where it depends on the data.
        batch: Samples a step, on all GPUs.
        rate: Initial learning rate at that batch.
        optimizer: Its type, where it is not Adam.
        iterations: Steps of the training, or of its last stage.
        loss: Type and arguments of the loss on the frames.
        data: Training sets, of which one is used.
    """

    network: Mapping[str, Any] = field(default_factory=dict)
    aligner: str | None = None
    crop: int | None = None
    frames: tuple[int, ...] = ()
    batch: int | None = None
    rate: float | None = None
    optimizer: str = ''
    iterations: int | None = None
    loss: Mapping[str, Any] = field(default_factory=dict)
    data: tuple[str, ...] = UNAVAILABLE


def _edvr(mid_channels: int, blocks: int, tsa: bool) -> Recipe:
    """EDVR paper, section 4.1. Epsilon 1e-3 is squared below the root, where MMagic's ``eps`` stands."""
    return Recipe(
        network=dict(mid_channels=mid_channels, num_blocks_reconstruction=blocks, with_tsa=tsa, num_frames=5),
        crop=64,
        frames=(5,),
        batch=32,
        rate=4e-4,
        iterations=600_000,
        loss=dict(type='CharbonnierLoss', eps=1e-6),
        data=(REDS, VIMEO),
    )


def _recurrent(frames: int, rate: float, iterations: int, **network: Any) -> Recipe:
    """BasicVSR and BasicVSR++ papers, MMagic's configs; Vimeo-90K's seven frames are mirrored."""
    return Recipe(
        network=network,
        crop=64,
        frames=(frames, 14),
        batch=8,
        rate=rate,
        iterations=iterations,
        loss=dict(type='CharbonnierLoss'),
        data=(REDS, VIMEO),
    )


def _latent(mid_channels: int, layers: int, layout: str, length: int = 7) -> Recipe:
    """Latent-attention paper, section 7; it states neither crop, batch nor iterations."""
    return Recipe(
        network=dict(mid_channels=mid_channels, num_layers=layers, attn_layout=layout, chunk_length=length),
        frames=(length,),
        rate=1e-4,
        loss=dict(type='EuclideanLoss'),
    )


# Method -> its recipe, by the names of ``published_numbers.CONFIGS``.
RECIPES: Mapping[str, Recipe] = {
    'SRCNN': Recipe(network=dict(channels=(1, 64, 32, 1))),
    'FSRCNN': Recipe(network=dict(in_channels=1, mid_channels=56, shrink_channels=12, num_layers=4), optimizer='SGD'),
    'ESPCN': Recipe(network=dict(in_channels=1, activation='tanh', num_blocks=0)),
    'VSRnet': Recipe(frames=(5,), optimizer='SGD'),
    'VESPCN': Recipe(frames=(3,), rate=1e-4),
    'RobustVSR': Recipe(
        network=dict(num_branches=3, color='y', weight_norm=None),
        aligner='SpatialAlignmentNet',
        # The centre of an aligned patch of 36.
        crop=36,
        frames=(5,),
        batch=64,
        rate=1e-4,
        optimizer='SGD',
        iterations=5_000_000,
        loss=dict(type='MSELoss'),
    ),
    'SPMC F3': Recipe(network=dict(num_frames=3), frames=(3,)),
    'SPMC F5': Recipe(network=dict(num_frames=5), frames=(5,)),
    'FRVSR': Recipe(network=dict(mid_channels=128, num_blocks=10), frames=(10,), batch=4, rate=1e-4),
    **{
        f'DUF-{layers}L': Recipe(
            network=dict(num_layers=layers),
            frames=(7,),
            batch=16,
            rate=1e-3,
            loss=dict(type='HuberLoss', delta=0.01),
        )
        for layers in (16, 28, 52)
    },
    # In two stages, at 1e-4 and 5e-5.
    'TDAN': Recipe(crop=48, frames=(5,), batch=128, iterations=400_000, data=(VIMEO,)),
    'EDVR-M without TSA': _edvr(64, 10, tsa=False),
    'EDVR-M': _edvr(64, 10, tsa=True),
    'EDVR-L without TSA': _edvr(128, 40, tsa=False),
    'EDVR-L': _edvr(128, 40, tsa=True),
    # Frames that the first stage restored: crops at high resolution.
    'EDVR-L, two stages': Recipe(
        network=dict(mid_channels=128, num_blocks_reconstruction=20, num_frames=5),
        crop=256,
        frames=(5,),
        batch=32,
        rate=4e-4,
        loss=dict(type='CharbonnierLoss', eps=1e-6),
        data=(REDS,),
    ),
    'BasicVSR': _recurrent(15, 2e-4, 300_000, mid_channels=64, num_blocks=30),
    'IconVSR': _recurrent(15, 2e-4, 300_000, mid_channels=64, num_blocks=30, keyframe_stride=5),
    # On Vimeo-90K 300,000 steps are enough in MMagic's config.
    'BasicVSR++': _recurrent(30, 1e-4, 300_000, mid_channels=64, num_blocks=7),
    'Latent attention': _latent(64, 16, 'LLSLL'),
    'Res16': _latent(64, 16, '', 4),
    'Satn10': _latent(36, 10, 'SSSSS', 4),
    'Latn10': _latent(48, 10, 'LLLLL', 4),
    'Satn10_7': _latent(36, 10, 'SSSSS'),
    'Latn10_7': _latent(48, 10, 'LLLLL'),
    'VSatn10_7': _latent(36, 10, 'SSSSS'),
    'VLatn10_7': _latent(48, 10, 'LLLLL'),
    'LSatn x': _latent(42, 10, 'LSLSL'),
    'LSatn l': _latent(42, 10, 'LLLSS'),
    'LSatn sl': _latent(45, 10, 'LLSLL'),
    'LSatn s': _latent(40, 10, 'SSSLL'),
    'LSatn ls': _latent(38, 10, 'SSLSS'),
    'Zooming Slow-Mo': Recipe(
        network=dict(mid_channels=64, num_blocks_extraction=5, num_blocks_reconstruction=40, interpolate=True),
        crop=32,
        frames=(7,),
        batch=16,
        rate=4e-4,
        iterations=600_000,
        loss=dict(type='CharbonnierLoss', eps=1e-6, reduction='sum'),
        data=(VIMEO,),
    ),
}
