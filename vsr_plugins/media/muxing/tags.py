"""What is beside picture and sound in a file: tags, timecode, chapters, cover art."""

import logging
import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

import av
from av.container import InputContainer, OutputContainer
from av.stream import Stream

from ..encoding.containers import container_of
from ..encoding.video_spec import VideoSpec
from ..video_files import demuxed, require_video_stream

if TYPE_CHECKING:
    from av.container.core import Chapter

logger = logging.getLogger(__name__)

# Tags that describe the source's container or its encoding, not its content, or that are written by other means: they
# are not copied.
CONTAINER_TAGS = frozenset(('major_brand', 'minor_version', 'compatible_brands', 'encoder', 'duration', 'timecode'))
STREAM_TAGS = re.compile(
    r'encoder|duration|rotate|vendor_id|bps|number_of_(frames|bytes)|_statistics_\w+|filename|mimetype|alpha_mode'
    r'|timecode|stereo_mode',
    re.I,
)
# Tags that .mp4 has fields for; others are written as keys, which replace these fields.
FIELDS = frozenset(
    (
        *('title', 'artist', 'album_artist', 'composer', 'album', 'date', 'comment', 'genre', 'copyright', 'grouping'),
        *('lyrics', 'description', 'synopsis', 'show', 'episode_id', 'network', 'track', 'disc', 'location'),
        *('creation_time', 'encoding_tool', 'keywords', 'hd_video', 'media_type', 'season_number', 'episode_sort'),
        *('gapless_playback', 'rating', 'compilation', 'location-eng', 'performer', 'sort_name', 'sort_artist'),
    )
)
# QuickTime has a list of languages, with one of the two codes of those that have two.
QUICKTIME_LANGUAGES = (
    dict(deu='ger', nld='dut', ell='gre', isl='ice', zho='chi', fas='per', sqi='alb')
    | dict(rum='ron', cze='ces', slo='slk', mkd='mac', hye='arm', kat='geo', eus='baq')
    | dict(mya='bur', cym='wel', msa='may', bod='tib', fre='fra', swe='sve')
)
# QuickTime counts the frames of a second in a byte.
MAX_TIMECODE_RATE = 255
_TIMECODE = re.compile(r'(\d\d):(\d\d):(\d\d)([:;.])(\d\d)')
_EXTENSIONS = {'image/jpeg': '.jpg', 'image/png': '.png', 'image/gif': '.gif', 'image/webp': '.webp'}
_MIMETYPES = {'mjpeg': 'image/jpeg', 'png': 'image/png', 'gif': 'image/gif', 'webp': 'image/webp', 'bmp': 'image/bmp'}


