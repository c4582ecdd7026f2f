"""Replacement of ``controlnet_aux.mediapipe_face``. Delete once ``controlnet_aux`` works with today's mediapipe.

MMagic imports ``controlnet_aux``, which imports that module, which needs ``mediapipe.solutions``. Versions of mediapipe
that Python 3.13 can install have none. ``vsr_plugins_startup.py`` finds this module in their presence.
"""

from typing import Any


class MediapipeFaceDetector:
    """Has the name of the detector of faces, which nothing of video super-resolution uses.

    Raises:
        ImportError: Always.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise ImportError('MediapipeFaceDetector needs mediapipe<0.10.22, which Python 3.13 cannot install; use 3.12')
