"""How the position of chroma is found out."""

import av
import numpy as np
import pytest

from vsr_plugins.media.chroma_siting import StatedSiting, is_centred


@pytest.mark.parametrize('pix_fmt', ['yuv420p', 'yuv422p'])
@pytest.mark.parametrize('size', [(64, 64), (64, 48), (48, 64), (128, 64), (64, 128)])
def test_a_frame_is_not_changed_by_finding_out(pix_fmt, size):
    rng = np.random.default_rng(0)
    frame = av.VideoFrame.from_ndarray(rng.integers(16, 235, (*size, 3), np.uint8), format='rgb24')
    frame = frame.reformat(format=pix_fmt)
    before = [bytes(plane) for plane in frame.planes]
    is_centred(frame)
    StatedSiting('matroska,webm', 'vp9')(frame)
    assert [bytes(plane) for plane in frame.planes] == before
