"""Load weights named in a network's config, by a loader that a higher layer sets.

Networks do not depend on file formats. ``vsr_plugins.registration`` sets ``loader`` when this module is imported.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from torch import Tensor, nn

# (network, weights, tensors that files may omit) -> None; raises as ``load_named_weights``.
Loader = Callable[[nn.Module, str | Path, Mapping[str, Tensor]], None]
loader: Loader | None = None


def load_named_weights(network: nn.Module, weights: str | Path, constants: Mapping[str, Tensor] | None = None) -> None:
    """Load weights into a network.

    Args:
        network: Every tensor of it must be in the file.
        weights: A local file, or ``'pretrained:NAME'`` of the registry.
        constants: Tensors that some files omit, by name; they are constant.

    Raises:
        FileNotFoundError: If the file does not exist; nothing is downloaded.
        ValueError: If the file contains the weights of another network.
    """
    assert loader is not None, 'vsr_plugins.registration must set the loader'
    loader(network, weights, constants or {})
