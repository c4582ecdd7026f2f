"""Mends mmengine 0.10, which formats the whole config by yapf for every checkpoint; goes when it formats once.

That takes seconds of a CPU core each time, as long as many iterations of a small network. The text of a config that was
formatted before is remembered; nothing else changes.
"""

from collections.abc import Callable
from functools import lru_cache

from mmengine.config import config as upstream


def apply() -> None:
    """Let ``Config.pretty_text`` format a text once."""
    if not hasattr(upstream.FormatCode, 'cache_info'):
        upstream.FormatCode = _remembering(upstream.FormatCode)


def _remembering(format_code: Callable) -> Callable:
    @lru_cache(maxsize=16)
    def formatted(text: str, style: tuple, options: tuple) -> tuple[str, bool]:
        return format_code(text, style_config=dict(style), **dict(options))

    def remembering(text: str, style_config: dict, **options: bool) -> tuple[str, bool]:
        return formatted(text, tuple(style_config.items()), tuple(options.items()))

    remembering.cache_info = formatted.cache_info
    return remembering
