"""Patch of mmengine 0.10: format the text of a config once. Delete when mmengine does.

mmengine formats the complete config by yapf for every checkpoint, which takes seconds of a CPU core each time, as long
as many iterations of a small network. This patch caches the formatted text; nothing else changes.
"""

from collections.abc import Callable
from functools import lru_cache

from mmengine.config import config as upstream


def apply() -> None:
    """Cache the formatted texts of ``Config.pretty_text``."""
    if not hasattr(upstream.FormatCode, 'cache_info'):
        upstream.FormatCode = _cached(upstream.FormatCode)


def _cached(format_code: Callable) -> Callable:
    @lru_cache(maxsize=16)
    def formatted(text: str, style: tuple, options: tuple) -> tuple[str, bool]:
        return format_code(text, style_config=dict(style), **dict(options))

    def cached(text: str, style_config: dict, **options: bool) -> tuple[str, bool]:
        return formatted(text, tuple(style_config.items()), tuple(options.items()))

    cached.cache_info = formatted.cache_info
    return cached
