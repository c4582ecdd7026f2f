"""Fixtures for data that is not part of the project, and the markers that ask for it."""

import os
from pathlib import Path

import pytest

NEEDS = {'golden': 'VSR_GOLDEN_ROOT', 'realdata': 'VSR_DATA_ROOT'}


def _folder(variable: str) -> Path | None:
    value = os.environ.get(variable)
    if not value:
        return None
    folder = Path(value)
    if not folder.is_dir():
        raise pytest.UsageError(f'{variable}={value} is not a folder')
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for marker, variable in NEEDS.items():
        if _folder(variable) is None:
            skip = pytest.mark.skip(reason=f'needs {variable}')
            for item in items:
                if item.get_closest_marker(marker):
                    item.add_marker(skip)


@pytest.fixture
def golden_root() -> Path:
    """Folder with outputs of other implementations (marker ``golden``)."""
    return _folder('VSR_GOLDEN_ROOT')


@pytest.fixture
def data_root() -> Path:
    """Folder with prepared data sets (marker ``realdata``)."""
    return _folder('VSR_DATA_ROOT')
