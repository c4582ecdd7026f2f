"""Trained weights that come with the package.

Each set is three files in ``vsr_plugins/weights``, named after the config that trained it: ``STEM.safetensors`` as a
model of that config holds them, ``STEM.config.py`` with the config as it was when it was run, and ``STEM.jsonl`` with
what the training logged. ``STEM.py`` would be a second file of the name by which ``mim train`` looks for the config.
"""

from fnmatch import fnmatch
from pathlib import Path

FOLDER = Path(__file__).parents[1] / 'weights'

# Names of sets, * for anything, best on the held-out clips first: the first that is there upscales where no model is
# named. A set that nothing here fits is taken only by its name; so are networks that make frames between.
BEST_FIRST = (
    'latent_attn_llsll-c64_*',
    'robust_vsr_deep-final_*',
    'latent_attn_*',
    'robust_vsr_deep-joint_*',
    'robust_vsr_deep-*',
    'robust_vsr_final-*',
    'vespcn_x4_*',
    'robust_vsr_*',
    'espcn_*',
    'fsrcnn_*',
)


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
    """Names of the configs whose weights come with the package, best first, and then those of no known rank."""
    return sorted((path.stem for path in folder.glob('*.safetensors')), key=lambda stem: (_rank(stem), stem))


def best_shipped(folder: Path = FOLDER) -> str | None:
    """The first of ``BEST_FIRST`` that comes with the package; None where there is none."""
    best = next(iter(shipped_names(folder)), None)
    return best if best is not None and _rank(best) < len(BEST_FIRST) else None


def _rank(stem: str) -> int:
    return next((rank for rank, pattern in enumerate(BEST_FIRST) if fnmatch(stem, pattern)), len(BEST_FIRST))
