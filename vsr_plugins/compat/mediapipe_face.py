"""Replacement of ``controlnet_aux.mediapipe_face``. Delete once ``controlnet_aux`` works with today's mediapipe.

MMagic imports ``controlnet_aux``, which imports that module, which needs ``mediapipe.solutions``. Since 0.10.22
mediapipe has none. ``vsr_plugins_startup.py`` finds this module in the presence of such a version.
"""

from typing import Any


class MediapipeFaceDetector:
    """Has the name of the detector of faces, which nothing of video super-resolution uses.

    Raises:
        ImportError: Always.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise ImportError('MediapipeFaceDetector needs mediapipe<0.10.22 (and Python below 3.13)')
