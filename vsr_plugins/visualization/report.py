"""Write a self-contained HTML page that compares versions of a clip."""

import base64
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from ..media.atomic_files import atomic_write

TEMPLATE = Path(__file__).with_name('report.html')
PLACE = '/*DATA*/'
KIND = 'data:image/webp;base64,'
# A page of more bytes loads slowly; its pictures are coded with loss.
MAX_LOSSLESS_BYTES = 60_000_000
LOSSY_QUALITY = 92


@dataclass(frozen=True)
class Version:
    """A version of the clip.

    Attributes:
        name: Its name.
        size: (h, w) of its frames.
        times: Presentation time of each frame in seconds.
        scores: Metric -> value of each frame.
    """

    name: str
    size: tuple[int, int]
    times: Sequence[float]
    scores: dict[str, Sequence[float]] = field(default_factory=dict)


def write_report(
    path: Path, versions: Iterable[tuple[Version, Iterable[np.ndarray]]], protocol: str, is_lossless: bool
) -> None:
    """Write the page; at most one frame is in memory.

    Args:
        path: File to write.
        versions: Each version and its frames, (h, w, 3) uint8 RGB.
        protocol: Name of the protocol of the scores.
        is_lossless: Whether pictures are coded without loss.
    """
    head, tail = TEMPLATE.read_text(encoding='utf-8').split(PLACE)
    with atomic_write(path) as partial, open(partial, 'w', encoding='utf-8') as file:
        file.write(head + '{"kind":' + _json(KIND) + ',"protocol":' + _json(protocol) + ',"versions":[')
        for number, (version, frames) in enumerate(versions):
            height, width = version.size
            about = {
                'name': version.name,
                'width': width,
                'height': height,
                'times': [round(time, 6) for time in version.times],
                # JSON has no infinity, which is the PSNR of equal frames.
                'scores': {
                    name: [value if math.isfinite(value) else 100.0 for value in values]
                    for name, values in version.scores.items()
                },
            }
            file.write((',' if number else '') + _json(about)[:-1] + ',"frames":[')
            for index, frame in enumerate(frames):
                content = base64.b64encode(encode_webp(frame, is_lossless)).decode()
                file.write((',"' if index else '"') + content + '"')
            file.write(']}')
        file.write(']}' + tail)


def encode_webp(frame: np.ndarray, is_lossless: bool) -> bytes:
    """Encode (h, w, 3) uint8 RGB as WebP, which every browser shows."""
    content = BytesIO()
    options = {'lossless': True, 'quality': 40, 'method': 2} if is_lossless else {'quality': LOSSY_QUALITY, 'method': 2}
    Image.fromarray(frame).save(content, 'WEBP', **options)
    return content.getvalue()


def _json(value: object) -> str:
    # A page's script ends at the first </script>, wherever it stands.
    return json.dumps(value).replace('</', '<\\/')