def content_tags(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return the tags of a container that describe its content."""
    return {name: value for name, value in metadata.items() if name.lower() not in CONTAINER_TAGS}


def needs_keys(metadata: Mapping[str, str]) -> bool:
    """Whether .mp4 and .mov lack fields for some tags, such as those of telephones."""
    return any(name.lower() not in FIELDS for name in content_tags(metadata))


def copy_tags(source: InputContainer, output: OutputContainer) -> None:
    """Copy the tags of a container."""
    output.metadata.update(content_tags(source.metadata))


def copy_stream_tags(stream: Stream, copy: Stream) -> None:
    """Copy title, language, other tags and the flags of a track."""
    tags = {name: value for name, value in stream.metadata.items() if not STREAM_TAGS.fullmatch(name)}
    if copy.container.format.name == 'mov' and 'language' in tags:
        tags['language'] = QUICKTIME_LANGUAGES.get(tags['language'], tags['language'])
    copy.metadata.update(tags)
    copy.disposition = stream.disposition


def copy_video_tags(source: InputContainer, video: av.VideoStream, spec: VideoSpec, start: Fraction) -> None:
    """Copy the tags of the film, with the timecode of its first frame.

    Args:
        source: The source.
        video: Track of the output.
        spec: Its settings.
        start: Seconds skipped from the beginning.
    """
    film = require_video_stream(source)
    copy_stream_tags(film, video)
    # Matroska's tags are in capitals.
    tags = [(name.lower(), value) for one in (source, film, *source.streams) for name, value in one.metadata.items()]
    if code := next((value for name, value in tags if name == 'timecode' and value), None):
        if container_of(spec.container).has_edit_lists and round(spec.rate) > MAX_TIMECODE_RATE:
            logger.warning(
                '%s: %s has no timecode at %d frames a second: it is left out',
                *(source.name, spec.container, spec.rate),
            )
        else:
            video.metadata['timecode'] = moved_timecode(code, start, spec.rate)


def moved_timecode(code: str, seconds: Fraction, rate: Fraction) -> str:
    """Return the timecode of a frame some seconds later.

    Args:
        code: As ``10:00:00:00``; a semicolon before the frames means that numbers are dropped to keep up with the clock
            (SMPTE 12M: two at 30000/1001 frames per second, four at 60000/1001, in every minute that is no tenth).
        seconds: Seconds later.
        rate: Frames per second.
    """
    found = _TIMECODE.fullmatch(code)
    count = round(rate)
    if found is None or not seconds or not count:
        return code
    hours, minutes, whole, frames = (int(found[group]) for group in (1, 2, 3, 5))
    number = ((hours * 60 + minutes) * 60 + whole) * count + frames
    drop = count // 15 if found[4] != ':' and count % 30 == 0 else 0
    total_minutes = hours * 60 + minutes
    number += round(seconds * rate) - drop * (total_minutes - total_minutes // 10)
    if drop:
        per_minute = count * 60 - drop
        tens, rest = divmod(number, per_minute * 10 + drop)
        number += drop * 9 * tens + (drop * ((rest - drop) // per_minute) if rest >= drop else 0)
    whole, frames = divmod(number, count)
    return f'{whole // 3600 % 24:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}{found[4]}{frames:02d}'


def moved_chapters(chapters: Iterable['Chapter'], shift: Fraction, until: Fraction | None) -> list['Chapter']:
    """Return the chapters of a span with the times of the output.

    Args:
        chapters: Chapters of the source, as PyAV gives them.
        shift: Seconds by which times of the source are later.
        until: Seconds of the output at which the span ends; None for the end of the source.
    """
    moved = []
    for chapter in chapters:
        time_base = chapter['time_base']
        if time_base is None:
            continue
        begin, end = (time * time_base - shift for time in (chapter['start'], chapter['end']))
        begin, end = max(begin, Fraction(0)), end if until is None else min(end, until)
        if begin < end:
            moved.append({**chapter, 'start': round(begin / time_base), 'end': round(end / time_base)})
    return moved


def add_covers(source: InputContainer, output: OutputContainer, covers: list[av.VideoStream]) -> list[av.Packet]:
    """Add the pictures of a source, such as its cover, to a container that takes them.

    Returns:
        Packets to mux.
    """
    if not covers:
        return []
    kind = output.format.name
    if not container_of(kind).holds_covers:
        logger.warning('%s: %s does not take cover art; it is left out', source.name, kind)
        return []
    packets = []
    for number, stream in enumerate(covers):
        packet = next((one for one in demuxed(source, stream) if one.size), None)
        source.seek(0)
        if packet is None:
            continue
        if kind == 'matroska':
            mimetype = _MIMETYPES.get(stream.codec_context.codec.canonical_name, 'image/jpeg')
            name = stream.metadata.get('filename', f'cover{number or ""}{_EXTENSIONS.get(mimetype, "")}')
            output.add_attachment(name, mimetype, bytes(packet))
            continue
        copy = output.add_stream_from_template(stream, opaque=True)
        copy_stream_tags(stream, copy)
        packet.pts = packet.dts = 0
        packet.stream = copy
        packets.append(packet)
    return packets
