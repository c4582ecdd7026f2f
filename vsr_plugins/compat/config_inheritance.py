"""Patch of mmengine 0.10 and openmim 0.3 for configs ``_base_ = 'vsr_plugins::...'``. Delete once upstream finds them.

Three faults: mmengine 0.10 inherits configs only of packages in a list of its own. It uses the name of the package as
the scope of the registries, but this package registers in MMagic's. And mmengine and openmim 0.3 look for an editable
install next to its metadata, where the package is not.

``custom_imports`` of a config are imported after its bases are read, so ``vsr_plugins_startup`` applies this patch in
every process, as soon as upstream's modules are imported. It runs this file by its path, hence the absolute import.
"""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

NAME = 'vsr_plugins'
PREFIX = f'{NAME}::'
PACKAGE = Path(__file__).resolve().parents[1]


def add_to_packages(utils: ModuleType) -> None:
    """Add this package to the list in ``mmengine.config.utils``, which ``mmengine.hub`` reads too."""
    utils.MODULE2PACKAGE.setdefault(NAME, NAME)


def find_bases(config: ModuleType) -> None:
    """Let ``mmengine.config.config`` resolve a base ``vsr_plugins::name`` to its path."""
    upstream = config.Config._get_cfg_path

    def get_cfg_path(cfg_path: str, filename: str) -> tuple[str, str | None]:
        if not cfg_path.startswith(PREFIX):
            return upstream(cfg_path, filename)
        from vsr_plugins.engine.config_paths import config_path

        return config_path(cfg_path.removeprefix(PREFIX)), None

    config.Config._get_cfg_path = staticmethod(get_cfg_path)


def find_package(utils: ModuleType) -> None:
    """Let ``get_installed_path`` of ``mmengine.utils.package_utils`` or ``mim.utils.utils`` find editable installs."""
    upstream: Callable[[str], str] = utils.get_installed_path

    def get_installed_path(package: str) -> str:
        return str(PACKAGE) if package.replace('-', '_') == NAME else upstream(package)

    utils.get_installed_path = get_installed_path
