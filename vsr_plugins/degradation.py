"""How low resolution is made: MATLAB's bicubic (BI) and Gaussian blur followed by decimation (BD).

Both are linear and separable, so each is two sparse matrices, one for the rows and one for the columns, kept by size.
Everything is computed in float64; 8-bit images are rounded half up and clipped, floating-point images are neither.

Convention:
    Images are (h, w) or (h, w, c). Coordinates are in pixels of the high resolution, 0 is the centre of the first
    pixel. The low-resolution pixel ``j`` of ``bicubic_downsample`` looks at ``scale * j + (scale - 1) / 2``, the middle
    of its block. That of ``blur_downsample`` looks at ``scale * j + phase``, and **two phases are in circulation**, 1.5
    pixels apart at x4: a network trained on one and tested on the other loses decibels. See ``BD_CONVENTIONS``.
"""

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from scipy.sparse import csr_array

KINDS = ('BI', 'BD')
BD_SIGMA = 1.6
BD_CONVENTIONS: dict[str, dict] = {
    'duf': dict(kernel_size=13, phase=0.0, border='reflect'),
    'mmagic': dict(kernel_size=12, phase=1.5, border='replicate'),
}
"""Arguments of ``blur_downsample`` for the BDx4 (sigma 1.6) in circulation.

``duf`` is that of DUF and of those who took it over (PFNL, BasicSR's ``duf_downsample``): 13 taps, every fourth pixel
beginning with the first one. ``mmagic`` is that of upstream's data-set tools and the BD data of BasicVSR and TDAN: an
even kernel of 12 taps, hence a centre between two pixels, in the middle of each block of four as bicubic has it.
"""


def bicubic_downsample(image: np.ndarray, scale: float = 4) -> np.ndarray:
    """Shrink an image as MATLAB's ``imresize(image, 1 / scale)`` does: bicubic, a = -0.5, antialiased, symmetric.

    Args:
        image (ndarray): Shape (h, w) or (h, w, c), uint8 or floating point of any range.
        scale (float): How many times smaller, at least 1.

    Returns:
        ndarray: Shape (ceil(h / scale), ceil(w / scale)[, c]), dtype as it came. A size that ``scale`` does not divide
        is rounded up, as MATLAB does; crop to a multiple first where ``scale`` times the output must be the input.

    Raises:
        ValueError: If the image is no image of these kinds or ``scale`` is below 1.
    """
    _check_scale(scale)
    return _separable(image, lambda size: _bicubic_matrix(size, math.ceil(size / scale), scale))


def bicubic_upsample(image: np.ndarray, scale: float = 4) -> np.ndarray:
    """Enlarge an image as MATLAB's ``imresize(image, scale)`` does: bicubic, a = -0.5, symmetric border.

    Args:
        image (ndarray): Shape (h, w) or (h, w, c), uint8 or floating point of any range.
        scale (float): How many times larger, at least 1.

    Returns:
        ndarray: Shape (ceil(h * scale), ceil(w * scale)[, c]), dtype as it came.

    Raises:
        ValueError: If the image is no image of these kinds or ``scale`` is below 1.
    """
    _check_scale(scale)
    return _separable(image, lambda size: _bicubic_matrix(size, math.ceil(size * scale), 1 / scale))


def blur_downsample(
    image: np.ndarray,
    scale: int = 4,
    sigma: float = BD_SIGMA,
    kernel_size: int = 13,
    phase: float = 0.0,
    border: str = 'reflect',
) -> np.ndarray:
    """Blur an image with a Gaussian and keep every ``scale``-th pixel (BD).

    The default is DUF's convention: phase 0, so the output pixel ``j`` is centred on the input pixel ``scale * j``.

    Args:
        image (ndarray): Shape (h, w) or (h, w, c), uint8 or floating point of any range.
        scale (int): How many times smaller, at least 1.
        sigma (float): Standard deviation of the Gaussian in pixels of the input.
        kernel_size (int): Taps per direction; they are normalised to sum 1.
        phase (float): Where the first output pixel is centred, in pixels of the input. A whole number asks for an odd
            ``kernel_size``, a half one for an even.
        border (str): 'reflect' (the edge pixel is not repeated) or 'replicate'.

    Returns:
        ndarray: Shape (ceil(h / scale), ceil(w / scale)[, c]), dtype as it came.

    Raises:
        ValueError: If the image is no image of these kinds or an argument does not fit.
    """
    _check_scale(scale)
    if scale != int(scale):
        raise ValueError(f'scale must be a whole number to keep every scale-th pixel, but got {scale}')
    if sigma <= 0 or kernel_size < 1:
        raise ValueError(f'sigma and kernel_size must be positive, but got {sigma} and {kernel_size}')
    if (phase - (kernel_size - 1) / 2) % 1:
        raise ValueError(
            f'phase {phase} and kernel_size {kernel_size} put the taps between the pixels: a whole phase asks for an '
            'odd kernel_size, a half one for an even'
        )
    if border not in _BORDERS:
        raise ValueError(f"border must be one of {', '.join(_BORDERS)}, but got '{border}'")
    return _separable(image, lambda size: _gaussian_matrix(size, int(scale), sigma, kernel_size, phase, border))


def degradation_matrix(size: int, kind: str = 'BI', scale: int = 4, bd: str = 'duf') -> csr_array:
    """What a side of ``size`` pixels is multiplied by, from the left, to become low resolution.

    Args:
        size (int): Pixels of the side.
        kind (str): 'BI', as ``bicubic_downsample``, or 'BD', as ``blur_downsample`` with sigma 1.6.
        scale (int): How many times smaller.
        bd (str): Which BD, see ``BD_CONVENTIONS``.

    Returns:
        csr_array: Shape (ceil(size / scale), size), float64.

    Raises:
        ValueError: If there is no such degradation.
    """
    check_degradation(kind, bd)
    _check_scale(scale)
    if kind == 'BI':
        return _bicubic_matrix(size, math.ceil(size / scale), scale)
    convention = BD_CONVENTIONS[bd]
    return _gaussian_matrix(size, scale, BD_SIGMA, convention['kernel_size'], convention['phase'], convention['border'])


