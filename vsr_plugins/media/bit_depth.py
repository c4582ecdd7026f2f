"""How many bits a channel has in an image file. Pillow does not say it, and reads colours of 16 bits as 8."""

import re
from pathlib import Path

from PIL import Image

_BITS_PER_SAMPLE = 258
_WITH_MAXIMUM = frozenset((b'P2', b'P3', b'P5', b'P6'))
# The first two markers of a JPEG 2000 codestream, start and size.
_CODESTREAM = b'\xff\x4f\xff\x51'


def bits_per_channel(path: Path, image: Image.Image) -> int:
    """What the file says, without decoding it; the largest where channels differ.

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
