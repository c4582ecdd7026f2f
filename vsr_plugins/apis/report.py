"""Compare versions of a clip, of any size and length, in a self-contained HTML page."""

import logging
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

import numpy as np

from ..evaluation.protocols import Protocol, get_protocol
from ..evaluation.scores import score_frame
from ..media.atomic_files import require_output
from ..media.frames import in_8_bits
from ..media.reading.image_reader import ImageReader
from ..media.reading.video_reader import VideoReader
from ..visualization.report import MAX_LOSSLESS_BYTES, Version, encode_webp, write_report
from .compared import TRUTH, open_versions, with_truth

logger = logging.getLogger(__name__)

SUFFIXES = ('.html', '.htm')
MAX_FRAMES = 300
METRICS = ('PSNR', 'SSIM')


def write_comparison_page(
    methods: Mapping[str, str | Path],
    out: str | Path,
    against: str | Path | None = None,
    protocol: Protocol | None = None,
    overwrite: bool = False,
) -> list[Version]:
    """Write a page with a slider between two versions, synchronised zoom, frame scrubber, profiles and curves.

    Versions may differ in size and length: frames are matched by their times, and shown at the size of the largest.
    Versions of the size of the ground truth have PSNR and SSIM of each frame. At most ``MAX_FRAMES`` frames are taken.

    Args:
        methods: Video, folder of frames or pattern by name.
        out: File to write.
        against: Ground truth, shown last.
        protocol: Protocol of the scores; by default ``basicvsr``.
        overwrite: Replace an existing file.

    Returns:
        What the page says of each version.

    Raises:
        FileNotFoundError: If a path is missing.
        FileExistsError: If the file exists and ``overwrite`` is off.
        ValueError: If there is only one version, one cannot be read, the suffix of ``out`` is not that of a page, or
            ``out`` is one of the inputs.
    """
    out, protocol = Path(out), protocol or get_protocol('basicvsr')
    require_output(out, overwrite, SUFFIXES)
    readers = open_versions(with_truth(methods, against), out)
    versions = {name: _measure(name, readers, protocol) for name in readers}
    total = sum(
        len(encode_webp(next(_frames(reader))[1], True)) * len(versions[name].times) for name, reader in readers.items()
    )
    is_lossless = total * 4 / 3 <= MAX_LOSSLESS_BYTES
    if not is_lossless:
        logger.warning('the page would have %.0f MB: its pictures are coded with loss; scores are not', total / 75e4)
    out.parent.mkdir(parents=True, exist_ok=True)
    frames = ((versions[name], (pixels for _, pixels in _frames(reader))) for name, reader in readers.items())
    write_report(out, frames, protocol.name, is_lossless)
    return list(versions.values())


def _frames(reader: VideoReader | ImageReader) -> Iterator[tuple[float, np.ndarray]]:
    """Yield the time in seconds, from 0, and the pixels of the first frames, all of one size."""
    first = None
    for frame in islice(reader.frames(), MAX_FRAMES):
        first = frame.pts if first is None else first
        if frame.pixels.shape[:2] == reader.info.size:
            yield float((frame.pts - first) * reader.info.time_base), in_8_bits(frame.pixels)


def _measure(name: str, readers: Mapping[str, VideoReader | ImageReader], protocol: Protocol) -> Version:
    reader, truth = readers[name], readers.get(TRUTH)
    times: list[float] = []
    scores: dict[str, list[float]] = {metric: [] for metric in METRICS}
    is_measured = truth is not None and name != TRUTH and truth.info.size == reader.info.size
    wanted = _frames(truth) if is_measured else iter(())
    for time, pixels in _frames(reader):
        times.append(time)
        expected = next(wanted, None)
        if expected is None or abs(expected[0] - time) > 0.5 / float(reader.info.rate):
            is_measured = False
        if is_measured:
            for metric, value in score_frame(pixels, expected[1], protocol, METRICS).items():
                scores[metric].append(value)
    if len(times) == MAX_FRAMES:
        logger.warning('%s: the first %d frames are on the page', name, MAX_FRAMES)
    # Where the truth ends or has other times, the frames before it are measured.
    return Version(name, reader.info.size, times, scores if scores[METRICS[0]] else {})
