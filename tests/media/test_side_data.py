"""Frames with side data that PyAV has no name for."""

import io

import av
import numpy as np
import pytest
from PIL import Image, ImageOps
from videos import gradient, grey_frames, write_clip

from vsr_plugins.media.reading.open_reader import open_reader


def write_jpegs(path, orientation):
    """Motion JPEG as cameras write it: each frame with the EXIF of a photograph."""
    image = Image.fromarray(gradient())
    exif = image.getexif()
    exif[0x10F], exif[0x112] = 'Maker', orientation
    file = io.BytesIO()
    image.save(file, 'JPEG', exif=exif.tobytes(), quality=98, subsampling=0)
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('mjpeg', rate=25)
        stream.width, stream.height, stream.pix_fmt = 48, 32, 'yuvj444p'
        container.start_encoding()
        for number in range(3):
            packet = av.Packet(file.getvalue())
            packet.stream, packet.is_keyframe = stream, True
            packet.pts = packet.dts = number
            packet.time_base = stream.time_base
            container.mux(packet)
    return np.asarray(ImageOps.exif_transpose(Image.open(file)).convert('RGB'))


@pytest.mark.parametrize('orientation', [1, 3, 6, 8])
def test_jpegs_with_exif_are_upright(tmp_path, orientation):
    expected = write_jpegs(tmp_path / 'a.avi', orientation)
    frames = list(open_reader(tmp_path / 'a.avi').frames())
    assert len(frames) == 3
    for frame in frames:
        assert frame.pixels.shape == expected.shape
        assert np.abs(frame.pixels.astype(int) - expected).max() <= 6


SPHERICAL = bytes.fromhex('ffcc8263f8554a938814587a02521fdd') + (
    b'<?xml version="1.0"?><rdf:SphericalVideo xmlns:GSpherical="http://ns.google.com/videos/1.0/spherical/">'
    b'<GSpherical:Spherical>true</GSpherical:Spherical><GSpherical:Stitched>true</GSpherical:Stitched>'
    b'<GSpherical:StitchingSoftware>x</GSpherical:StitchingSoftware>'
    b'<GSpherical:ProjectionType>equirectangular</GSpherical:ProjectionType></rdf:SphericalVideo>'
)


def test_a_spherical_film_is_warned_about(tmp_path):
    path = write_clip(tmp_path / 'a.mp4', grey_frames(3))
    assert not open_reader(path).info.warnings
    data = bytearray(path.read_bytes())
    box = (8 + len(SPHERICAL)).to_bytes(4, 'big') + b'uuid' + SPHERICAL
    # The index is at the end: boxes of it may grow.
    track = data.index(b'trak') - 4
    for at in (data.index(b'moov') - 4, track):
        data[at : at + 4] = (int.from_bytes(data[at : at + 4], 'big') + len(box)).to_bytes(4, 'big')
    end = track + int.from_bytes(data[track : track + 4], 'big') - len(box)
    path.write_bytes(data[:end] + box + data[end:])
    (warning,) = open_reader(path).info.warnings
    assert 'spherical' in warning
