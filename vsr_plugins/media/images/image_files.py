"""Read images: size without decoding, pixels, and errors that name the damaged file."""

import contextlib
import re
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from ..frames import size_of
from .color_profiles import embed_in_png, grey_by_profile, rgb_by_profile
from .pillow_plugins import PILLOW_PLUGINS, plugin_of

if TYPE_CHECKING:
    from PIL.TiffImagePlugin import TiffImageFile

IMAGE_SUFFIXES = frozenset(
    (
        '.png',
        '.jpg',
        '.jpeg',
        '.webp',
        '.bmp',
        '.tif',
        '.tiff',
        '.ppm',
        '.pgm',
        '.jp2',
        '.tga',
        '.avif',
        *PILLOW_PLUGINS,
    )
)
# Exceptions that Pillow raises on damaged files, depending on the format; SyntaxError is for a broken PNG, RuntimeError
# for a broken JPEG XL.
DAMAGE_ERRORS = (OSError, SyntaxError, ValueError, EOFError, RuntimeError, Image.DecompressionBombError)
_EIGHT_BIT = frozenset(('1', 'L', 'LA', 'P', 'PA', 'RGB', 'RGBA', 'RGBX', 'CMYK', 'YCbCr', 'LAB', 'HSV'))
# By Pillow's names.
_SUFFIXES = {
    **{name: f'.{name.lower()}' for name in ('PNG', 'WEBP', 'GIF', 'BMP', 'AVIF')},
    **{'JPEG': '.jpg', 'MPO': '.jpg', 'TIFF': '.tif', 'PPM': '.ppm', 'JPEG2000': '.jp2'},
}
_ORIENTATION = 0x0112
_PNG = b'\x89PNG\r\n\x1a\n'
# Little and big endian, and the two variants for files above 4 GB.
_TIFF = frozenset((b'II*\0', b'MM\0*', b'II+\0', b'MM\0+'))
_BITS_PER_SAMPLE = 258
# Kinds of PNM whose header has a maximum value.
_WITH_MAXIMUM = frozenset((b'P2', b'P3', b'P5', b'P6'))
# The first two markers of a JPEG 2000 codestream, start and size.
_CODESTREAM = b'\xff\x4f\xff\x51'


class UnreadableError(ValueError):
    """A source file cannot be read; the message names the file and the reason."""


@dataclass(frozen=True)
class ImageInfo:
    """Properties of an image known without decoding it.

    Attributes:
        size: (h, w) in pixels, after orientation.
        suffix: '.png' or '.jpg' if a loader reads the same pixels from the unchanged file, else None.
        has_alpha: Whether it holds opacity.
    """

    size: tuple[int, int]
    suffix: str | None
    has_alpha: bool = False


@dataclass(frozen=True)
class Picture:
    """A decoded image.

    Attributes:
        pixels: (h, w, 3) RGB, uint8 or uint16, upright.
        alpha: (h, w) opacity, of the same type; None if the file has none.
        icc_profile: ICC profile of the colours, for RGB; None without.
    """

    pixels: np.ndarray
    alpha: np.ndarray | None = None
    icc_profile: bytes | None = None


def natural_key(name: str) -> tuple:
    """Sort key that puts frame 2 before frame 10."""
    return tuple(int(part) if part.isdigit() else part for part in re.split(r'(\d+)', name)), name


def list_images(folder: Path) -> list[Path]:
    """List the images directly in ``folder``, without hidden files, in natural order."""
    images = [p for p in folder.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES and not p.name.startswith('.')]
    return sorted(images, key=lambda path: natural_key(path.name))


