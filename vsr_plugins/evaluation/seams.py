"""Measure the effect of splitting a clip into chunks on the frames at the cuts."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import fmean

import numpy as np

from .functional import luma, psnr


@dataclass
class SeamReport:
    """Measures of frames by position in their chunk, collected over clips.

    Attributes:
        psnr: Position in the chunk, from 0, -> PSNR on Y of each frame at that position, in dB.
        across: For each pair of neighbouring frames from two chunks: mean absolute difference, on Y in steps of 8 bits,
            between the change from one to the next and the same change of the ground truth.
        inside: The same for pairs from one chunk.
    """

    psnr: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    across: list[float] = field(default_factory=list)
    inside: list[float] = field(default_factory=list)

    def add(
        self, prediction: Sequence[np.ndarray], target: Sequence[np.ndarray], spans: Sequence[tuple[int, int, int]]
    ) -> None:
        """Measure a clip and append the results.

        Args:
            prediction: Frames (h, w, 3) RGB in [0, 255].
            target: The same number of frames.
            spans: For each chunk its first frame and, of its outputs, the first kept and the end, see ``chunk_spans``.

        Raises:
            ValueError: If the numbers of frames differ.
        """
        if not len(prediction) == len(target) == spans[-1][2]:
            raise ValueError(
                f'{len(prediction)} predicted frames, {len(target)} of ground truth and chunks of {spans[-1][2]} '
                'frames must be equal in number'
            )
        chunk_of = [number for number, (_, first, end) in enumerate(spans) for _ in range(first, end)]
        luminance = [(luma(a), luma(b)) for a, b in zip(prediction, target, strict=True)]
        for frame, pair in enumerate(luminance):
            self.psnr[frame - spans[chunk_of[frame]][0]].append(psnr(*pair))
        for frame, (before, after) in enumerate(pairwise(luminance)):
            change = np.abs((after[0] - before[0]) - (after[1] - before[1])).mean(dtype=np.float64)
            (self.inside if chunk_of[frame] == chunk_of[frame + 1] else self.across).append(float(change))

    def summary(self) -> dict[str, float]:
        """Means: ``PSNR at i`` in order of i, ``change inside`` and, if there is a seam, ``change across``."""
        means = {f'PSNR at {position}': fmean(self.psnr[position]) for position in sorted(self.psnr)}
        for name, values in (('change inside', self.inside), ('change across', self.across)):
            if values:
                means[name] = fmean(values)
        return means
