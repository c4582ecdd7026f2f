"""Bidirectional ConvLSTM whose states are aligned with the current frame before the cell sees them.

Source: "Zooming Slow-Mo: Fast and Accurate One-Stage Space-Time Video Super-Resolution" (CVPR 2020), section 3.2.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from .pyramid_alignment import FeaturePyramid, FeatureTemporalInterpolation, Pyramid


class LSTMState(NamedTuple):
    """Hidden and cell state, (n, c, h, w) each."""

    hidden: Tensor
    cell: Tensor


class FrameContext(NamedTuple):
    """What the recurrence needs of a frame: its pyramid for the alignment of the hidden and of the cell state."""

    for_hidden: Pyramid
    for_cell: Pyramid

    @property
    def features(self) -> Tensor:
        """The frame's features, (n, c, h, w)."""
        return self.for_hidden.level1

    def split(self, size: int) -> list['FrameContext']:
        """Contexts of ``size`` entries of the batch each."""
        parts = [
            [Pyramid(*levels) for levels in zip(*(level.split(size) for level in pyramid), strict=True)]
            for pyramid in self
        ]
        return [FrameContext(*pyramids) for pyramids in zip(*parts, strict=True)]


class StateAlignment(nn.Module):
    """A state brought to the current frame.

    The paper's eqs. (7) and (8) sample the state alone. The authors' code, which their numbers come from and which this
    follows, samples state and frame towards each other and blends them, as between two frames.

    Args:
        channels: Channels of frame and state.
        deform_groups: See ``ModulatedDeformConv``.
    """

    def __init__(self, channels: int, deform_groups: int) -> None:
        super().__init__()
        self.pyramid = FeaturePyramid(channels)
        self.interpolation = FeatureTemporalInterpolation(channels, deform_groups)

    def forward(self, frame: Pyramid, state: Tensor) -> Tensor:
        """The frame's pyramid, made by ``self.pyramid``, and a state (n, c, h, w) -> the aligned state."""
        return self.interpolation(frame, self.pyramid(state))


class DeformableConvLSTM(nn.Module):
    """Bidirectional deformable ConvLSTM; both directions share all weights but those that join them.

    A frame's pyramids are built once, for both directions. The directions advance together as one batch: while one is
    at frame k, the other is at the k-th from the end.

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
        """What ``scan`` needs of each frame.

        Args:
            features: (t * n, c, h, w), the clips of a batch side by side.
            n: Clips of the batch.
        """
        both = FrameContext(self.hidden_alignment.pyramid(features), self.cell_alignment.pyramid(features))
        return both.split(n)

    def scan(
        self, frames: Sequence[FrameContext], ahead: Sequence[FrameContext] = (), state: LSTMState | None = None
    ) -> tuple[list[Tensor], LSTMState]:
        """Run both directions over a stretch of a clip.

        Args:
            frames: The stretch, from ``contexts``.
            ahead: Frames after it, which only the backward direction sees.
            state: The forward direction's state before the stretch; None at the start of a clip.

        Returns:
            The output of each frame of the stretch, (n, c, h, w), and the forward direction's state after it.
        """
        zeros = LSTMState(*(torch.zeros_like(frames[0].features) for _ in LSTMState._fields))
        forward, backward = state or zeros, zeros
        for frame in reversed(ahead):
            backward = self.step(frame, backward)
        n, last = len(frames[0].features), len(frames) - 1
        forwards: list[Tensor] = []
        backwards: list[Tensor] = []
        for index in range(len(frames)):
            frame = _together(frames[index], frames[last - index])
            both = self.step(frame, LSTMState(*(torch.cat(pair) for pair in zip(forward, backward, strict=True))))
            forward, backward = (LSTMState(*parts) for parts in zip(*(part.split(n) for part in both), strict=True))
            forwards.append(forward.hidden)
            backwards.append(backward.hidden)
        backwards.reverse()
        outputs = [self.join(torch.cat(pair, dim=1)) for pair in zip(forwards, backwards, strict=True)]
        return outputs, forward

    def step(self, frame: FrameContext, state: LSTMState) -> LSTMState:
        """The state after a frame."""
        hidden = self.hidden_alignment(frame.for_hidden, state.hidden)
        cell = self.cell_alignment(frame.for_cell, state.cell)
        gates = self.gates(torch.cat((frame.features, hidden), dim=1)).chunk(4, dim=1)
        enter, forget, leave = (gate.sigmoid() for gate in gates[:3])
        cell = forget * cell + enter * gates[3].tanh()
        return LSTMState(leave * cell.tanh(), cell)


def _together(first: FrameContext, second: FrameContext) -> FrameContext:
    """Two contexts as one batch."""
    return FrameContext(
        *(
            Pyramid(*(torch.cat(levels) for levels in zip(*pyramids, strict=True)))
            for pyramids in zip(first, second, strict=True)
        )
    )
