"""Build networks with pretrained weights of the registry."""

from pathlib import Path

from torch import Tensor, nn

from ..checkpoints.conversion import read_released
from ..checkpoints.matching import load_state_dict_strict
from ..checkpoints.weight_files import read_weights
from ..models.build import build_network
from .entry import Pretrained
from .files import PRETRAINED_PREFIX, require
from .names import checkpoint_file, default_model, find_pretrained


def read_pretrained(name: str | Pretrained) -> dict[str, Tensor]:
    """Read the weights of an entry, under the names of its network.

    Raises:
        FileNotFoundError: If they are not installed; the message has the command to install them.
        ValueError: If no entry has this name, or the file is damaged.
    """
    entry = name if isinstance(name, Pretrained) else find_pretrained(name)
    file, path = require(entry)
    weights = read_released(file.converter, path) if file.converter else read_weights(path)
    own = {key.removeprefix(file.prefix): value for key, value in weights.items() if key.startswith(file.prefix)}
    return {key: value for key, value in own.items() if key not in file.without}


def checkpoint_weights(checkpoint: str | Path) -> dict[str, Tensor]:
    """Read the weights of a checkpoint, under the names of MMagic's models.

    Args:
        checkpoint: A file, or ``pretrained:NAME``. A network of the registry is the ``generator.`` of a model; a part,
            such as SPyNet, has no prefix.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file is damaged, or no entry has this name.
    """
    name = str(checkpoint)
    if not name.startswith(PRETRAINED_PREFIX):
        return read_weights(checkpoint)
    entry = find_pretrained(name.removeprefix(PRETRAINED_PREFIX))
    prefix = '' if entry.use == 'part' else 'generator.'
    return {prefix + key: value for key, value in read_pretrained(entry).items()}


def load_checkpoint(model: nn.Module, checkpoint: str | Path) -> None:
    """Load the weights of a checkpoint into a model, strictly.

    Args:
        model: A child of mmagic's ``BaseEditModel``, or any module.
        checkpoint: A file, or ``pretrained:NAME``.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file is damaged, or contains the weights of another model.
    """
    path = checkpoint_file(checkpoint)
    if not path.is_file():
        raise FileNotFoundError(f'no checkpoint at {path.resolve()}')
    load_state_dict_strict(model, checkpoint_weights(checkpoint), str(checkpoint))


def load_pretrained(name: str | Pretrained | None = None) -> nn.Module:
    """Build the network of an entry with its weights, for RGB in [0, 1], in evaluation mode on the CPU.

    Args:
        name: A name of the registry, see ``find_pretrained``; None for the best installed model.

    Raises:
        FileNotFoundError: If the weights are not installed; the message has the command to install them.
        ValueError: If no model has this name, or the file is damaged.
    """
    if name is None:
        name = default_model()
    entry = name if isinstance(name, Pretrained) else find_pretrained(name)
    if entry.use == 'part':
        raise ValueError(f'{entry.name} cannot restore a video: it is a part of other networks')
    network = build_network(entry.network)
    if entry.files:
        load_state_dict_strict(network, read_pretrained(entry), entry.name)
    return network.eval()
