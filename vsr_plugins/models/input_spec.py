"""Input requirements of a network: read from its attributes, or for upstream's networks from a table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from torch import nn

# Default chunk length and overlap of a recurrent network, in frames: a frame is at least half the overlap away from the
# cut of its chunk.
CLIP_LEN = 56
OVERLAP = 16


@dataclass(frozen=True)
class InputSpec:
    """Input requirements of a network.

    Attributes:
        scale: Upscaling factor.
        output: Which frames it returns: 'center', 'all', or 'interpolated': all frames and those between them.
        window: Number of frames that a centre-frame network takes; None for other networks.
        clip_len: Number of frames that other networks take at a time.
        overlap: Frames that neighbouring chunks share.
        single_image: It takes (n, c, h, w), frame by frame.
        multiple_of: Height and width must be padded to multiples of this; 1 for networks that pad by themselves.
        min_size: Minimum height and width; smaller frames must be padded.
        min_frames: Minimum number of frames; shorter clips are mirrored.
        pre_upsampled: It takes frames already upsampled by ``scale``.
    """

    scale: int
    output: Literal['center', 'all', 'interpolated'] = 'all'
    window: int | None = None
    clip_len: int = CLIP_LEN
    overlap: int = OVERLAP
    single_image: bool = False
    multiple_of: int = 1
    min_size: int = 1
    min_frames: int = 1
    pre_upsampled: bool = False

    @property
    def temporal_scale(self) -> int:
        """Output frames for each input frame."""
        return 2 if self.output == 'interpolated' else 1

    @property
    def temporal_context(self) -> int:
        """Frames before and after a segment of a clip that are restored with it and discarded."""
        if self.single_image:
            return 0
        return self.window // 2 if self.window else self.overlap


def _recurrent(scale: int = 4, **other: int) -> Callable[[nn.Module], InputSpec]:
    # SPyNet needs 32 pixels a side, upstream's second-order propagation 64.
    return lambda network: InputSpec(scale, min_size=64, **other)


def _image(attribute: str | None = None, **other: int) -> Callable[[nn.Module], InputSpec]:
    return lambda network: InputSpec(
        getattr(network, attribute) if attribute else 4, single_image=True, clip_len=1, overlap=0, **other
    )


def _edvr(network: nn.Module) -> InputSpec:
    return InputSpec(4, 'center', window=2 * network.center_frame_idx + 1, multiple_of=4)


def _iconvsr(network: nn.Module) -> InputSpec:
    return InputSpec(4, min_size=64, min_frames=2 * network.padding + 1)


def _basicvsr_pp(network: nn.Module) -> InputSpec:
    if network.is_low_res_input:
        return InputSpec(4, min_size=64)
    return InputSpec(1, min_size=256, multiple_of=4)


def _rrdb(network: nn.Module) -> InputSpec:
    factor = network.upscale_factor
    return InputSpec(factor, single_image=True, clip_len=1, overlap=0, multiple_of=4 // factor)


def _rdn(network: nn.Module) -> InputSpec:
    shuffles = (part for part in network.upscale.modules() if isinstance(part, nn.PixelShuffle))
    scale = 1
    for shuffle in shuffles:
        scale *= shuffle.upscale_factor
    return InputSpec(scale, single_image=True, clip_len=1, overlap=0)


UPSTREAM: dict[str, Callable[[nn.Module], InputSpec]] = {
    'BasicVSRNet': _recurrent(),
    'BasicVSRPlusPlusNet': _basicvsr_pp,
    'EDSRNet': _image('upscale_factor'),
    'EDVRNet': _edvr,
    'IconVSRNet': _iconvsr,
    'MSRResNet': _image('upscale_factor'),
    'RDNNet': _rdn,
    'RRDBNet': _rrdb,
    'RealBasicVSRNet': _recurrent(),
    'SRCNNNet': _image('upscale_factor'),
    'SwinIRNet': _image('upscale'),
    'TDANNet': lambda network: InputSpec(4, 'center', window=5),
    'TOFlowVSRNet': lambda network: InputSpec(4, 'center', window=7, multiple_of=16, pre_upsampled=True),
}


def input_spec(network: nn.Module) -> InputSpec:
    """Return the input requirements of ``network``.

    A network may hold them as its ``spec``. One of any clip length may declare more about time: with ``stream(frames)``
    it is streamed instead of cut into chunks; ``temporal_context`` or ``halo`` (frames of context on each side, 0 if
    every frame is independent) with ``window_length``, or ``chunk_length`` with ``chunk_overlap``, set the chunks.
    Otherwise it is treated as recurrent.

    Raises:
        ValueError: If it neither declares the attributes nor is in the table of upstream's networks.
    """
    if isinstance(getattr(network, 'spec', None), InputSpec):
        return network.spec
    for kind in type(network).__mro__:
        if kind.__name__ in UPSTREAM:
            return UPSTREAM[kind.__name__](network)
        if 'output' in vars(kind):  # a subclass of an upstream network with its own declaration
            break
    output, scale = getattr(network, 'output', None), getattr(network, 'scale', None)
    if output not in ('center', 'all', 'interpolated') or scale is None:
        raise ValueError(
            f'{type(network).__name__} declares no input spec: it needs the attributes scale, window and output, or to '
            f'be one of {", ".join(UPSTREAM)}'
        )
    if output == 'center':
        return _centred(network, scale)
    length, overlap = _chunking(network)
    if output == 'interpolated' and not overlap:
        length, overlap = length + 1, 1  # a frame between two chunks needs both
    return InputSpec(scale, output, clip_len=length, overlap=overlap)


def _centred(network: nn.Module, scale: int) -> InputSpec:
    window = getattr(network, 'window', None)
    if window is None:
        raise ValueError(
            f'{type(network).__name__} returns the centre frame but declares no window: set it to its number of frames'
        )
    return InputSpec(scale, 'center', window=window)


def _chunking(network: nn.Module) -> tuple[int, int]:
    """Length and overlap of chunks."""
    if getattr(network, 'chunk_length', None):
        return network.chunk_length, getattr(network, 'chunk_overlap', 0)
    context = getattr(network, 'temporal_context', getattr(network, 'halo', None))
    if context == 0:
        return 1, 0
    if context is not None:
        return (getattr(network, 'window_length', None) or CLIP_LEN) + 2 * context, 2 * context
    return CLIP_LEN, OVERLAP
