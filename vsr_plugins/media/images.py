"""Reading images: their size without decoding, their pixels, and what is wrong with them."""

import re
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

IMAGE_SUFFIXES = frozenset(('.png', '.jpg', '.jpeg', '.webp', '.bmp', '.tif', '.tiff', '.ppm', '.pgm', '.jp2'))
# What Pillow raises on a damaged file, by format; SyntaxError is its word for a broken PNG.
_DAMAGED = (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError)
_EIGHT_BIT = frozenset(('1', 'L', 'LA', 'P', 'PA', 'RGB', 'RGBA', 'RGBX', 'CMYK', 'YCbCr', 'LAB', 'HSV'))
_ORIENTATION = 0x0112
_PNG = b'\x89PNG\r\n\x1a\n'
# Of little and of big endian, and the two of files that may be larger than 4 GB.
_TIFF = frozenset((b'II*\0', b'MM\0*', b'II+\0', b'MM\0+'))
_BITS_PER_SAMPLE = 258
# Kinds of PNM that say their greatest value.
_WITH_MAXIMUM = frozenset((b'P2', b'P3', b'P5', b'P6'))
# The first two markers of a JPEG 2000 codestream, start and size.
_CODESTREAM = b'\xff\x4f\xff\x51'


class UnreadableError(ValueError):
    """A source file cannot be read; the message names it and says why."""


@dataclass(frozen=True)
class ImageInfo:
    """What is known of an image without decoding it.

    Attributes:
        size: (h, w) in pixels, as it will be read.
        suffix: '.png' or '.jpg' if a loader reads the same pixels from the file as it is, else None.
    """

    size: tuple[int, int]
    suffix: str | None


def natural_key(name: str) -> tuple:
    """Sort key that puts frame 2 before frame 10."""
    return tuple(int(part) if part.isdigit() else part for part in re.split(r'(\d+)', name)), name


def list_images(folder: Path) -> list[Path]:
    """The images directly in ``folder``, hidden files aside, in natural order."""
    images = [p for p in folder.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES and not p.name.startswith('.')]
    return sorted(images, key=lambda path: natural_key(path.name))


def probe(path: Path) -> ImageInfo:
    """The size of an image and whether the file is all there.

    Raises:
        UnreadableError: If it is no image, not whole, or has more than 8 bits.
    """
    try:
        with Image.open(path) as image:
            _require_eight_bits(path, image)
            # Pillow decodes a whole PNG to look for what stands behind its pixels.
            looks = image.format != 'PNG' or 'exif' in image.info
            orientation = image.getexif().get(_ORIENTATION, 1) if looks else 1
            w, h = image.size if orientation < 5 else image.size[::-1]
            suffix = {'PNG': '.png', 'JPEG': '.jpg'}.get(image.format)
            keep = suffix if image.mode in ('RGB', 'L') and orientation in (0, 1) else None
            whole = _ends_properly(path, image.format)
    except UnidentifiedImageError:
        return ImageInfo(read_rgb(path).shape[:2], None)
    except UnreadableError:
        raise
    except _DAMAGED as error:
        raise _unreadable(path, error) from error
    if not whole:
        read_rgb(path)
    return ImageInfo((h, w), keep)