def probe(path: Path, any_depth: bool = False) -> ImageInfo:
    """Return the size of an image, and check that the file is complete.

    Args:
        path: The file.
        any_depth: Accept more than 8 bits.

    Raises:
        UnreadableError: If the file is not an image, is truncated, or has more than 8 bits.
    """
    try:
        with open_image(path) as image:
            if not any_depth:
                _require_eight_bits(path, image)
            orientation = _orientation_of(image)
            # Pillow gives the size of a TIFF after orientation.
            w, h = image.size if orientation < 5 or image.format == 'TIFF' else image.size[::-1]
            suffix = {'PNG': '.png', 'JPEG': '.jpg'}.get(image.format)
            keep = suffix if image.mode in ('RGB', 'L') and orientation in (0, 1) else None
            has_alpha = _has_alpha(image)
            is_complete = _has_proper_end(path, image.format)
    except UnidentifiedImageError:
        return ImageInfo(size_of(read_picture(path).pixels if any_depth else read_rgb(path)), None)
    except UnreadableError:
        raise
    except DAMAGE_ERRORS as error:
        raise _unreadable(path, error) from error
    if not is_complete:  # these raise if it is truncated
        read_picture(path) if any_depth else read_rgb(path)
    return ImageInfo((h, w), keep, has_alpha)


def open_image(path: Path) -> Image.Image:
    """Open an image with Pillow, which needs a package of its own for some formats.

    Raises:
        UnreadableError: If the package is missing.
        UnidentifiedImageError: If Pillow does not know the format.
        OSError: If the file cannot be read.
    """
    plugin = plugin_of(path)
    if plugin is not None and not plugin.is_there():
        raise UnreadableError(f'{path} cannot be read: Pillow needs a package for it: pip install {plugin.package}')
    image = Image.open(path)
    if image.format == 'TIFF' and _orientation_of(image) >= 5:
        # Pillow mistakes height for width where it maps such a file into memory.
        image.close()
        return Image.open(BytesIO(path.read_bytes()))
    return image


def image_suffix(path: Path) -> str:
    """Return the suffix for the content of a file without one, such as ``.png``; '' if it is no image."""
    try:
        if (plugin := plugin_of(path)) is not None:
            return next(suffix for suffix, one in PILLOW_PLUGINS.items() if one is plugin)
        with Image.open(path) as image:
            return _SUFFIXES.get(image.format or '', '')
    except DAMAGE_ERRORS:
        return ''


