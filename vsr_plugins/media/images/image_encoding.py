"""Encode single images in the format of a file's suffix."""

import logging
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from ..alpha import composite
from .color_profiles import WITH_PROFILE, convert_rgb
from .image_files import encode_png
from .pillow_plugins import PILLOW_PLUGINS

logger = logging.getLogger(__name__)

DEEP = ('.png', '.tif', '.tiff')
WITH_ALPHA = ('.png', '.tif', '.tiff', '.webp', '.tga', '.avif', '.jp2', *PILLOW_PLUGINS)
# Longest side of images and animations, in pixels.
MAX_SIDES = {'.webp': 16383, '.jpg': 65500, '.jpeg': 65500, '.gif': 65535, '.tga': 65535}
# Visually near lossless.
SAVE_OPTIONS: dict[str, dict[str, int]] = {
    '.jpg': {'quality': 95, 'subsampling': 0},
    '.jpeg': {'quality': 95, 'subsampling': 0},
    '.webp': {'quality': 95, 'method': 4},
    '.avif': {'quality': 90},
    '.jxl': {'quality': 95},
    **dict.fromkeys(('.heic', '.heif', '.hif'), {'quality': 90, 'chroma': 444}),
}


def can_write_image(suffix: str) -> bool:
    """Whether an image of this suffix, such as ``.jpg``, can be written."""
    suffix = suffix.lower()
    if suffix in PILLOW_PLUGINS and not PILLOW_PLUGINS[suffix].is_there():
        return False
    return suffix == '.png' or Image.registered_extensions().get(suffix) in Image.SAVE


def encode_image(
    suffix: str,
    pixels: np.ndarray,
    alpha: np.ndarray | None = None,
    icc_profile: bytes | None = None,
    background: tuple[int, int, int] = (0, 0, 0),
) -> bytes:
    """Encode an image in the format of a suffix.

    A format without opacity gets the image over ``background``, a format of 8 bits the upper 8 of 16 bits, a format
    without profiles the colours in sRGB.

    Args:
        suffix: Such as ``.jpg``.
        pixels: (h, w, 3) RGB, uint8 or uint16.
        alpha: (h, w) opacity of the same type.
        icc_profile: ICC profile to embed.
        background: RGB of 8 bits.
    """
    suffix = suffix.lower()
    if suffix == '.png':
        return encode_png(pixels, alpha, icc_profile)
    if pixels.dtype == np.uint16 and suffix not in DEEP:
        logger.warning('%s files have 8 of the 16 bits of the source; use .png', suffix)
        pixels = (pixels / 257).round().astype(np.uint8)
        alpha = None if alpha is None else (alpha / 257).round().astype(np.uint8)
    if icc_profile is not None and suffix not in WITH_PROFILE:
        converted = convert_rgb(pixels, icc_profile)
        if converted is None:
            logger.warning(
                '%s files hold no ICC profile, and the colours of that of the source are not converted', suffix
            )
        pixels, icc_profile = pixels if converted is None else converted, None
    if alpha is not None and suffix not in WITH_ALPHA:
        if alpha.min() < np.iinfo(alpha.dtype).max:
            logger.warning('%s files have no transparency: the image is composited over %s', suffix, background)
        pixels, alpha = composite(pixels, alpha, background), None
    if pixels.dtype == np.uint16:
        bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
        done, data = cv2.imencode(suffix, bgr if alpha is None else np.dstack((bgr, alpha)))
        assert done
        if icc_profile is not None:
            logger.warning('the ICC profile is not kept in %s files of 16 bits; use .png', suffix)
        return data.tobytes()
    image = Image.fromarray(pixels if alpha is None else np.dstack((pixels, alpha)))
    if suffix == '.pgm':
        image = image.convert('L')
    options: dict[str, int | bytes] = {**SAVE_OPTIONS.get(suffix, {})}
    if icc_profile is not None:
        options['icc_profile'] = icc_profile
    content = BytesIO()
    image.save(content, Image.registered_extensions()[suffix], **options)
    return content.getvalue()


def check_image(path: Path) -> None:
    """Raise if an image cannot be written to a path.

    Raises:
        ValueError: If no package can write this format.
    """
    if not can_write_image(path.suffix):
        plugin = PILLOW_PLUGINS.get(path.suffix.lower())
        hint = 'use .png, .jpg, .webp or .tif' if plugin is None else f'pip install {plugin.package}'
        raise ValueError(f'{path}: images of the kind {path.suffix} cannot be written; {hint}')


def check_size(path: Path, size: tuple[int, int]) -> None:
    """Raise if an image or an animation at a path cannot have a size.

    Raises:
        ValueError: If a side of ``size`` (h, w) is too long for the format.
    """
    longest = MAX_SIDES.get(path.suffix.lower(), max(size))
    if max(size) > longest:
        raise ValueError(
            f'{path}: sides of {path.suffix} files have at most {longest} pixels, but got {size[1]}x{size[0]}'
        )
