"""Sound and subtitles that a container takes, and those that it does not."""

from fractions import Fraction

import av
import numpy as np
import pytest
from videos import Nearest, grey_frames, heard, moved, read_clip, sound_packets, write_clip

from vsr_plugins.apis import upscale
from vsr_plugins.inference.job.options import JobOptions, OutputOptions, SourceOptions
from vsr_plugins.media.muxing.transcoding import nearest_layout

HEADER = b"""[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,0

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


@pytest.fixture(scope='module')
def video(tmp_path_factory):
    return write_clip(tmp_path_factory.mktemp('video') / 'v.mkv', grey_frames(25, 48, 64))


def with_track(path, video, codec, late=0.0, layout='stereo', rate=48000):
    """Write the video with a tone from ``late`` seconds on to the end of its second."""
    with av.open(str(video)) as old, av.open(str(path), 'w') as new:
        pictures = new.add_stream_from_template(old.streams.video[0])
        sound = new.add_stream(codec, rate=rate, layout=layout)
        sound.metadata['language'] = 'fra'
        for packet in old.demux(video=0):
            if packet.dts is not None:
                packet.stream = pictures
                new.mux(packet)
        context = sound.codec_context
        context.bit_rate = 128_000
        context.open(strict=False)
        size, converted = context.frame_size or 960, av.AudioResampler(context.format, layout, rate)
        for first in range(round(late * rate), rate - size, size):
            wave = 0.5 * np.sin(2 * np.pi * 440 * np.arange(first, first + size) / rate)
            tones = np.tile(wave.astype(np.float32), (context.layout.nb_channels, 1))
            frame = av.AudioFrame.from_ndarray(tones, format='fltp', layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = rate, first, Fraction(1, rate)
            for part in converted.resample(frame):
                new.mux(sound.encode(part))
        new.mux(sound.encode(None))
    return path


def loudness(path, parts=10):
    """Root mean square of the sound in each tenth of a second of the film, counted from its first frame."""
    first = read_clip(path)[0][0]
    sums, counts = np.zeros(parts + 5), np.zeros(parts + 5)
    with av.open(str(path)) as container:
        for frame in container.decode(container.streams.audio[0]):
            samples = av.AudioResampler('flt', 'mono', frame.sample_rate).resample(frame)[0].to_ndarray()[0]
            time = frame.time - first + np.arange(len(samples)) / frame.sample_rate
            inside = (time >= 0) & (time < (parts + 5) / 10)
            np.add.at(sums, (time[inside] * 10).astype(int), samples[inside] ** 2)
            np.add.at(counts, (time[inside] * 10).astype(int), 1)
    return np.sqrt(sums / np.maximum(counts, 1))[:parts]


@pytest.mark.parametrize(
    ('codec', 'source', 'target', 'expected'),
    [
        ('aac', 'a.mkv', 'b.webm', 'opus'),
        ('aac', 'a.mp4', 'b.ts', 'aac'),
        ('aac', 'a.mp4', 'b.flv', 'aac'),
        ('pcm_s16le', 'a.mkv', 'b.mp4', 'aac'),
        ('pcm_s16le', 'a.mov', 'b.mkv', 'pcm_s16le'),
        ('pcm_alaw', 'a.mov', 'b.ts', 'aac'),
        ('pcm_mulaw', 'a.mov', 'b.flv', 'aac'),
        ('flac', 'a.mkv', 'b.ts', 'aac'),
        ('flac', 'a.mkv', 'b.mp4', 'flac'),
        ('libopus', 'a.mkv', 'b.mov', 'aac'),
        ('libopus', 'a.mkv', 'b.avi', 'mp3'),
        ('mp2', 'a.ts', 'b.webm', 'opus'),
        ('adpcm_swf', 'a.flv', 'b.mov', 'aac'),
    ],
)
def test_sound_is_copied_or_else_transcoded_in_time(video, tmp_path, caplog, codec, source, target, expected):
    rate = 44100 if codec.startswith('adpcm') else 48000
    source = with_track(tmp_path / source, video, codec, late=0.5, rate=rate)
    # FFmpeg reads H.264 in .avi a frame late.
    codec_of_video = 'mpeg4' if target == 'b.avi' else None
    upscale(source, tmp_path / target, Nearest(), output=OutputOptions(codec=codec_of_video))
    with av.open(str(tmp_path / target)) as container:
        (stream,) = container.streams.audio
        assert stream.codec_context.codec.canonical_name == expected
    before, after = loudness(source), loudness(tmp_path / target)
    assert after == pytest.approx(before, abs=0.06)
    assert before[:4].max() < 0.05 < before[5:9].min()
    lines = [record.getMessage() for record in caplog.records if 'audio' in record.getMessage()]
    if expected in codec:
        assert not lines
        # A transport stream puts a header of seven bytes before each packet.
        written = [data[7:] if target == 'b.ts' else data for _, data in sound_packets(tmp_path / target)]
        assert written[-9:] == [data for _, data in sound_packets(source)][-9:]
    else:
        (line,) = lines
        assert str(source) in line and (expected in line or 'libmp3lame' in line)


def test_a_container_without_sound_says_so_before_anything_is_upscaled(video, tmp_path):
    source = with_track(tmp_path / 'a.mkv', video, 'aac')
    for name in ('b.y4m', 'c.y4m'):
        with pytest.raises(ValueError, match=r'a\.mkv.*--audio none') as caught:
            upscale(source, tmp_path / name, Nearest())
        assert '.y4m' not in str(caught.value)
    upscale(source, tmp_path / 'b.y4m', Nearest(), output=OutputOptions(audio='none'))
    assert sorted(path.name for path in tmp_path.iterdir()) == ['a.mkv', 'b.y4m']


def test_sound_is_copied_transcoded_or_omitted_on_request(video, tmp_path):
    source = with_track(tmp_path / 'a.mkv', video, 'flac')

    def tracks(audio):
        target = tmp_path / f'{audio}.mkv'
        upscale(source, target, Nearest(), output=OutputOptions(audio=audio))
        with av.open(str(target)) as container:
            return [(one.codec_context.codec.canonical_name, one.language) for one in container.streams.audio]

    assert tracks('copy') == tracks('auto') == tracks(True) == [('flac', 'fra')]
    assert tracks('none') == tracks(False) == []
    lossy = with_track(tmp_path / 'lossy.mkv', video, 'libopus')
    upscale(lossy, tmp_path / 'b.mkv', Nearest(), output=OutputOptions(audio='transcode'))
    with av.open(str(tmp_path / 'b.mkv')) as container:
        assert container.streams.audio[0].codec_context.codec.canonical_name == 'aac'
    with pytest.raises(ValueError, match='--audio transcode') as caught:
        upscale(source, tmp_path / 'b.ts', Nearest(), output=OutputOptions(audio='copy'))
    assert '.mkv file' not in str(caught.value)
    with pytest.raises(ValueError, match='loud'):
        upscale(source, tmp_path / 'c.mkv', Nearest(), output=OutputOptions(audio='loud'))


def test_transcoded_sound_of_a_span_and_of_a_late_file(video, tmp_path):
    source = with_track(tmp_path / 'a.mkv', video, 'libopus', late=0.5)
    part = SourceOptions(start=0.4, duration=0.4)
    upscale(source, tmp_path / 'b.mov', Nearest(), part=part)
    assert loudness(tmp_path / 'b.mov', 4) == pytest.approx(loudness(source)[4:8], abs=0.08)
    assert heard(tmp_path / 'b.mov') == pytest.approx((0, 0.4), abs=0.03)
    late = moved(source, tmp_path / 'late.mkv', 3000)
    upscale(late, tmp_path / 'c.mov', Nearest())
    assert loudness(tmp_path / 'c.mov') == pytest.approx(loudness(source), abs=0.06)


def test_an_ogg_file_takes_other_sound_as_opus(video, tmp_path):
    source = with_track(tmp_path / 'a.mkv', video, 'aac')
    with pytest.raises(ValueError, match='libvpx'):
        upscale(source, tmp_path / 'b.ogv', Nearest())
    upscale(source, tmp_path / 'b.ogv', Nearest(), output=OutputOptions(codec='libvpx'))
    assert loudness(tmp_path / 'b.ogv') == pytest.approx(loudness(source), abs=0.06)


def test_late_sound_is_filled_up_with_silence_for_files_that_state_no_start(video, tmp_path, caplog):
    source = with_track(tmp_path / 'a.mkv', video, 'aac', late=0.5)
    upscale(source, tmp_path / 'b.avi', Nearest())
    # MP3 smears the beginning over a frame or two.
    assert loudness(tmp_path / 'b.avi')[:4].max() < 0.01
    assert loudness(tmp_path / 'b.avi')[5:9] == pytest.approx(loudness(source)[5:9], abs=0.06)
    (line,) = [record.getMessage() for record in caplog.records]
    assert 'avi' in line and 'libmp3lame' in line
    upscale(source, tmp_path / 'c.avi', Nearest(), output=OutputOptions(audio='copy'))
    assert '--audio transcode' in caplog.records[-1].getMessage()


def test_six_channels_stay_six_where_the_codec_has_them(video, tmp_path):
    source = with_track(tmp_path / 'a.mkv', video, 'flac', layout='5.1')
    for name, channels in (('b.ts', 6), ('b.webm', 6)):
        upscale(source, tmp_path / name, Nearest())
        with av.open(str(tmp_path / name)) as container:
            assert container.streams.audio[0].codec_context.layout.nb_channels == channels


@pytest.mark.parametrize(
    ('layout', 'target', 'expected'),
    [
        ('quad', 'b.webm', 'quad'),
        ('3.0', 'b.webm', '3.0'),
        # Opus has no 2.1: the next layout has its speakers and others.
        ('2.1', 'b.webm', '5.1'),
        # FFmpeg moves the channels of Opus in 5.0 and 6.1.
        ('5.0(side)', 'b.webm', '5.1'),
        ('5.0', 'b.webm', '5.1'),
        ('quad', 'b.mp4', 'quad'),
        ('3.0', 'b.mp4', '3.0'),
        ('5.1(side)', 'b.mp4', '5.1'),
        ('quad', 'b.avi', 'stereo'),
    ],
)
def test_sound_keeps_its_speakers(video, tmp_path, layout, target, expected):
    source = with_track(tmp_path / 'a.mkv', video, 'flac', layout=layout)
    upscale(source, tmp_path / target, Nearest(), output=OutputOptions(audio='transcode'))
    with av.open(str(tmp_path / target)) as container:
        stream = container.streams.audio[0]
        frames = [frame.to_ndarray() for frame in container.decode(stream)]
        found = stream.codec_context.layout
    assert found.name == expected
    speakers = {channel.name for channel in av.AudioLayout(layout).channels}
    if '(side)' in layout:
        speakers = {{'SL': 'BL', 'SR': 'BR'}.get(name, name) for name in speakers}
    if expected != 'stereo':
        loud = [np.abs(plane).max() > 0.05 for plane in frames[10]]
        found = {channel.name for channel, is_loud in zip(found.channels, loud, strict=True) if is_loud}
        # Opus leaves out what is too high for a speaker of low frequencies.
        assert found - {'LFE'} == speakers - {'LFE'}


@pytest.mark.parametrize(
    ('layout', 'codec', 'expected'),
    [
        ('7.1', 'ac3', '5.1'),
        ('4.0', 'libopus', '5.1'),
        ('6.1', 'libopus', '7.1'),
        ('6.1', 'aac', '7.1'),
        ('hexagonal', 'libopus', '5.1'),
        ('hexadecagonal', 'aac', '7.1'),
        ('6 channels', 'libopus', '5.1'),
        ('16 channels', 'libopus', 'stereo'),
        ('5.1', 'libmp3lame', 'stereo'),
        ('mono', 'libmp3lame', 'mono'),
    ],
)
def test_layouts_that_no_layout_of_the_encoder_holds(layout, codec, expected):
    assert nearest_layout(av.AudioLayout(layout), codec) == expected


def with_subtitles(path, video, codec):
    """Write the video with a subtitle from 0.2 to 0.6 s."""
    data = {'subrip': b'Hello', 'ass': b'0,0,Default,,0,0,0,,Hello', 'mov_text': b'\0\5Hello', 'webvtt': b'Hello'}[
        codec
    ]
    with av.open(str(video)) as old, av.open(str(path), 'w') as new:
        pictures = new.add_stream_from_template(old.streams.video[0])
        subtitles = new.add_stream(codec)
        subtitles.codec_context.subtitle_header = HEADER
        subtitles.codec_context.time_base = Fraction(1, 1000)
        subtitles.metadata['language'] = 'deu'
        for packet in old.demux(video=0):
            if packet.dts is not None:
                packet.stream = pictures
                new.mux(packet)
        packet = av.Packet(data)
        packet.pts = packet.dts = 200
        packet.duration, packet.time_base, packet.stream = 400, Fraction(1, 1000), subtitles
        new.mux(packet)
    return path


def read_subtitles(path):
    """(codec, language, begin, end, text) of each subtitle."""
    with av.open(str(path)) as container:
        found = []
        for stream in container.streams.subtitles:
            for packet in container.demux(stream):
                for subtitle in packet.decode() if packet.size > 2 else ():
                    begin = float(packet.pts * packet.time_base)
                    end = begin + float(packet.duration * packet.time_base)
                    name = stream.codec_context.codec.canonical_name
                    found.append((name, stream.language, begin, end, subtitle.dialogue.decode()))
            container.seek(0)
    return found


@pytest.mark.parametrize(
    ('codec', 'source', 'target', 'expected'),
    [
        ('subrip', 'a.mkv', 'b.mkv', 'subrip'),
        ('subrip', 'a.mkv', 'b.mp4', 'mov_text'),
        ('subrip', 'a.mkv', 'b.webm', 'webvtt'),
        ('ass', 'a.mkv', 'b.mov', 'mov_text'),
        ('ass', 'a.mkv', 'b.mkv', 'ass'),
        ('mov_text', 'a.mp4', 'b.mkv', 'subrip'),
        ('mov_text', 'a.mp4', 'b.mp4', 'mov_text'),
    ],
)
def test_text_subtitles_go_into_every_container_that_has_some(video, tmp_path, caplog, codec, source, target, expected):
    source = with_subtitles(tmp_path / source, video, codec)
    upscale(source, tmp_path / target, Nearest())
    ((name, language, begin, end, text),) = read_subtitles(tmp_path / target)
    # QuickTime knows German by its other code only.
    assert (name, language, text) == (expected, 'ger' if target == 'b.mov' else 'deu', 'Hello')
    assert (begin, end) == pytest.approx((0.2, 0.6), abs=2e-3)
    assert len([record for record in caplog.records if 'subtitles' in record.getMessage()]) == (codec != expected)


def test_a_subtitle_on_the_screen_when_a_span_begins_is_shown_from_there(video, tmp_path):
    source = with_subtitles(tmp_path / 'a.mkv', video, 'subrip')
    upscale(source, tmp_path / 'b.mkv', Nearest(), part=SourceOptions(start=0.4))
    ((_, _, begin, end, text),) = read_subtitles(tmp_path / 'b.mkv')
    assert (begin, end, text) == (pytest.approx(0, abs=1e-3), pytest.approx(0.2, abs=2e-3), 'Hello')


@pytest.mark.parametrize('name', ['b.webm', 'b.mp4'])
def test_transcoded_subtitles_of_a_span_begin_and_end_with_it(video, tmp_path, name):
    source = with_subtitles(tmp_path / 'a.mkv', video, 'subrip')
    upscale(source, tmp_path / name, Nearest(), part=SourceOptions(start=0.4, duration=0.12))
    ((_, _, begin, end, text),) = read_subtitles(tmp_path / name)
    assert (begin, end, text) == (pytest.approx(0, abs=1e-3), pytest.approx(0.12, abs=2e-3), 'Hello')
    assert read_clip(tmp_path / name)[0] == pytest.approx([0, 0.04, 0.08], abs=2e-3)
    # Nothing of what was said before the span.
    upscale(source, tmp_path / name, Nearest(), part=SourceOptions(start=0.72), job=JobOptions(force=True))
    assert not read_subtitles(tmp_path / name) and read_clip(tmp_path / name)[0][0] == pytest.approx(0, abs=2e-3)


def test_subtitles_that_no_track_takes_are_left_out_with_a_line(video, tmp_path, caplog):
    source = with_subtitles(tmp_path / 'a.mkv', video, 'subrip')
    upscale(source, tmp_path / 'b.ts', Nearest())
    (line,) = [record.getMessage() for record in caplog.records]
    assert 'subrip' in line and 'left out' in line
    assert not read_subtitles(tmp_path / 'b.ts')
    upscale(source, tmp_path / 'b.mkv', Nearest(), output=OutputOptions(subtitles=False))
    assert not read_subtitles(tmp_path / 'b.mkv')


def test_a_resumed_upscale_transcodes_the_same_sound(video, tmp_path):
    source = with_track(tmp_path / 'a.mkv', video, 'aac')
    stopped = type('Stopped', (Nearest,), {'left': 12})

    def forward(self, lqs):
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        return Nearest.forward(self, lqs)

    stopped.forward = forward
    with pytest.raises(KeyboardInterrupt):
        upscale(source, tmp_path / 'b.webm', stopped(), job=JobOptions(segment_length=5))
    assert heard(tmp_path / 'b.webm')[1] == pytest.approx(read_clip(tmp_path / 'b.webm')[0][-1] + 0.04, abs=0.04)
    upscale(source, tmp_path / 'b.webm', Nearest(), job=JobOptions(segment_length=5, resume=True))
    assert loudness(tmp_path / 'b.webm') == pytest.approx(loudness(source), abs=0.06)