def filter_margin(kind: str = 'BI', scale: int = 4, bd: str = 'duf') -> int:
    """How far the filter of a low-resolution pixel reaches beyond its block, in pixels, rounded up to whole blocks.

    Args:
        kind (str): 'BI' or 'BD'.
        scale (int): How many times smaller.
        bd (str): Which BD, see ``BD_CONVENTIONS``.

    Raises:
        ValueError: If there is no such degradation.
    """
    check_degradation(kind, bd)
    if kind == 'BI':
        return 2 * scale
    convention = BD_CONVENTIONS[bd]
    reach, phase = (convention['kernel_size'] - 1) / 2, convention['phase']
    beyond = max(reach - phase, phase + reach - (scale - 1))
    return max(math.ceil(beyond / scale), 0) * scale


def check_degradation(kind: str, bd: str = 'duf') -> None:
    """Raise ``ValueError`` if there is no such degradation."""
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, but got '{kind}'")
    if bd not in BD_CONVENTIONS:
        raise ValueError(f"bd must be one of {', '.join(BD_CONVENTIONS)}, but got '{bd}'")


def _separable(image: np.ndarray, matrix: Callable[[int], csr_array]) -> np.ndarray:
    """Apply the matrix of each side's length to that side."""
    image = np.asarray(image)
    if image.ndim not in (2, 3) or 0 in image.shape:
        raise ValueError(f'an image has the shape (h, w) or (h, w, c), but got {image.shape}')
    if image.dtype != np.uint8 and not np.issubdtype(image.dtype, np.floating):
        raise ValueError(f'an image is uint8 or floating point, but got {image.dtype}')
    h, w = image.shape[:2]
    channels = image.shape[2] if image.ndim == 3 else 1
    # Rows first, as MATLAB does where both directions have the same scale: it settles on which side of .5 a value is.
    rows = matrix(h) @ image.reshape(h, w * channels).astype(np.float64)
    rows = rows.reshape(-1, w, channels).swapaxes(0, 1)
    columns = matrix(w) @ rows.reshape(w, -1)
    result = columns.reshape(columns.shape[0], -1, channels).swapaxes(0, 1)
    if image.dtype == np.uint8:
        result += 0.5  # and the cast cuts off
        np.clip(result, 0, 255, out=result)
    if image.ndim == 2:
        result = result[..., 0]
    return np.ascontiguousarray(result, dtype=image.dtype)


@lru_cache(maxsize=64)
def _bicubic_matrix(size: int, out_size: int, step: float) -> csr_array:
    """The (out_size, size) matrix of MATLAB's bicubic; ``step`` input pixels lie between two output pixels."""
    stretch = max(step, 1.0)  # antialiasing: the kernel is as wide in the smaller image as it is without
    centres = np.arange(out_size) * step + 0.5 * (step - 1)
    taps = np.floor(centres - 2 * stretch)[:, None].astype(int) + np.arange(math.ceil(4 * stretch) + 2)
    weights = _cubic((centres[:, None] - taps) / stretch)
    return _matrix(weights, _symmetric(taps, size), size)


@lru_cache(maxsize=64)
def _gaussian_matrix(size: int, scale: int, sigma: float, kernel_size: int, phase: float, border: str) -> csr_array:
    """The (ceil(size / scale), size) matrix of a Gaussian followed by decimation."""
    offsets = np.arange(kernel_size) - (kernel_size - 1) / 2
    centres = np.arange(0, size, scale) + phase
    taps = np.rint(centres[:, None] + offsets).astype(int)
    weights = np.broadcast_to(np.exp(-0.5 * (offsets / sigma) ** 2), taps.shape)
    return _matrix(weights, _BORDERS[border](taps, size), size)


def _matrix(weights: np.ndarray, taps: np.ndarray, size: int) -> csr_array:
    """The sparse matrix with the normalised ``weights`` of each row at its ``taps``."""
    weights = weights / weights.sum(axis=1, keepdims=True)
    rows = np.broadcast_to(np.arange(len(taps))[:, None], taps.shape)
    used = weights != 0
    return csr_array((weights[used], (rows[used], taps[used])), shape=(len(taps), size))


def _cubic(x: np.ndarray) -> np.ndarray:
    """Keys' cubic convolution kernel with a = -0.5 (Keys 1981, equation 15)."""
    x = np.abs(x)
    near = (1.5 * x - 2.5) * x**2 + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x <= 1, near, np.where(x <= 2, far, 0.0))


def _symmetric(index: np.ndarray, size: int) -> np.ndarray:
    """Mirror outside indices, the edge pixel repeated (MATLAB's ``symmetric``)."""
    index = index % (2 * size)
    return np.minimum(index, 2 * size - 1 - index)


def _reflect(index: np.ndarray, size: int) -> np.ndarray:
    """Mirror outside indices, the edge pixel not repeated."""
    index = index % max(2 * size - 2, 1)
    return np.minimum(index, 2 * size - 2 - index)


def _replicate(index: np.ndarray, size: int) -> np.ndarray:
    """Move outside indices to the nearest edge."""
    return np.clip(index, 0, size - 1)


_BORDERS = {'reflect': _reflect, 'replicate': _replicate}


def _check_scale(scale: float) -> None:
    if not scale >= 1:
        raise ValueError(f'scale must be at least 1, but got {scale}')
