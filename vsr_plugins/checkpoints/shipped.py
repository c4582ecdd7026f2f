"""Trained weights that come with the package.

Each set is three files in ``vsr_plugins/weights``, named after the config that trained it: ``STEM.safetensors`` as a
model of that config holds them, ``STEM.py`` with the config as it was when it was run, and ``STEM.jsonl`` with what
the training logged.
"""

from pathlib import Path

FOLDER = Path(__file__).parents[1] / 'weights'


def shipped_weights(stem: str, folder: Path = FOLDER) -> Path | None:
    """The weights that come with the package for a config.

    Args:
        stem: Name of the config's file without suffix.
        folder: Where to look.

    Returns:
        A safetensors file, or None where there is none.
    """
    path = folder / f'{stem}.safetensors'
    return path if path.is_file() else None


def shipped_names(folder: Path = FOLDER) -> list[str]:
    """Names of the configs whose weights come with the package."""
    return sorted(path.stem for path in folder.glob('*.safetensors'))
