"""Frames with side data that PyAV has no name for."""

import io

import av
import numpy as np
import pytest
from PIL import Image, ImageOps
from videos import gradient

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
