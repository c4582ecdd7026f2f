"""How the two views of a stereo film lie in a frame, by Matroska's names, such as ``left_right``."""

from collections.abc import Mapping

import av
import numpy as np

# By FFmpeg's numbers of a layout, and whether the right view is first.
_LAYOUTS = {
    1: ('left_right', 'right_left'),
    2: ('top_bottom', 'bottom_top'),
    3: ('block_lr', 'block_rl'),
    4: ('checkerboard_lr', 'checkerboard_rl'),
    6: ('row_interleaved_lr', 'row_interleaved_rl'),
    7: ('col_interleaved_lr', 'col_interleaved_rl'),
}
# Neighbouring pixels belong to different views.
INTERLEAVED = ('checkerboard', 'row_interleaved', 'col_interleaved')
# Numbers of H.264, which has none for the right view first.
_H264_PACKINGS = {'left_right': 3, 'top_bottom': 4, 'block_lr': 5}
# WebM has these only.
_WEBM = frozenset(('left_right', 'right_left', 'top_bottom', 'bottom_top'))


def stereo_layout(frame: av.VideoFrame, tags: Mapping[str, str]) -> str | None:
    """Return how the views lie in a frame; None if there is one view only.

    Args:
        frame: A decoded frame.
        tags: Tags of its stream.
    """
    if (tag := tags.get('stereo_mode', 'mono')) != 'mono':
        return tag
    try:
        data = frame.side_data.get('STEREO3D')
    except ValueError:  # PyAV has no name for some of the side data
        return None
    kind, is_inverted = (0, 0) if data is None else np.frombuffer(bytes(data), np.int32)[:2]
    return _LAYOUTS[int(kind)][int(is_inverted) & 1] if int(kind) in _LAYOUTS else None


def holds_stereo(container: str, layout: str) -> bool:
    """Whether a container, by FFmpeg's name, states a layout."""
    return container == 'matroska' or (container == 'webm' and layout in _WEBM)


def stereo_options(codec: str, layout: str) -> dict[str, str]:
    """Return the options with which an encoder states a layout in its frames; empty if it cannot."""
    packing = _H264_PACKINGS.get(layout)
    return {'x264-params': f'frame-packing={packing}'} if codec == 'libx264' and packing is not None else {}
