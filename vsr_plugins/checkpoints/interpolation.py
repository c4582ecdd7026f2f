"""Weights between two trainings of one network."""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from .weight_files import read_weights, write_weights


def interpolate(first: Mapping[str, Tensor], second: Mapping[str, Tensor], share: float) -> dict[str, Tensor]:
    """Return ``(1 - share) * first + share * second``, name by name.

    "ESRGAN: Enhanced Super-Resolution Generative Adversarial Networks" (ECCV Workshops 2018), section 3.4, eq. (4):
    between the network that was trained for PSNR and the one trained from it with a discriminator, artefacts fade
    before texture does.

    Args:
        first: Weights by name; tensors of integers are taken from here.
        second: Weights of the same network. Names that ``first`` lacks, such as those of a discriminator, are ignored.
        share: Of the second, 0 to 1. Outside this range the line is continued.

    Raises:
        ValueError: If a name of ``first`` is missing in ``second``, or a shape differs.
    """
    missing = [name for name in first if name not in second]
    if missing:
        raise ValueError(f'the second weights lack {", ".join(missing[:3])}: both must be of one network')
    wrong = [name for name, value in first.items() if value.shape != second[name].shape]
    if wrong:
        shapes = tuple(first[wrong[0]].shape), tuple(second[wrong[0]].shape)
        raise ValueError(f'{wrong[0]} has the shapes {shapes[0]} and {shapes[1]}: both weights must be of one network')
    return {
        name: (
            value.double().lerp(second[name].double(), share).to(value.dtype) if value.is_floating_point() else value
        )
        for name, value in first.items()
    }


def interpolate_files(
    first: Path | str, second: Path | str, output: Path | str, share: float, force: bool = False, half: bool = False
) -> int:
    """Write weights between those of two files.

    Args:
        first: File of weights; a discriminator in it is left out.
        second: Another, of the same network.
        output: File to write, in a format of ``write_weights``.
        share: Of the second, see ``interpolate``.
        force: Overwrite an existing ``output``.
        half: Write half precision.

    Returns:
        Number of tensors written.

    Raises:
        FileNotFoundError: If a file does not exist.
        FileExistsError: If ``output`` exists and ``force`` is False.
        ValueError: If a file is damaged, or the two are not of one network.
    """
    weights = {name: value for name, value in read_weights(first).items() if not name.startswith('discriminator.')}
    between = interpolate(weights, read_weights(second), share)
    meta = {'interpolated_from': f'{Path(first).name} {Path(second).name}', 'share_of_second': str(share)}
    write_weights(between, output, meta, force, half)
    return len(between)