def read_rgb(path: Path) -> np.ndarray:
    """The pixels of an image, (h, w, 3) uint8, upright. Transparency is dropped, grey becomes three equal channels.

    Raises:
        UnreadableError: If it is no image, not whole, or has more than 8 bits.
    """
    try:
        with Image.open(path) as image:
            _require_eight_bits(path, image)
            return np.asarray(ImageOps.exif_transpose(image).convert('RGB'))
    except UnidentifiedImageError as error:
        # OpenCV reads formats that Pillow does not; where both can, Pillow is the one that tells a truncated file.
        image = cv2.imread(str(path), cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
        if image is None:
            raise _unreadable(path, 'not an image that Pillow or OpenCV reads') from error
        if image.dtype != np.uint8:
            raise _too_deep(path, image.dtype) from error
        return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    except UnreadableError:
        raise
    except _DAMAGED as error:
        raise _unreadable(path, error) from error


def read_rgb_deep(path: Path) -> np.ndarray:
    """As ``read_rgb``, but a PNG or TIFF of 16 bits is uint16, over all its range.

    Raises:
        UnreadableError: If it is no image, not whole, or another format of more than 8 bits.
    """
    with open(path, 'rb') as file:
        head = file.read(25)
    is_deep_png = head[:8] == _PNG and head[24:] == b'\x10'
    if not is_deep_png and head[:4] not in _TIFF:
        return read_rgb(path)
    # Pillow reads colours of 16 bits as 8.
    is_whole = not is_deep_png or _ends_properly(path, 'PNG')
    image = cv2.imread(str(path), cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH) if is_whole else None
    if image is None and is_deep_png:
        raise _unreadable(path, 'the PNG is not whole')
    if image is None or image.dtype == np.uint8:
        return read_rgb(path)
    if image.dtype != np.uint16:
        raise UnreadableError(f'{path}: pixels of 8 or 16 bits are expected, but got {image.dtype}')
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def encode_png(image: np.ndarray) -> bytes:
    """The PNG file of an (h, w, 3) RGB image, uint8 or uint16."""
    done, data = cv2.imencode('.png', cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    assert done
    return data.tobytes()


def _require_eight_bits(path: Path, image: Image.Image) -> None:
    bits = bits_per_channel(path, image)
    if bits > 8:
        raise _too_deep(path, f'{bits} bits a channel')
    if image.mode not in _EIGHT_BIT:
        raise _too_deep(path, f'Pillow mode {image.mode}')


def _too_deep(path: Path, found: object) -> UnreadableError:
    return UnreadableError(
        f'{path}: 8-bit pixels are expected, but got {found}; convert it first, as by ImageMagick: '
        f'magick {path.name} -depth 8 {path.stem}_8bit.png'
    )


def _ends_properly(path: Path, file_format: str | None) -> bool:
    """Whether the end of the file is where its format has it; False where only decoding can tell."""
    with open(path, 'rb') as file:
        head = file.read(12)
        size = file.seek(0, 2)
        file.seek(max(0, size - 64))
        tail = file.read()
    if file_format == 'PNG':
        return b'IEND' in tail
    if file_format == 'JPEG':
        return b'\xff\xd9' in tail
    if file_format == 'WEBP':
        return int.from_bytes(head[4:8], 'little') + 8 <= size
    return False


def _unreadable(path: Path, reason: object) -> UnreadableError:
    return UnreadableError(f'{path} ({path.stat().st_size if path.exists() else 0} bytes) cannot be read: {reason}')


def bits_per_channel(path: Path, image: Image.Image) -> int:
    """Bits of a channel by the header of the file, without decoding it; the largest where channels differ.

    Pillow does not tell them, and reads colours of 16 bits as 8.

    Args:
        path: The file.
        image: The same, opened by Pillow.
    """
    if image.format == 'TIFF':
        return max(image.tag_v2.get(_BITS_PER_SAMPLE, (1,)))
    if image.format == 'PNG':
        with open(path, 'rb') as file:
            return file.read(25)[24]
    if image.format == 'PPM':
        magic, *rest = re.sub(rb'#[^\r\n]*[\r\n]', b'', path.read_bytes()).split(maxsplit=4)
        return int(rest[2]).bit_length() if magic in _WITH_MAXIMUM else 8
    if image.format == 'JPEG2000':
        # After the markers: 36 bytes of sizes, the number of channels and three bytes for each, depth first, whose
        # highest bit says whether values are signed.
        size = path.read_bytes().partition(_CODESTREAM)[2]
        depths = size[38 : 38 + 3 * int.from_bytes(size[36:38], 'big') : 3]
        return max(((depth & 0x7F) + 1 for depth in depths), default=8)
    # JPEG, WebP and BMP, as far as Pillow reads them.
    return 8
