"""Compute low resolution: MATLAB's bicubic (BI), and Gaussian blur followed by decimation (BD).

Both are linear and separable, so each is two sparse matrices, one for the rows and one for the columns, cached by size.
All is computed in float64; 8-bit images are rounded half up and clipped, floating-point images are neither.

Convention:
    Images are (h, w) or (h, w, c). Coordinates are in pixels of the high resolution, 0 is the centre of the first
    pixel. The low-resolution pixel ``j`` of ``bicubic_downsample`` is centred at ``scale * j + (scale - 1) / 2``, the
    middle of its block. That of ``blur_downsample`` is centred at ``scale * j + phase``, and **two phases are in
    circulation**, 1.5 pixels apart at x4: a network trained on one and tested on the other loses decibels. See
    ``BD_CONVENTIONS``.
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

``duf`` is that of DUF and its successors (PFNL, BasicSR's ``duf_downsample``): 13 taps, every fourth pixel from the
first one on. ``mmagic`` is that of upstream's data-set tools and the BD data of BasicVSR and TDAN: an even kernel of 12
taps, so its centre is between two pixels, in the middle of each block of four as with bicubic.
"""


def bicubic_downsample(image: np.ndarray, scale: float = 4) -> np.ndarray:
    """Downsample an image as MATLAB's ``imresize(image, 1 / scale)``: bicubic, a = -0.5, antialiased, symmetric.

    Args:
        image (ndarray): Shape (h, w) or (h, w, c), uint8 or floating point of any range.
        scale (float): Ratio of input to output size, at least 1.

    Returns:
        ndarray: Shape (ceil(h / scale), ceil(w / scale)[, c]), dtype of the input. A size that is not a multiple of
        ``scale`` is rounded up, as in MATLAB; crop to a multiple first if ``scale`` times the output must be the input.

    Raises:
        ValueError: If the image has another shape or dtype, or ``scale`` is below 1.
    """
    _check_scale(scale)
    return _separable(image, lambda size: _bicubic_matrix(size, math.ceil(size / scale), scale))


def bicubic_upsample(image: np.ndarray, scale: float = 4) -> np.ndarray:
    """Upsample an image as MATLAB's ``imresize(image, scale)``: bicubic, a = -0.5, symmetric border.

    Args:
        image (ndarray): Shape (h, w) or (h, w, c), uint8 or floating point of any range.
        scale (float): Upscaling factor, at least 1.

    Returns:
        ndarray: Shape (ceil(h * scale), ceil(w * scale)[, c]), dtype of the input.

    Raises:
        ValueError: If the image has another shape or dtype, or ``scale`` is below 1.
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
        scale (int): Ratio of input to output size, at least 1.
        sigma (float): Standard deviation of the Gaussian in pixels of the input.
        kernel_size (int): Taps per direction; they are normalised to sum 1.
        phase (float): Centre of the first output pixel, in pixels of the input. An integer needs an odd
            ``kernel_size``, a half-integer an even one.
        border (str): 'reflect' (the edge pixel is not repeated) or 'replicate'.

    Returns:
        ndarray: Shape (ceil(h / scale), ceil(w / scale)[, c]), dtype of the input.

    Raises:
        ValueError: If the image has another shape or dtype, or an argument is invalid.
    """
    _check_scale(scale)
    if scale != int(scale):
        raise ValueError(f'scale must be an integer to keep every scale-th pixel, but got {scale}')
    if sigma <= 0 or kernel_size < 1:
        raise ValueError(f'sigma and kernel_size must be positive, but got {sigma} and {kernel_size}')
    if (phase - (kernel_size - 1) / 2) % 1:
        raise ValueError(
            f'phase {phase} and kernel_size {kernel_size} place the taps between pixels: an integer phase needs an odd '
            'kernel_size, a half-integer an even one'
        )
    if border not in _BORDERS:
        raise ValueError(f"border must be one of {', '.join(_BORDERS)}, but got '{border}'")
    return _separable(image, lambda size: _gaussian_matrix(size, int(scale), sigma, kernel_size, phase, border))


def degrade(image: np.ndarray, kind: str = 'BI', scale: int = 4, bd: str = 'duf') -> np.ndarray:
    """Compute low resolution by the name of the degradation.

    Args:
        image (ndarray): Shape (h, w) or (h, w, c), uint8 or floating point of any range.
        kind (str): 'BI' for ``bicubic_downsample``, or 'BD' for ``blur_downsample`` with sigma 1.6.
        scale (int): Ratio of high to low resolution.
        bd (str): Convention of BD, see ``BD_CONVENTIONS``.

    Returns:
        ndarray: Shape (ceil(h / scale), ceil(w / scale)[, c]) and dtype of the input.

    Raises:
        ValueError: If the degradation does not exist, or the image is invalid.
    """
    return _separable(image, lambda size: degradation_matrix(size, kind, scale, bd))


