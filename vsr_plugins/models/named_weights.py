"""Weights that the config of a network names: loaded here, by a loader that the package above hands in.

Networks know nothing of files. ``vsr_plugins.registration`` sets ``loader`` as soon as this module is imported.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from torch import Tensor, nn

# (network, weights, tensors that files may leave out) -> None; raises as ``load_named_weights``.
Loader = Callable[[nn.Module, str | Path, Mapping[str, Tensor]], None]
loader: Loader | None = None


def load_named_weights(network: nn.Module, weights: str | Path, constants: Mapping[str, Tensor] | None = None) -> None:
    """Fill a network.

    Args:
        network: All of its tensors must be in the file.
        weights: A local file, or ``'pretrained:NAME'`` of the registry.
        constants: Tensors that some writers leave out, by name; they never change.

    Raises:
        FileNotFoundError: If there is no such file; nothing is downloaded.
        ValueError: If it holds the weights of another network.
    """
    assert loader is not None, 'vsr_plugins.registration sets it'
    loader(network, weights, constants or {})
