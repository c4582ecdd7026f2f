"""Winograd's minimal filtering along one axis, for three taps."""

from functools import cache

import torch
from torch import Tensor

# Interpolation points, besides infinity, for m outputs: those with the smallest rounding error on random features, of
# all sets of 0, 1, -1 and simple fractions.
POINTS = {
    4: (0, 1, -1, 1 / 2, -2),
    5: (0, 1, -1, -1 / 2, 2 / 3, -3),
    6: (0, 1, -1, 1 / 2, -1 / 2, 2, -2),
    7: (0, 1, -1, 3, -3, 1 / 4, 3 / 4, -3 / 4),
}
# The product of this point enters every output with the same factor, so a bias that is added to it, divided by the
# factor, reaches each output.
BIAS_POINT = 1


@cache
def matrices(length: int) -> tuple[Tensor, Tensor, Tensor]:
    """Matrices of F(length, 3), float64: outputs (length, n), kernels (n, 3), inputs (n, n); n = length + 2.

    ``outputs @ ((kernels @ g) * (inputs @ d))`` is the correlation of three taps ``g`` with n values ``d`` (Lavin and
    Gray, Fast Algorithms for Convolutional Neural Networks, CVPR 2016, section 4). They are the transposed Toom-Cook
    matrices. The three factors of a point are scaled to one norm: that minimises rounding error.

    Args:
        length: A key of ``POINTS``.
    """
    size = length + 2
    points = torch.tensor(POINTS[length], dtype=torch.float64, device='cpu')

    def powers(count: int) -> Tensor:
        matrix = points.new_zeros(size, count)
        matrix[:-1] = points[:, None] ** torch.arange(count, device='cpu')
        matrix[-1, -1] = 1  # infinity
        return matrix

    factors = [powers(length), powers(3), torch.linalg.inv(powers(size)).T]
    norms = [factor.norm(dim=1, keepdim=True) for factor in factors]
    common = (norms[0] * norms[1] * norms[2]) ** (1 / 3)
    output, kernel, data = (factor * common / norm for factor, norm in zip(factors, norms, strict=True))
    return output.T.contiguous(), kernel, data
