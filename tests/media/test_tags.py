"""What is beside picture and sound: tags, timecode, chapters, cover art, languages, several video streams."""

from fractions import Fraction

import av
import numpy as np
import pytest
from videos import Nearest, grey_frames, read_clip, write_clip

from vsr_plugins.apis import upscale
from vsr_plugins.inference.job.options import OutputOptions, SourceOptions
from vsr_plugins.media.muxing.tags import moved_timecode
from vsr_plugins.media.stereo import stereo_layout
from vsr_plugins.media.video_files import video_stream

Disposition = av.stream.Disposition


def write(path, tags=None, film=None, chapters=None, cover=None, further=(), movflags=None):
    """Write a second of video with tags of the file and of its film, chapters, a cover, and further video streams."""
    options = {} if movflags is None else {'movflags': movflags}
    with av.open(str(path), 'w', container_options=options) as container:
        container.metadata.update(tags or {})
        streams = []
        for grey, flags in (*further, (40, film.pop('disposition', None) if film else None)):
            stream = container.add_stream('libx264', rate=25, options={'crf': '4'})
            stream.height, stream.width, stream.pix_fmt = 32, 48, 'yuv420p'
            if flags is not None:
                stream.disposition = flags
            streams.append((grey, stream))
        streams[-1][1].metadata.update(film or {})
        if chapters:
            container.set_chapters(chapters)
        if cover is not None:
            picture = container.add_stream('mjpeg', rate=1)
            picture.height, picture.width, picture.pix_fmt = *cover.shape[:2], 'yuvj420p'
            picture.disposition = Disposition.attached_pic
            container.mux(picture.encode(av.VideoFrame.from_ndarray(cover, format='rgb24')))
        for number in range(25):
            for grey, stream in streams:
                frame = av.VideoFrame.from_ndarray(np.full((32, 48, 3), grey + number, np.uint8), format='rgb24')
                frame.pts = number
                container.mux(stream.encode(frame))
        for _, stream in streams:
            container.mux(stream.encode(None))
    return path


def about(path):
    with av.open(str(path)) as container:
        film = video_stream(container)
        covers = [one for one in container.streams.video if one.disposition & Disposition.attached_pic]
        return dict(
            tags=dict(container.metadata),
            film=dict(film.metadata),
            disposition=film.disposition,
            covers=[(one.width, one.height) for one in covers],
            chapters=[
                (float(one['start'] * one['time_base']), float(one['end'] * one['time_base']), one['metadata']['title'])
                for one in container.chapters()
            ],
        )


@pytest.mark.parametrize('target', ['b.mov', 'b.mp4', 'b.mkv'])
def test_tags_of_a_telephone_are_kept(tmp_path, target):
    tags = {
        'com.apple.quicktime.make': 'Maker',
        'com.apple.quicktime.location.ISO6709': '+48.1000+011.5000/',
        'creation_time': '2020-01-02T03:04:05.000000Z',
        'title': 'Holiday',
    }
    source = write(tmp_path / 'a.mov', tags, {'language': 'jpn'}, movflags='use_metadata_tags')
    upscale(source, tmp_path / target, Nearest())
    found = about(tmp_path / target)
    kept = {name.lower(): value for name, value in found['tags'].items()}
    for name, value in tags.items():
        assert kept[name.lower()].replace('.000000Z', 'Z') == value.replace('.000000Z', 'Z')
    assert found['film']['language'] == 'jpn'


def test_ordinary_tags_stay_in_the_fields_of_players(tmp_path):
    source = write(tmp_path / 'a.mp4', {'title': 'Holiday', 'artist': 'Nobody', 'location': '+48.1000+011.5000/'})
    upscale(source, tmp_path / 'b.mp4', Nearest())
    tags = about(tmp_path / 'b.mp4')['tags']
    assert (tags['title'], tags['artist'], tags['location']) == ('Holiday', 'Nobody', '+48.1000+011.5000/')
    # The atom of iTunes for a title.
    assert b'\xa9nam' in (tmp_path / 'b.mp4').read_bytes()


