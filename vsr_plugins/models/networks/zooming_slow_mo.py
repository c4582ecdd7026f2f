"""Zooming Slow-Mo: space-time super-resolution that upscales frames and doubles the frame rate."""

from collections.abc import Iterable, Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..blocks.deformable_conv_lstm import DeformableConvLSTM, FrameContext, LSTMState
from ..blocks.pyramid_alignment import FeaturePyramid, Pyramid, PyramidInterpolation, activate
from ..blocks.residual import residual_blocks
from ..blocks.resize import bicubic_upsample, pad_to_multiple
from ..blocks.upsampling import shuffle_factors, whole_scale
from .base import Network

# Width of the layers after the last pixel shuffle, independent of mid_channels, as in the authors' code.
TAIL_CHANNELS = 64


class Reconstruction(nn.Module):
    """Residual blocks, sub-pixel upsampling and two convolutions, without a skip from the input.

    Args:
        mid_channels: Channels of the features.
        out_channels: Channels of a frame.
        num_blocks: Residual blocks.
        scale: Upscaling factor, an integer.
    """

    def __init__(self, mid_channels: int, out_channels: int, num_blocks: int, scale: int) -> None:
        super().__init__()
        self.factors = shuffle_factors(scale)
        widths = [mid_channels] * len(self.factors) + [TAIL_CHANNELS if self.factors else mid_channels]
        self.trunk = residual_blocks(num_blocks, mid_channels)
        self.upsampling = nn.ModuleList(
            nn.Conv2d(before, after * r * r, 3, padding=1)
            for before, after, r in zip(widths, widths[1:], self.factors, strict=False)
        )
        self.conv_hr = nn.Conv2d(widths[-1], TAIL_CHANNELS, 3, padding=1)
        self.conv_last = nn.Conv2d(TAIL_CHANNELS, out_channels, 3, padding=1)

    def forward(self, features: Tensor) -> Tensor:
        """(n, mid_channels, h, w) -> (n, out_channels, scale * h, scale * w)."""
        features = self.trunk(features)
        for conv, r in zip(self.upsampling, self.factors, strict=True):
            features = activate(F.pixel_shuffle(conv(features), r))
        return self.conv_last(activate(self.conv_hr(features)))


