"""Containers of videos: what FFmpeg does not tell of their file formats. A new one needs an entry here at most."""

import io
from collections.abc import Mapping
from dataclasses import dataclass

import av

from ..video_files import open_media

# FFmpeg's flag of formats with a variable frame rate; the others have a constant rate.
VARIABLE_RATE = 0x400
# FFmpeg's flag of formats without times, such as raw H.264.
NO_TIMES = 0x80


@dataclass(frozen=True, kw_only=True)
class Container:
    """A file format. Codecs and encoders are those of FFmpeg, by its names.

    Attributes:
        suffixes: Suffixes of its files beside its name.
        encoder: Encoder of videos for whatever source; None is that of the source's codec.
        alpha_encoder: Encoder with opacity, for a source with opacity whose own codec has none; None if there is none.
        codecs: Codecs of videos that it takes although FFmpeg's table omits them.
        refused: Codecs of videos that FFmpeg's table has and its writer refuses.
        states_starts: Whether it states at what time a track begins.
        audio_encoders: Encoders for audio that it does not take; the first that it takes, players of the format know.
        subtitle_encoder: Encoder for subtitles that it does not take; None if there is none.
        copied: By kind of track, the codecs that can be copied to it; None to find out by a trial.
        holds_lossless_audio: Whether audio without loss stays so when it is transcoded.
        holds_attachments: Whether it holds fonts.
        holds_covers: Whether it holds pictures beside the video.
        starts_at_zero: Whether all its times begin at 0, decoding times of frames too.
        has_edit_lists: Whether it states what is cut from the start of a track.
        has_index: Whether it has an index that can come first, and the flags of FFmpeg's writer of .mp4.
        marks_preroll: Whether audio before 0 that an encoder adds is marked.
        holds_variable_rate: Whether it has a time for every frame although FFmpeg's flags deny it.
    """

    suffixes: tuple[str, ...] = ()
    encoder: str | None = None
    alpha_encoder: str | None = None
    codecs: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    states_starts: bool = True
    audio_encoders: tuple[str, ...] = ('aac', 'libmp3lame', 'ac3')
    subtitle_encoder: str | None = None
    copied: Mapping[str, frozenset[str]] | None = None
    holds_lossless_audio: bool = False
    holds_attachments: bool = False
    holds_covers: bool = False
    starts_at_zero: bool = False
    has_edit_lists: bool = False
    has_index: bool = False
    marks_preroll: bool = False
    holds_variable_rate: bool = False


# What descends from QuickTime beside .mp4 and .mov.
_PHONE = Container(
    subtitle_encoder='mov_text', has_edit_lists=True, has_index=True, marks_preroll=True, holds_variable_rate=True
)

# By FFmpeg's names of the formats.
CONTAINERS: Mapping[str, Container] = {
    'mp4': Container(
        suffixes=('.m4v',),
        subtitle_encoder='mov_text',
        holds_covers=True,
        has_edit_lists=True,
        has_index=True,
        marks_preroll=True,
    ),
    'mov': Container(
        suffixes=('.qt',),
        alpha_encoder='prores_ks',
        refused=frozenset({'vp9', 'av1'}),
        subtitle_encoder='mov_text',
        has_edit_lists=True,
        has_index=True,
        marks_preroll=True,
    ),
    '3gp': _PHONE,
    '3g2': _PHONE,
    # Without edit lists.
    'f4v': Container(starts_at_zero=True, has_index=True, holds_variable_rate=True),
    'ismv': Container(starts_at_zero=True),
    'matroska': Container(
        suffixes=('.mkv',),
        alpha_encoder='ffv1',
        audio_encoders=('aac', 'flac'),
        subtitle_encoder='subrip',
        holds_lossless_audio=True,
        holds_attachments=True,
        holds_covers=True,
        marks_preroll=True,
    ),
    'webm': Container(
        encoder='libvpx-vp9',
        alpha_encoder='libvpx-vp9',
        audio_encoders=('libopus', 'vorbis'),
        subtitle_encoder='webvtt',
        marks_preroll=True,
    ),
    # FFmpeg writes audio of other codecs as private data.
    'mpegts': Container(
        suffixes=('.ts', '.m2ts', '.mts'),
        codecs=frozenset({'h264', 'hevc'}),
        copied={
            'audio': frozenset(
                {'mp1', 'mp2', 'mp3', 'aac', 'aac_latm', 'ac3', 'eac3', 'dts', 'truehd', 'opus', 's302m'}
            ),
            'subtitle': frozenset({'dvb_subtitle', 'dvb_teletext'}),
        },
        starts_at_zero=True,
    ),
    # FFmpeg ends the process at audio of other codecs.
    'flv': Container(
        copied={'audio': frozenset({'mp3', 'aac', 'nellymoser', 'adpcm_swf'}), 'subtitle': frozenset()},
        starts_at_zero=True,
    ),
    'avi': Container(audio_encoders=('libmp3lame', 'ac3'), starts_at_zero=True, states_starts=False),
    'nut': Container(starts_at_zero=True),
    'yuv4mpegpipe': Container(suffixes=('.y4m',), encoder='rawvideo'),
    'ogv': Container(audio_encoders=('libopus', 'flac'), holds_lossless_audio=True, marks_preroll=True),
    'asf': Container(audio_encoders=('wmav2',)),
    'mpeg': Container(suffixes=('.mpg',), codecs=frozenset({'mpeg2video'}), audio_encoders=('mp2', 'ac3')),
    'vob': Container(audio_encoders=('ac3', 'mp2')),
}
OTHER = Container()


@dataclass(frozen=True)
class Format:
    """A file format as FFmpeg writes it.

    Attributes:
        name: FFmpeg's name.
        codecs: Codecs of videos that it takes.
        is_constant: Whether it has a constant frame rate only.
        has_times: Whether it states times, or a frame rate.
    """

    name: str
    codecs: frozenset[str]
    is_constant: bool
    has_times: bool

    @property
    def container(self) -> Container:
        """What FFmpeg does not tell of it."""
        return container_of(self.name)

    def takes(self, encoder: str) -> bool:
        """Whether it holds what an encoder writes; FFmpeg knows of .y4m that it holds raw frames."""
        if encoder == self.container.encoder:
            return True
        try:
            codec = av.Codec(encoder, 'w').canonical_name
        except ValueError:
            return False
        return codec not in self.container.refused and not self.codecs.isdisjoint((encoder, codec))


def container_of(name: str) -> Container:
    """Return what is known of a format by FFmpeg's name of it."""
    return CONTAINERS.get(name, OTHER)


def format_of(suffix: str) -> Format:
    """Return the format of files with a suffix such as ``.mp4``.

    Raises:
        ValueError: If FFmpeg writes no such videos.
    """
    suffix = suffix.lower()
    name = next((name for name, one in CONTAINERS.items() if suffix in one.suffixes), suffix.lstrip('.'))
    with open_media(io.BytesIO(), 'w', format=av.ContainerFormat(name, 'w').name) as probe:
        name = probe.format.name
        codecs = frozenset(probe.supported_codecs) | container_of(name).codecs
        is_variable = probe.format.flags & VARIABLE_RATE or container_of(name).holds_variable_rate
        return Format(name, codecs, not is_variable, not probe.format.flags & NO_TIMES)