@pytest.mark.parametrize('place', ['film', 'tags'])
@pytest.mark.parametrize('source', ['a.mov', 'a.mkv'])
@pytest.mark.parametrize('target', ['b.mov', 'b.mp4', 'b.mkv'])
def test_timecode_is_that_of_the_first_frame(tmp_path, source, target, place):
    def timecodes(path):
        with av.open(str(path)) as container:
            tags = [tag for one in (container, *container.streams) for tag in one.metadata.items()]
        return {value for name, value in tags if name.lower() == 'timecode'}

    source = write(tmp_path / source, **{place: {'timecode': '10:00:00:20'}})
    assert timecodes(source) == {'10:00:00:20'}
    upscale(source, tmp_path / target, Nearest())
    assert timecodes(tmp_path / target) == {'10:00:00:20'}
    upscale(source, tmp_path / f'part_{target}', Nearest(), part=SourceOptions(start=0.4))
    assert timecodes(tmp_path / f'part_{target}') == {'10:00:01:05'}


def test_a_timecode_that_quicktime_cannot_count_is_left_out(tmp_path, caplog):
    source = write_clip(tmp_path / 'plain.mkv', grey_frames(6), rate=Fraction(300))
    with av.open(str(source)) as old, av.open(str(tmp_path / 'a.mkv'), 'w') as new:
        copy = new.add_stream_from_template(old.streams.video[0])
        copy.metadata['timecode'] = '10:00:00:00'
        for packet in old.demux():
            if packet.dts is not None:
                packet.stream = copy
                new.mux(packet)
    upscale(tmp_path / 'a.mkv', tmp_path / 'b.mov', Nearest())
    assert len(read_clip(tmp_path / 'b.mov')[0]) == 6
    assert any('timecode' in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize(
    ('code', 'frames', 'rate', 'expected'),
    [
        ('01:02:03:04', 0, 25, '01:02:03:04'),
        ('00:00:59:24', 1, 25, '00:01:00:00'),
        ('23:59:59:24', 1, 25, '00:00:00:00'),
        # SMPTE 12M: numbers 0 and 1 do not exist in minutes that are no tenth.
        ('00:00:59;29', 1, Fraction(30000, 1001), '00:01:00;02'),
        ('00:09:59;29', 1, Fraction(30000, 1001), '00:10:00;00'),
        ('00:00:00;00', 1800, Fraction(30000, 1001), '00:01:00;02'),
        ('00:00:00;00', 17982, Fraction(30000, 1001), '00:10:00;00'),
        ('00:01:00;02', 17982, Fraction(30000, 1001), '00:11:00;02'),
        ('00:00:59;59', 1, Fraction(60000, 1001), '00:01:00;04'),
        ('text', 5, 25, 'text'),
    ],
)
def test_timecode_counts_frames(code, frames, rate, expected):
    assert moved_timecode(code, frames / Fraction(rate), Fraction(rate)) == expected


def test_titles_flags_and_stereo_of_the_film_are_kept(tmp_path):
    film = {'title': 'Angle', 'language': 'jpn', 'stereo_mode': 'left_right', 'disposition': Disposition.forced}
    source = write(tmp_path / 'a.mkv', film=film)
    upscale(source, tmp_path / 'b.mkv', Nearest())
    found = about(tmp_path / 'b.mkv')
    assert {name: found['film'][name] for name in ('title', 'language', 'stereo_mode')} == {
        'title': 'Angle',
        'language': 'jpn',
        'stereo_mode': 'left_right',
    }
    assert found['disposition'] == about(source)['disposition'] == Disposition.forced


def write_stereo(path, layout):
    if path.suffix == '.mkv':
        return write(path, film={'stereo_mode': layout})
    packing = {'left_right': 3, 'top_bottom': 4}[layout]
    return write_clip(path, grey_frames(4), options={'x264-params': f'frame-packing={packing}'})


# H.264 has no number for the others.
PACKED = ('left_right', 'top_bottom')
LAYOUTS = (*PACKED, 'right_left', 'row_interleaved_lr', 'anaglyph_cyan_red')


@pytest.mark.parametrize(
    ('source', 'layout'), [*(('a.mkv', layout) for layout in LAYOUTS), *(('a.mp4', layout) for layout in PACKED)]
)
@pytest.mark.parametrize('target', ['b.mkv', 'b.mp4', 'b.mov', 'b.webm'])
def test_the_layout_of_a_stereo_film_is_kept_or_warned_about(tmp_path, caplog, source, target, layout):
    upscale(write_stereo(tmp_path / source, layout), tmp_path / target, Nearest())
    with av.open(str(tmp_path / target)) as container:
        stream = container.streams.video[0]
        found = stereo_layout(next(container.decode(stream)), stream.metadata)
    is_kept = (
        target == 'b.mkv'
        or (target == 'b.webm' and layout != 'anaglyph_cyan_red' and not layout.startswith('row'))
        or (target in ('b.mp4', 'b.mov') and layout in ('left_right', 'top_bottom'))
    )
    assert found == (layout if is_kept else None)
    lines = [record.getMessage() for record in caplog.records if layout in record.getMessage()]
    assert len(lines) == (not is_kept) + layout.startswith('row')


def test_a_film_beside_its_input_is_no_stereo_film(tmp_path):
    source = write_stereo(tmp_path / 'a.mkv', 'left_right')
    upscale(source, tmp_path / 'b.mkv', Nearest(), output=OutputOptions(preview=True))
    assert 'stereo_mode' not in about(tmp_path / 'b.mkv')['film']


CHAPTERS = [
    dict(id=1, start=0, end=400, time_base=Fraction(1, 1000), metadata={'title': 'One'}),
    dict(id=2, start=400, end=1000, time_base=Fraction(1, 1000), metadata={'title': 'Two'}),
]


@pytest.mark.parametrize(
    ('part', 'expected'),
    [
        (SourceOptions(), [(0, 0.4, 'One'), (0.4, 1, 'Two')]),
        (SourceOptions(start=0.2), [(0, 0.2, 'One'), (0.2, 0.8, 'Two')]),
        (SourceOptions(start=0.2, duration=0.4), [(0, 0.2, 'One'), (0.2, 0.4, 'Two')]),
        (SourceOptions(start=0.6), [(0, 0.4, 'Two')]),
    ],
)
@pytest.mark.parametrize('name', ['b.mkv', 'b.mp4'])
def test_chapters_follow_the_span(tmp_path, name, part, expected):
    source = write(tmp_path / 'a.mkv', chapters=CHAPTERS)
    upscale(source, tmp_path / name, Nearest(), part=part)
    found = about(tmp_path / name)['chapters']
    assert [title for *_, title in found] == [title for *_, title in expected]
    assert [time for row in found for time in row[:2]] == pytest.approx(
        [time for row in expected for time in row[:2]], abs=2e-3
    )


@pytest.mark.parametrize('source', ['a.mp4', 'a.mkv'])
@pytest.mark.parametrize('target', ['b.mp4', 'b.mkv'])
def test_cover_art_is_copied(tmp_path, source, target):
    cover = np.full((24, 40, 3), 90, np.uint8)
    made = write(tmp_path / 'made.mp4', cover=cover)
    if source == 'a.mkv':
        upscale(made, tmp_path / source, Nearest())
    else:
        made.rename(tmp_path / source)
    assert about(tmp_path / source)['covers'] == [(40, 24)]
    upscale(tmp_path / source, tmp_path / target, Nearest())
    assert about(tmp_path / target)['covers'] == [(40, 24)]
    assert len(read_clip(tmp_path / target)[0]) == 25


def test_cover_art_is_left_out_with_a_line(tmp_path, caplog):
    source = write(tmp_path / 'a.mp4', cover=np.full((24, 40, 3), 90, np.uint8))
    for name in ('b.ts', 'b.mov'):
        caplog.clear()
        upscale(source, tmp_path / name, Nearest())
        (line,) = [record.getMessage() for record in caplog.records]
        assert 'cover' in line and str(source) in line
        assert about(tmp_path / name)['covers'] == []


def test_of_several_video_streams_the_default_one_is_the_film(tmp_path, caplog):
    source = write(tmp_path / 'a.mkv', film={'disposition': Disposition.default}, further=[(140, Disposition.forced)])
    upscale(source, tmp_path / 'b.mkv', Nearest())
    _, frames, _ = read_clip(tmp_path / 'b.mkv')
    assert frames.mean((1, 2, 3)) == pytest.approx([40 + i for i in range(25)], abs=2)
    (line,) = [record.getMessage() for record in caplog.records]
    assert str(source) in line and '1 further video' in line
    plain = write_clip(tmp_path / 'c.mkv', grey_frames(2))
    caplog.clear()
    upscale(plain, tmp_path / 'd.mkv', Nearest())
    assert not caplog.records
