"""The build backend: that of setuptools, which here tells ``setup.py`` whether the install is an editable one.

Setuptools asks for the requirements of both kinds in the same way. Those of an editable install may depend on the
environment it is made for; those of a wheel may not, it is installed anywhere.
"""

import os
from typing import Any

from setuptools import build_meta
from setuptools.build_meta import (  # noqa: F401
    build_sdist,
    build_wheel,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_wheel,
)

EDITABLE = 'VSR_PLUGINS_EDITABLE'


def prepare_metadata_for_build_editable(*args: Any, **options: Any) -> str:
    """The hook of this name; an installer runs each in a process of its own."""
    os.environ[EDITABLE] = '1'
    return build_meta.prepare_metadata_for_build_editable(*args, **options)


def build_editable(*args: Any, **options: Any) -> str:
    """The hook of this name."""
    os.environ[EDITABLE] = '1'
    return build_meta.build_editable(*args, **options)