def degradation_matrix(size: int, kind: str = 'BI', scale: int = 4, bd: str = 'duf') -> csr_array:
    """Return the matrix that downsamples a side of ``size`` pixels by multiplication from the left.

    Args:
        size (int): Pixels of the side.
        kind (str): 'BI', as ``bicubic_downsample``, or 'BD', as ``blur_downsample`` with sigma 1.6.
        scale (int): Ratio of input to output size.
        bd (str): Convention of BD, see ``BD_CONVENTIONS``.

    Returns:
        csr_array: Shape (ceil(size / scale), size), float64.

    Raises:
        ValueError: If the degradation does not exist.
    """
    check_degradation(kind, bd)
    _check_scale(scale)
    if kind == 'BI':
        return _bicubic_matrix(size, math.ceil(size / scale), scale)
    convention = BD_CONVENTIONS[bd]
    return _gaussian_matrix(size, scale, BD_SIGMA, convention['kernel_size'], convention['phase'], convention['border'])


def filter_margin(kind: str = 'BI', scale: int = 4, bd: str = 'duf') -> int:
    """Receptive field of a low-resolution pixel beyond its block, in pixels on each side, rounded up to whole blocks.

    Args:
        kind (str): 'BI' or 'BD'.
        scale (int): Ratio of input to output size.
        bd (str): Convention of BD, see ``BD_CONVENTIONS``.

    Raises:
        ValueError: If the degradation does not exist.
    """
    check_degradation(kind, bd)
    if kind == 'BI':
        return 2 * scale
    convention = BD_CONVENTIONS[bd]
    radius, phase = (convention['kernel_size'] - 1) / 2, convention['phase']
    beyond = max(radius - phase, phase + radius - (scale - 1))
    return max(math.ceil(beyond / scale), 0) * scale


def check_degradation(kind: str, bd: str = 'duf') -> None:
    """Raise ``ValueError`` if the degradation does not exist."""
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, but got '{kind}'")
    if bd not in BD_CONVENTIONS:
        raise ValueError(f"bd must be one of {', '.join(BD_CONVENTIONS)}, but got '{bd}'")


def _separable(image: np.ndarray, matrix: Callable[[int], csr_array]) -> np.ndarray:
    """Apply to each side the matrix for its length."""
    image = np.asarray(image)
    if image.ndim not in (2, 3) or 0 in image.shape:
        raise ValueError(f'an image must have the shape (h, w) or (h, w, c), but got {image.shape}')
    if image.dtype != np.uint8 and not np.issubdtype(image.dtype, np.floating):
        raise ValueError(f'an image must be uint8 or floating point, but got {image.dtype}')
    h, w = image.shape[:2]
    channels = image.shape[2] if image.ndim == 3 else 1
    # Rows first, as MATLAB for equal scales: the order decides on which side of .5 a value is.
    rows = matrix(h) @ image.reshape(h, w * channels).astype(np.float64)
    rows = rows.reshape(-1, w, channels).swapaxes(0, 1)
    columns = matrix(w) @ rows.reshape(w, -1)
    result = columns.reshape(columns.shape[0], -1, channels).swapaxes(0, 1)
    if image.dtype == np.uint8:
        result += 0.5  # the cast truncates
        np.clip(result, 0, 255, out=result)
    if image.ndim == 2:
        result = result[..., 0]
    return np.ascontiguousarray(result, dtype=image.dtype)


@lru_cache(maxsize=64)
def _bicubic_matrix(size: int, out_size: int, step: float) -> csr_array:
    """Return the (out_size, size) matrix of MATLAB's bicubic; output pixels are ``step`` input pixels apart."""
    stretch = max(step, 1.0)  # antialiasing: the kernel keeps its width in pixels of the smaller image
    centres = np.arange(out_size) * step + 0.5 * (step - 1)
    taps = np.floor(centres - 2 * stretch)[:, None].astype(int) + np.arange(math.ceil(4 * stretch) + 2)
    weights = _cubic((centres[:, None] - taps) / stretch)
    return _matrix(weights, _symmetric(taps, size), size)


@lru_cache(maxsize=64)
def _gaussian_matrix(size: int, scale: int, sigma: float, kernel_size: int, phase: float, border: str) -> csr_array:
    """Return the (ceil(size / scale), size) matrix of a Gaussian followed by decimation."""
    offsets = np.arange(kernel_size) - (kernel_size - 1) / 2
    centres = np.arange(0, size, scale) + phase
    taps = np.rint(centres[:, None] + offsets).astype(int)
    weights = np.broadcast_to(np.exp(-0.5 * (offsets / sigma) ** 2), taps.shape)
    return _matrix(weights, _BORDERS[border](taps, size), size)


def _matrix(weights: np.ndarray, taps: np.ndarray, size: int) -> csr_array:
    """Return the sparse matrix with the normalised ``weights`` of each row at its ``taps``."""
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
