"""Files that hold several pictures: animated GIF, PNG, WebP and AVIF, and TIFF with pages."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from PIL import Image, ImageOps

from .alpha import fill_hidden
from .encoding import VideoSpec, has_alpha
from .frames import InputFrame
from .images import _DAMAGED, Picture, UnreadableError, open_image, to_picture
from .readers import DEFAULT_FPS, ImageReader, ReaderInfo, in_8_bits
from .seek import Timed, trim
from .shots import CutDetector
from .video_files import open_media

# Formats of Pillow; others, such as the JPEG of a camera, hold a preview beside the picture.
ANIMATED = ('GIF', 'PNG', 'WEBP', 'AVIF', 'TIFF')
# Formats that are written: FFmpeg's container, encoder, pixel formats without and with opacity, and options.
WRITTEN = {
    '.gif': ('gif', 'gif', 'pal8', 'pal8', {}),
    '.apng': ('apng', 'apng', 'rgb24', 'rgba', {}),
    '.png': ('apng', 'apng', 'rgb24', 'rgba', {}),
    '.webp': ('webp', 'libwebp_anim', 'bgra', 'bgra', {'quality': '95'}),
}
LOOP_OPTIONS = {'gif': 'loop', 'apng': 'plays', 'webp': 'loop'}
MILLISECOND = Fraction(1, 1000)
# Browsers show frames of at most 10 ms for 100 ms.
MIN_DURATION, USUAL_DURATION = 11, 100


def count_pictures(path: Path) -> int:
    """Count the pictures of one size in an image file; 1 if it is not animated, or cannot be read."""
    try:
        with open_image(path) as image:
            count = getattr(image, 'n_frames', 1) if image.format in ANIMATED else 1
            if count > 1 and image.format == 'TIFF':
                # Pages of other sizes are previews.
                size = image.size
                image.seek(1)
                count = count if image.size == size else 1
            return count
    except _DAMAGED:
        return 1


class AnimationReader(ImageReader):
    """Reads the pictures of an image file as the frames of a video, with their durations.

    Args:
        path: The file.
        fps: Frames per second, for files without times; 25 by default.

    Raises:
        UnreadableError: If the file cannot be read.
        ValueError: If ``fps`` is given for a file with times.
    """

    def __init__(self, path: Path, fps: Fraction | None = None) -> None:
        self.paths, self.is_file = [path], True
        self.damage: str | None = None
        self.durations: list[int] = []
        size, is_opaque = None, True
        self.loop, is_timed = 0, True
        for picture, image in self._pictures():
            if size is None:
                size, is_timed = picture.pixels.shape[:2], image.format != 'TIFF'
                # GIF counts repetitions and plays once without a count; the others count how often they are played.
                loop = image.info.get('loop', -1 if image.format == 'GIF' else 0)
                self.loop = loop + 1 if image.format == 'GIF' and loop else loop
            is_opaque &= picture.alpha is None or bool(picture.alpha.min() == 255)
            milliseconds = round(image.info.get('duration') or 0)
            self.durations.append(milliseconds if milliseconds >= MIN_DURATION else USUAL_DURATION)
        if fps is not None and is_timed:
            raise ValueError(f'{path} is an animation with its own times, but got fps={fps}; omit --fps')
        count = len(self.durations)
        if not is_timed:
            self.durations, time_base = [1] * count, 1 / (fps or DEFAULT_FPS)
        elif len(set(self.durations)) == 1:
            time_base, self.durations = self.durations[0] * MILLISECOND, [1] * count
        else:
            time_base = MILLISECOND
        self.fps = rate = count / (sum(self.durations) * time_base)
        self.info = ReaderInfo(size, time_base, rate, count, has_alpha=not is_opaque)

    def _pictures(self) -> Iterator[tuple[Picture, Image.Image]]:
        """Decode the pictures one after the other."""
        (path,) = self.paths
        number = 0
        try:
            with open_image(path) as image:
                for number in range(image.n_frames):
                    image.seek(number)
                    image.load()
                    yield to_picture(ImageOps.exif_transpose(image)), image
        except _DAMAGED as error:
            raise UnreadableError(f'{path} cannot be read at picture {number}: {error}') from error

    def frames(self, first: int = 0, start: float = 0.0, duration: float | None = None) -> Iterator[InputFrame]:
        """Yield the frames between ``start`` and ``start + duration`` seconds, from number ``first`` of them on.

        Raises:
            UnreadableError: If a picture cannot be read.
        """
        is_cut = CutDetector()
        for index, (picture, pts, ticks) in enumerate(self._span(start, duration, self._timed())):
            if index < first:
                continue
            pixels, alpha = picture.pixels, picture.alpha if self.info.has_alpha else None
            pixels = pixels if alpha is None else fill_hidden(pixels, alpha)
            cut = is_cut(in_8_bits(pixels))
            yield InputFrame(pixels, index, pts, ticks, cut, alpha, picture.icc_profile)

    def count(self, start: float = 0.0, duration: float | None = None) -> int:
        """Count the frames between ``start`` and ``start + duration`` seconds."""
        times = [sum(self.durations[:number]) for number in range(len(self.durations))]
        return sum(1 for _ in self._span(start, duration, zip(times, times, self.durations, strict=True)))

    def names(self, start: float = 0.0, duration: float | None = None) -> None:
        """Pictures of a file have no names."""
        return

    def _timed(self) -> Iterator[Timed]:
        time = 0
        for (picture, _), ticks in zip(self._pictures(), self.durations, strict=True):
            yield picture, time, ticks
            time += ticks

    def _span(self, start: float, duration: float | None, timed: Iterator[Timed]) -> Iterator[Timed]:
        unit = self.info.time_base
        earliest = round(Fraction(start).limit_denominator(10**6) / unit)
        latest = None if duration is None else earliest + Fraction(duration).limit_denominator(10**6) / unit
        return trim(timed, earliest, latest, bool(start), max(round(1 / (self.info.rate * unit)), 1))


def plan_animation(info: ReaderInfo, size: tuple[int, int], temporal_scale: int) -> VideoSpec:
    """Return the encoding of the frames until an animation is written: lossless, in 8 bits."""
    return VideoSpec(
        container='matroska',
        codec='ffv1',
        pix_fmt='bgra' if info.has_alpha else 'bgr0',
        size=size,
        time_base=info.time_base / temporal_scale,
        rate=info.rate * temporal_scale,
        is_constant=False,
        colors=(2, 0, 13, 1),
        aspect=info.aspect,
    )


def write_animation(source: Path, target: Path, loop: int, last: Fraction) -> None:
    """Write the frames of a video as an animated GIF, PNG or WebP.

    Each frame of a GIF has a palette of its own of 255 colours and transparency, with dithering.

    Args:
        source: The video.
        target: The animation, by its suffix.
        loop: How often it is played; 0 for ever.
        last: Duration of the last frame in seconds.
    """
    container, codec, opaque, with_alpha, options = WRITTEN[target.suffix.lower()]
    with open_media(source) as film:
        stream = film.streams.video[0]
        time_base = stream.time_base
        pix_fmt = with_alpha if has_alpha(stream.codec_context.format.name) else opaque
        if container == 'gif' and loop:
            loop = loop - 1 or -1  # -1 writes no count
        out_options = {LOOP_OPTIONS[container]: str(loop)}
        if container == 'gif':
            out_options['final_delay'] = str(round(last * 100))
        if container == 'apng':
            out_options['final_delay'] = f'{last.numerator}/{last.denominator}'
        with open_media(target, 'w', format=container, container_options=out_options) as output:
            made = output.add_stream(codec, rate=stream.average_rate or 25, options=dict(options))
            made.width, made.height, made.pix_fmt = stream.width, stream.height, pix_fmt
            made.codec_context.time_base = time_base
            convert = _Palettes(stream) if pix_fmt == 'pal8' else _Converted(pix_fmt)
            final = round(last / time_base)
            for frame, ticks in _with_durations(film.decode(stream), final):
                for picture in convert(frame):
                    picture.pts, picture.time_base, picture.duration = frame.pts, time_base, ticks
                    for packet in made.encode(picture):
                        packet.duration = ticks
                        output.mux(packet)
            for packet in made.encode(None):
                output.mux(packet)
    if container == 'webp':
        _set_total_duration(target, round((frame.pts * time_base + last) * 1000))


def _set_total_duration(path: Path, milliseconds: int) -> None:
    """Set the duration of the last picture of a WebP, for which its encoder takes the mean of the others.

    A chunk is a name, a size and an even number of bytes; those of a picture have its duration in bytes 12 to 15.
    """
    with open(path, 'r+b') as file:
        position, last = 12, None
        while len(head := file.read(8) if file.seek(position) else b'') == 8:
            if head[:4] == b'ANMF':
                if last is not None:
                    file.seek(last)
                    milliseconds -= int.from_bytes(file.read(3), 'little')
                last = position + 8 + 12
            size = int.from_bytes(head[4:], 'little')
            position += 8 + size + size % 2
        if last is not None:
            file.seek(last)
            file.write(milliseconds.to_bytes(3, 'little'))


def _with_durations(frames: Iterator[av.VideoFrame], last: int) -> Iterator[tuple[av.VideoFrame, int]]:
    held = None
    for frame in frames:
        if held is not None:
            yield held, frame.pts - held.pts
        held = frame
    if held is not None:
        yield held, last


class _Converted:
    def __init__(self, pix_fmt: str) -> None:
        self.pix_fmt = pix_fmt

    def __call__(self, frame: av.VideoFrame) -> list[av.VideoFrame]:
        return [frame.reformat(format=self.pix_fmt)]


class _Palettes:
    """Reduces frames to a palette of their own, by FFmpeg's ``palettegen`` and ``paletteuse``."""

    def __init__(self, stream: av.VideoStream) -> None:
        self.stream = stream

    def __call__(self, frame: av.VideoFrame) -> list[av.VideoFrame]:
        # A graph for each frame: in one for all, the filters hold frames back.
        graph = av.filter.Graph()
        entry = graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format.name, time_base=self.stream.time_base
        )
        split, palette = graph.add('split'), graph.add('palettegen', 'stats_mode=full:reserve_transparent=1')
        use, leave = graph.add('paletteuse', 'dither=sierra2_4a'), graph.add('buffersink')
        entry.link_to(split)
        split.link_to(use, 0, 0)
        split.link_to(palette, 1)
        palette.link_to(use, 0, 1)
        use.link_to(leave)
        graph.configure()
        graph.push(frame)
        graph.push(None)
        return [graph.pull()]
