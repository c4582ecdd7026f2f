"""Formats of images that Pillow reads and writes with a package of its own."""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

# How many bytes of a file tell its format.
_HEAD = 32
_JXL = (b'\xff\x0a', b'\0\0\0\x0cJXL ')
_HEIF = frozenset((b'heic', b'heix', b'heim', b'heis', b'hevc', b'hevx'))
# Of HEIF with any codec; those with AV1 are AVIF.
_ANY_HEIF = frozenset((b'mif1', b'msf1'))


@dataclass(frozen=True)
class PillowPlugin:
    """A package that teaches Pillow a format.

    Attributes:
        module: What is imported.
        package: Name for pip.
    """

    module: str
    package: str

    def is_there(self) -> bool:
        """Import the package; return whether it is installed."""
        try:
            import_module(self.module)
        except ImportError:
            return False
        return True


_JPEG_XL = PillowPlugin('pillow_jxl', 'pillow-jxl-plugin')
_HEIF_OPENER = PillowPlugin('pillow_heif.HeifImagePlugin', 'pillow-heif')
# By suffix.
PILLOW_PLUGINS = {'.jxl': _JPEG_XL, **dict.fromkeys(('.heic', '.heif', '.hif'), _HEIF_OPENER)}


def plugin_of(path: Path) -> PillowPlugin | None:
    """Return the package that Pillow needs for the content of a file, whatever its suffix; None if it needs none."""
    with open(path, 'rb') as file:
        head = file.read(_HEAD)
    if head.startswith(_JXL):
        return _JPEG_XL
    brand, others = head[8:12], head[16:]
    is_heif = head[4:8] == b'ftyp' and (brand in _HEIF or (brand in _ANY_HEIF and b'avif' not in others))
    return _HEIF_OPENER if is_heif else None