class ZoomingSlowMoNet(Network):
    """One-stage space-time super-resolution: synthesise features of the missing frames, then restore all frames.

    Paper:
        Zooming Slow-Mo: Fast and Accurate One-Stage Space-Time Video Super-Resolution. CVPR 2020, section 3.

    With the default arguments it has the 11,102,771 parameters of the authors' code, whose weights
    ``vsr_plugins.checkpoints.converters.zooming_slow_mo`` converts.

    Without gradients, a clip longer than ``window_length + halo`` frames is restored in windows: the forward recurrence
    runs through the complete clip, exactly, and the backward one starts ``halo`` frames after each window instead of at
    the clip's end. Features of a frame or a pair are computed once, and memory does not grow with the clip. The paper
    has no windows; training always takes the complete clip.

    The influence of an omitted frame falls to a tenth with each input frame in between. With weights whose offsets are
    several pixels, the last frame of a window is off by 1e-2 of the range of values with a halo of 1, by 1e-3 with 2
    and by 1e-5 with 4, the default; five input frames before the end of a window and its halo only rounding remains,
    2e-6.

    Sizes that are not multiples of four are padded by repeating the last row and column (the authors add zeros).

    Args:
        in_channels: Channels of a frame, input and output.
        mid_channels: Width of features and states.
        deform_groups: Deformable groups of every alignment.
        num_blocks_extraction: Residual blocks before the alignment.
        num_blocks_reconstruction: Residual blocks after the recurrence.
        scale: Upscaling factor, an integer.
        interpolate: Double the frame rate, N frames to 2N - 1. False: restore the N frames only, without the
            interpolation and its parameters; then convert the authors' weights with ``vsr convert IN OUT --without
            pyramid. interpolation.``.
        window_length: Input frames of a window; None takes every clip completely.
        halo: Input frames that the backward recurrence processes after a window.
        global_residual: Add the bicubic upsampling of the input frames and, between, of the mean of two. Not in the
            paper; short trainings gain from it.
        init_cfg: See ``Network``.

    Raises:
        ValueError: If a number is out of range.
    """

    multiple_of = 4
    window = None

    def __init__(
        self,
        in_channels: int = 3,
        mid_channels: int = 64,
        deform_groups: int = 8,
        num_blocks_extraction: int = 5,
        num_blocks_reconstruction: int = 40,
        scale: int = 4,
        interpolate: bool = True,
        window_length: int | None = 16,
        halo: int = 4,
        global_residual: bool = False,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        if window_length is not None and window_length < 1:
            raise ValueError(f'window_length must be None or at least 1, but got {window_length}')
        if halo < 0:
            raise ValueError(f'halo must be at least 0, but got {halo}')
        self.scale = scale = whole_scale(scale)
        self.output = 'interpolated' if interpolate else 'all'
        self.window_length = window_length
        self.temporal_context = halo
        self.global_residual = global_residual

        self.conv_first = nn.Conv2d(in_channels, mid_channels, 3, padding=1)
        self.extraction = residual_blocks(num_blocks_extraction, mid_channels)
        if interpolate:
            self.pyramid = FeaturePyramid(mid_channels)
            self.interpolation = PyramidInterpolation(mid_channels, deform_groups)
        self.recurrence = DeformableConvLSTM(mid_channels, deform_groups)
        self.reconstruction = Reconstruction(mid_channels, in_channels, num_blocks_reconstruction, scale)

    @property
    def interpolates(self) -> bool:
        """Whether frames between the input frames are synthesised."""
        return self.output == 'interpolated'

    def forward(self, lqs: Tensor) -> Tensor:
        """Interpolated: (n, t, c, h, w) in [0, 1] -> (n, 2t - 1, c, scale * h, scale * w), any t and any size.

        Without interpolation all frames: (n, t, c, scale * h, scale * w).

        Raises:
            ValueError: If the clip has no frame.
        """
        n, t, _, h, w = lqs.shape
        if t == 0:
            raise ValueError('a clip needs at least one frame, but got none')
        if torch.is_grad_enabled():
            outputs = self._forward_clip(pad_to_multiple(lqs, self.multiple_of))
            outputs = outputs[..., : h * self.scale, : w * self.scale]
            if self.global_residual:
                outputs = outputs + bicubic_upsample(self._moments(lqs), self.scale)
            return outputs
        total = 2 * t - 1 if self.interpolates else t
        output = None
        for index, frame in enumerate(self.stream(lqs.unbind(1))):
            output = frame.new_empty(n, total, *frame.shape[1:]) if output is None else output
            output[:, index] = frame
        assert output is not None
        return output

    def stream(self, frames: Iterable[Tensor]) -> Iterator[Tensor]:
        """Restore a clip frame by frame, keeping only a window and its halo in memory.

        Meant for evaluation, under ``torch.inference_mode`` or ``torch.no_grad`` around the loop over the results.

        Args:
            frames: (n, c, h, w) in [0, 1] each, all of one size.

        Yields:
            (n, c, scale * h, scale * w): the same frames as ``forward`` returns.
        """
        per_input = 2 if self.interpolates else 1
        contexts: list[FrameContext] = []
        state: LSTMState | None = None
        before: Pyramid | None = None
        size: Sequence[int] = ()
        previous: Tensor | None = None
        moments: list[Tensor] = []
        for frame in frames:
            size = frame.shape[-2:]
            if self.global_residual:
                if self.interpolates and previous is not None:
                    moments.append((previous + frame) / 2)
                moments.append(frame)
                previous = frame
            features = self._extract(pad_to_multiple(frame[:, None], self.multiple_of)[:, 0])
            if self.interpolates:
                pyramid = self.pyramid(features)
                if before is not None:
                    contexts += self.recurrence.contexts(self.interpolation(before, pyramid), len(frame))
                before = pyramid
            contexts += self.recurrence.contexts(features, len(frame))
            if self.window_length and len(contexts) >= per_input * (self.window_length + self.temporal_context):
                window, contexts = (
                    contexts[: per_input * self.window_length],
                    contexts[per_input * self.window_length :],
                )
                hidden, state = self.recurrence.scan(window, contexts, state)
                yield from self._restore(hidden, size, moments[: len(window)])
                moments = moments[len(window) :]
        if contexts:
            yield from self._restore(self.recurrence.scan(contexts, (), state)[0], size, moments)

    def _forward_clip(self, lqs: Tensor) -> Tensor:
        """All frames of a clip at once, whose size is a multiple of four; for training."""
        n = len(lqs)
        # Time outermost: the frames of one moment, or all pairs of neighbours, are a slice.
        features = self._extract(lqs.transpose(0, 1).flatten(0, 1))
        sequence = features
        if self.interpolates:
            pyramid = self.pyramid(features)
            first, second = (Pyramid(*(level[part] for level in pyramid)) for part in (slice(-n), slice(n, None)))
            between = self.interpolation(first, second)
            moments = [part for pair in zip(features.split(n), between.split(n), strict=False) for part in pair]
            sequence = torch.cat((*moments, features[-n:]))
        hidden, _ = self.recurrence.scan(self.recurrence.contexts(sequence, n))
        return self.reconstruction(torch.cat(hidden)).unflatten(0, (-1, n)).transpose(0, 1)

    def _extract(self, frames: Tensor) -> Tensor:
        """(n, in_channels, h, w) -> (n, mid_channels, h, w)."""
        # The convolutions take half the time in this layout on CPU.
        frames = frames.contiguous(memory_format=torch.channels_last)
        return self.extraction(activate(self.conv_first(frames)))

    def _restore(self, hidden: Sequence[Tensor], size: Sequence[int], moments: Sequence[Tensor]) -> Iterator[Tensor]:
        """Restore frames one by one, because upsampled features are large.

        Args:
            hidden: Features of each frame.
            size: Height and width of the input frames.
            moments: With ``global_residual`` the input frame, or mean of two, that each frame adds to.
        """
        h, w = (side * self.scale for side in size)
        for index, features in enumerate(hidden):
            frame = self.reconstruction(features)[..., :h, :w]
            if self.global_residual:
                frame = frame + bicubic_upsample(moments[index][:, None], self.scale)[:, 0]
            yield frame

    def _moments(self, lqs: Tensor) -> Tensor:
        """Input frames and, if the network interpolates, the means of neighbours: one for each output frame."""
        if not self.interpolates:
            return lqs
        pairs = torch.stack((lqs[:, :-1], (lqs[:, :-1] + lqs[:, 1:]) / 2), dim=2).flatten(1, 2)
        return torch.cat((pairs, lqs[:, -1:]), dim=1)
