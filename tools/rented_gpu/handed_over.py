"""What the machine was handed: wheels are installed, archives unpacked, folders joined."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import distributions
from pathlib import Path

ARCHIVES = ('.zip', '.tar', '.tar.gz', '.tgz', '.tar.xz', '.tar.bz2')


def install_wheels(folders: Sequence[Path], target: Path) -> list[str]:
    """Install all wheels of some folders into a folder of their own, without a network.

    Dependencies are not looked for: what lies there is installed. What was installed before stays, so wheels can come
    in several parts.

    Args:
        folders: Folders of wheels.
        target: To be put into ``PYTHONPATH``.

    Returns:
        Names and versions of all that is in ``target`` now.

    Raises:
        ValueError: If a folder has no wheels, or pip fails.
    """
    wheels: list[str] = []
    for folder in folders:
        found = sorted(str(path) for path in folder.glob('*.whl'))
        if not found:
            raise ValueError(f'there are no wheels in {folder}')
        wheels += found
    target.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, '-m', 'pip', 'install', '--quiet', '--no-index', '--no-deps', '--no-compile']
    command += ['--no-cache-dir', '--disable-pip-version-check', '--upgrade', '--target', str(target), *wheels]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise ValueError(f'pip ended with {done.returncode}: {done.stderr.strip()[-1000:]}')
    return sorted(f'{found.metadata["Name"]} {found.version}' for found in distributions(path=[str(target)]))


def gather(sources: Iterable[Path], folder: Path) -> list[Path]:
    """Bring archives, folders and files together below one folder, each under its own name.

    What is there already is left alone, so that sources can come in several parts. Files are hard-linked where that is
    possible.

    Args:
        sources: Archives are unpacked, folders and single files taken as they are.
        folder: Where to.

    Returns:
        What each source became.

    Raises:
        FileNotFoundError: If a source is missing.
        ValueError: If an archive is damaged, or an entry of it would lie outside of ``folder``.
    """
    made = []
    for source in sources:
        if not source.exists():
            raise FileNotFoundError(f'{source} is not there')
        suffix = next((suffix for suffix in ARCHIVES if source.is_file() and source.name.endswith(suffix)), '')
        target = folder / source.name.removesuffix(suffix)
        made.append(target)
        if target.exists():
            continue
        partial = folder / f'.{target.name}.partial'
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        if suffix:
            _unpack(source, partial)
            partial.rename(target)
        elif source.is_dir():
            shutil.copytree(source, partial, copy_function=_link, dirs_exist_ok=True)
            partial.rename(target)
        else:
            _link(str(source), str(partial / source.name))
            (partial / source.name).rename(target)
            partial.rmdir()
    return made


def _unpack(archive: Path, folder: Path) -> None:
    # A tar file may name paths outside of the folder; of zip files zipfile takes care.
    options = {} if archive.suffix == '.zip' else {'filter': 'data'}
    try:
        shutil.unpack_archive(archive, folder, **options)
    except (shutil.ReadError, OSError, EOFError) as error:
        raise ValueError(f'{archive} cannot be unpacked: {error}') from error


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
