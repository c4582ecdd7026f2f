"""Bidirectional ConvLSTM whose states are aligned with the current frame before each step.

Source: "Zooming Slow-Mo: Fast and Accurate One-Stage Space-Time Video Super-Resolution" (CVPR 2020), section 3.2.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from .pyramid_alignment import FeaturePyramid, Pyramid, PyramidInterpolation


class LSTMState(NamedTuple):
    """Hidden and cell state, (n, c, h, w) each."""

    hidden: Tensor
    cell: Tensor


class FrameContext(NamedTuple):
    """Feature pyramids of a frame, for the alignment of the hidden and of the cell state."""

    for_hidden: Pyramid
    for_cell: Pyramid

    @property
    def features(self) -> Tensor:
        """The frame's features, (n, c, h, w)."""
        return self.for_hidden.level1

    def split(self, size: int) -> list['FrameContext']:
        """Split the batch into contexts of ``size`` entries each."""
        parts = [
            [Pyramid(*levels) for levels in zip(*(level.split(size) for level in pyramid), strict=True)]
            for pyramid in self
        ]
        return [FrameContext(*pyramids) for pyramids in zip(*parts, strict=True)]


class StateAlignment(nn.Module):
    """Align a state with the current frame.

    The paper's eqs. (7) and (8) sample the state alone. The authors' code, which produced their numbers and which this
    class follows, samples state and frame towards each other and blends them, as between two frames.

    Args:
        channels: Channels of frame and state.
        deform_groups: See ``ModulatedDeformConv``.
    """

    def __init__(self, channels: int, deform_groups: int) -> None:
        super().__init__()
        self.pyramid = FeaturePyramid(channels)
        self.interpolation = PyramidInterpolation(channels, deform_groups)

    def forward(self, frame: Pyramid, state: Tensor) -> Tensor:
        """Pyramid of the frame, computed by ``self.pyramid``, and a state (n, c, h, w) -> the aligned state."""
        return self.interpolation(frame, self.pyramid(state))


class DeformableConvLSTM(nn.Module):
    """Bidirectional deformable ConvLSTM; both directions share all weights but those that join them.

    The pyramids of a frame are built once, for both directions. The directions advance together as one batch: while
    one processes frame k, the other processes the k-th frame from the end.

    Args:
        channels: Channels of frames, states and output.
        deform_groups: See ``ModulatedDeformConv``.
    """

    def __init__(self, channels: int = 64, deform_groups: int = 8) -> None:
        super().__init__()
        self.hidden_alignment = StateAlignment(channels, deform_groups)
        self.cell_alignment = StateAlignment(channels, deform_groups)
        # Input, forget and output gate, candidate.
        self.gates = nn.Conv2d(2 * channels, 4 * channels, 3, padding=1)
        self.join = nn.Conv2d(2 * channels, channels, 1)

    def forward(self, features: Tensor) -> Tensor:
        """(n, t, c, h, w) -> (n, t, c, h, w)."""
        n, t = features.shape[:2]
        frames = self.contexts(features.transpose(0, 1).flatten(0, 1), n)
        return torch.stack(self.scan(frames)[0], dim=1)

    def contexts(self, features: Tensor, n: int) -> list[FrameContext]:
        """Compute the input of ``scan`` for each frame.

        Args:
            features: (t * n, c, h, w), time outermost.
            n: Number of clips in the batch.

        Returns:
            t contexts, each of n clips: pyramids of features from (n, c, h, w) down, for the hidden and the cell state.
        """
        both = FrameContext(self.hidden_alignment.pyramid(features), self.cell_alignment.pyramid(features))
        return both.split(n)

    def scan(
        self, frames: Sequence[FrameContext], ahead: Sequence[FrameContext] = (), state: LSTMState | None = None
    ) -> tuple[list[Tensor], LSTMState]:
        """Run both directions over a segment of a clip.

        Args:
            frames: The segment, from ``contexts``.
            ahead: Frames after the segment, processed by the backward direction only.
            state: Forward state before the segment; None at the start of a clip.

        Returns:
            The output of each frame of the segment, (n, c, h, w), and the forward state after it.
        """
        zeros = LSTMState(*(torch.zeros_like(frames[0].features) for _ in LSTMState._fields))
        forward, backward = state or zeros, zeros
        for frame in reversed(ahead):
            backward = self.step(frame, backward)
        n, last = len(frames[0].features), len(frames) - 1
        forwards: list[Tensor] = []
        backwards: list[Tensor] = []
        for index in range(len(frames)):
            frame = _concat_contexts(frames[index], frames[last - index])
            both = self.step(frame, LSTMState(*(torch.cat(pair) for pair in zip(forward, backward, strict=True))))
            forward, backward = (LSTMState(*parts) for parts in zip(*(part.split(n) for part in both), strict=True))
            forwards.append(forward.hidden)
            backwards.append(backward.hidden)
        backwards.reverse()
        outputs = [self.join(torch.cat(pair, dim=1)) for pair in zip(forwards, backwards, strict=True)]
        return outputs, forward

    def step(self, frame: FrameContext, state: LSTMState) -> LSTMState:
        """Return the state after a frame."""
        hidden = self.hidden_alignment(frame.for_hidden, state.hidden)
        cell = self.cell_alignment(frame.for_cell, state.cell)
        gates = self.gates(torch.cat((frame.features, hidden), dim=1)).chunk(4, dim=1)
        enter, forget, leave = (gate.sigmoid() for gate in gates[:3])
        cell = forget * cell + enter * gates[3].tanh()
        return LSTMState(leave * cell.tanh(), cell)


def _concat_contexts(first: FrameContext, second: FrameContext) -> FrameContext:
    """Concatenate two contexts along the batch."""
    return FrameContext(
        *(
            Pyramid(*(torch.cat(levels) for levels in zip(*pyramids, strict=True)))
            for pyramids in zip(first, second, strict=True)
        )
    )
