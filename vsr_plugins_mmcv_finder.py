"""Makes ``vsr_plugins/compat/mmcv_ext.py`` importable as ``mmcv._ext`` where mmcv has no compiled operators.

Read by ``vsr_plugins_mmcv_finder.pth`` at the start of every interpreter, so it imports next to nothing. The finder is
the last in line: it is asked only when nobody else has the module, so compiled operators are never hidden.
"""

import sys
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from typing import Any

STAND_IN = Path(__file__).parent / 'vsr_plugins' / 'compat' / 'mmcv_ext.py'


class MMCVExtFinder:
    """Answers for one name, ``mmcv._ext``, and for no other."""

    @staticmethod
    def find_spec(fullname: str, path: Any = None, target: Any = None) -> 'ModuleSpec | None':
        """Return the spec of the stand-in for ``mmcv._ext``, None for every other module."""
        if fullname != 'mmcv._ext' or not STAND_IN.is_file():
            return None
        return spec_from_file_location(fullname, STAND_IN)


def install() -> None:
    """Append the finder to ``sys.meta_path``, once."""
    if MMCVExtFinder not in sys.meta_path:
        sys.meta_path.append(MMCVExtFinder)


install()