def read_rgb(path: Path) -> np.ndarray:
    """Read an image as (h, w, 3) uint8, upright. Transparency is dropped, grey becomes three equal channels.

    Raises:
        UnreadableError: If the file is not an image, is truncated, or has more than 8 bits.
    """
    try:
        with open_image(path) as image:
            _require_eight_bits(path, image)
            return np.asarray(ImageOps.exif_transpose(image).convert('RGB'))
    except UnidentifiedImageError as error:
        # OpenCV reads formats that Pillow does not; Pillow comes first because it detects truncated files.
        image = cv2.imread(str(path), cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
        if image is None:
            raise _unreadable(path, 'neither Pillow nor OpenCV recognises an image') from error
        if image.dtype != np.uint8:
            raise _too_deep(path, image.dtype) from error
        return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    except UnreadableError:
        raise
    except DAMAGE_ERRORS as error:
        raise _unreadable(path, error) from error


def read_rgb_deep(path: Path) -> np.ndarray:
    """Read an image like ``read_rgb``, but return a 16-bit PNG or TIFF as uint16 over its full range.

    Raises:
        UnreadableError: If the file is not an image, is truncated, or is of another format with more than 8 bits.
    """
    return read_picture(path).pixels


def read_picture(path: Path) -> Picture:
    """Read an image with its opacity and its ICC profile; a 16-bit PNG or TIFF as uint16 over its full range.

    Colours that are not RGB, such as CMYK, are converted by their profile to sRGB.

    Raises:
        UnreadableError: If the file is not an image, is truncated, or is of another format with more than 8 bits.
    """
    with open(path, 'rb') as file:
        head = file.read(26)
    is_deep_png = head[:8] == _PNG and head[24:25] == b'\x10'
    if is_deep_png or head[:4] in _TIFF:
        is_complete = not is_deep_png or _has_proper_end(path, 'PNG')
        picture = _read_deep(path) if is_complete else None
        if picture is not None:
            return picture
        if is_deep_png:
            raise _unreadable(path, 'the PNG is truncated')
    try:
        with open_image(path) as image:
            _require_eight_bits(path, image)
            return to_picture(ImageOps.exif_transpose(image))
    except UnidentifiedImageError:
        return Picture(read_rgb(path))
    except UnreadableError:
        raise
    except DAMAGE_ERRORS as error:
        raise _unreadable(path, error) from error


def to_picture(image: Image.Image) -> Picture:
    """Convert an image of Pillow with at most 8 bits a channel."""
    profile = image.info.get('icc_profile') or None
    kept = _if_rgb(profile)
    pixels = rgb_by_profile(image, profile) if profile is not None and kept is None else None
    if _has_alpha(image):
        rgba = np.asarray(image.convert('RGBA'))
        return Picture(np.ascontiguousarray(rgba[..., :3]) if pixels is None else pixels, rgba[..., 3].copy(), kept)
    return Picture(np.asarray(image.convert('RGB')) if pixels is None else pixels, None, kept)


def _has_alpha(image: Image.Image) -> bool:
    return image.mode in ('RGBA', 'LA', 'PA', 'RGBa', 'La') or 'transparency' in image.info


def read_deep_page(path: Path, number: int, profile: bytes | None = None) -> Picture:
    """Read a page of a 16-bit TIFF, whose colours Pillow reads as 8 bits.

    Args:
        path: The file.
        number: Number of the page, from 0.
        profile: ICC profile of the page.

    Raises:
        UnreadableError: If the page cannot be read, or has not 16 bits.
    """
    done, pages = cv2.imreadmulti(str(path), number, 1, flags=cv2.IMREAD_UNCHANGED)
    if not done or len(pages) != 1 or pages[0].dtype != np.uint16:
        raise UnreadableError(f'{path} cannot be read at picture {number}: pages of 8 or 16 bits are expected')
    page = pages[0] if pages[0].ndim == 3 else np.dstack([pages[0]] * 3)
    alpha = page[..., 3].copy() if page.shape[2] == 4 else None
    return _deep_picture(page[..., :3], alpha, profile)


def _deep_picture(bgr: np.ndarray, alpha: np.ndarray | None, profile: bytes | None, orientation: int = 1) -> Picture:
    """What OpenCV read of 16 bits, upright; grey has a profile of its own."""
    if profile is not None and _if_rgb(profile) is None and (bgr == bgr[..., :1]).all():
        bgr = np.dstack([grey_by_profile(bgr[..., 0].copy(), profile)] * 3)
    pixels = _upright(bgr[..., ::-1], orientation)
    return Picture(pixels, None if alpha is None else _upright(alpha, orientation), _if_rgb(profile))


def _read_deep(path: Path) -> Picture | None:
    """Read a 16-bit PNG or TIFF, whose colours Pillow reads as 8 bits; None if it has 8 bits or cannot be read."""
    content, orientation = _with_rows_as_stored(path.read_bytes())
    data = np.frombuffer(content, np.uint8)
    image = cv2.imdecode(data, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION)
    if image is None or image.dtype == np.uint8:
        return None
    if image.dtype != np.uint16:
        raise UnreadableError(f'{path}: pixels of 8 or 16 bits are expected, but got {image.dtype}')
    # This ignores orientation, too.
    full, alpha, profile, transparent = cv2.imdecode(data, cv2.IMREAD_UNCHANGED), None, None, None
    with contextlib.suppress(UnidentifiedImageError), open_image(path) as header:
        profile, transparent = header.info.get('icc_profile'), header.info.get('transparency')
        orientation = _orientation_of(header) if orientation is None else orientation
    if full is not None and full.ndim == 3 and full.shape[2] == 4:
        alpha = full[..., 3]
    elif full is not None and full.ndim == 2 and transparent is not None:
        # OpenCV omits the grey that is transparent.
        alpha = np.where(full == transparent, 0, 65535).astype(np.uint16)
    return _deep_picture(image, alpha, profile, orientation or 1)


def _with_rows_as_stored(content: bytes) -> tuple[bytes, int | None]:
    """Return the content of a TIFF with its orientation, and with 1 for it; None for other formats.

    OpenCV turns a TIFF of 16 bits, but not always to the right side.
    """
    if content[:4] not in _TIFF:
        return content, None
    order: Literal['little', 'big'] = 'little' if content[:1] == b'I' else 'big'
    # Where the first directory is stated, the sizes of that and of its count, and the size of an entry.
    at, wide, counts, entry = (8, 8, 8, 20) if content[2:4] in (b'+\0', b'\0+') else (4, 4, 2, 12)
    begin = int.from_bytes(content[at : at + wide], order)
    count = int.from_bytes(content[begin : begin + counts], order)
    for number in range(count):
        here = begin + counts + number * entry
        value = here + entry - wide
        if int.from_bytes(content[here : here + 2], order) == _ORIENTATION:
            orientation = int.from_bytes(content[value : value + 2], order)
            return content[:value] + (1).to_bytes(2, order) + content[value + 2 :], orientation
    return content, 1


def _orientation_of(image: Image.Image) -> int:
    # Pillow decodes a complete PNG to find chunks after its pixels.
    may_have_exif = image.format != 'PNG' or 'exif' in image.info
    return image.getexif().get(_ORIENTATION, 1) if may_have_exif else 1


def _upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Turn pixels, (h, w) or (h, w, c), by the number that EXIF and TIFF have for their orientation."""
    turned = pixels.swapaxes(0, 1) if 5 <= orientation <= 8 else pixels
    down, right = -1 if orientation in (3, 4, 7, 8) else 1, -1 if orientation in (2, 3, 6, 7) else 1
    return np.ascontiguousarray(turned[::down, ::right])


def _if_rgb(profile: bytes | None) -> bytes | None:
    # Bytes 16 to 20 of a profile name its colours.
    return profile if profile is not None and profile[16:20] == b'RGB ' else None


def encode_png(image: np.ndarray, alpha: np.ndarray | None = None, icc_profile: bytes | None = None) -> bytes:
    """Encode an (h, w, 3) RGB image, uint8 or uint16, as the content of a PNG file.

    Args:
        image: The pixels.
        alpha: (h, w) opacity of the same type; None for an opaque image.
        icc_profile: ICC profile to embed.
    """
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    done, data = cv2.imencode('.png', bgr if alpha is None else np.dstack((bgr, alpha)))
    assert done
    png = data.tobytes()
    if icc_profile is None:
        return png
    # OpenCV cannot embed a profile, and Pillow cannot write 16 bits.
    return embed_in_png(png, icc_profile)


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


def _has_proper_end(path: Path, file_format: str | None) -> bool:
    """Whether the file ends with the end marker of its format; False if only decoding can decide."""
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
    """Read the bits per channel from the header of a file, without decoding it; the maximum if channels differ.

    Pillow does not report them, and reads 16-bit colours as 8 bits.

    Args:
        path: The file.
        image: The same file, opened by Pillow.
    """
    if image.format == 'TIFF':
        return max(cast('TiffImageFile', image).tag_v2.get(_BITS_PER_SAMPLE, (1,)))
    if image.format == 'PNG':
        with open(path, 'rb') as file:
            return file.read(25)[24]
    if image.format == 'PPM':
        magic, *rest = re.sub(rb'#[^\r\n]*[\r\n]', b'', path.read_bytes()).split(maxsplit=4)
        return int(rest[2]).bit_length() if magic in _WITH_MAXIMUM else 8
    if image.format == 'JPEG2000':
        # After the markers: 36 bytes of sizes, the number of channels and three bytes for each. The first is the depth;
        # its highest bit is set if values are signed.
        size = path.read_bytes().partition(_CODESTREAM)[2]
        depths = size[38 : 38 + 3 * int.from_bytes(size[36:38], 'big') : 3]
        return max(((depth & 0x7F) + 1 for depth in depths), default=8)
    # JPEG, WebP and BMP: Pillow reads no variants with more bits.
    return 8
