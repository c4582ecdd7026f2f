"""The network of a training by MMagic or this package, without what a training keeps beside it.

Paper:
    Whatever was trained. A running average of the network, where the training kept one, is the one that is taken, as
    MMagic takes it to measure.
"""

from collections.abc import Mapping

from torch import Tensor

# Whatever a config builds; the keys are not held against a network.
NETWORK = 'BaseEditModel'
PREFIXES = ('generator_ema.', 'generator.')


def convert(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights of the network under its own names, from those of a model of the configs.

    Raises:
        ValueError: If there is no network by the name that the configs give it.
    """
    for prefix in PREFIXES:
        network = {key.removeprefix(prefix): value for key, value in state_dict.items() if key.startswith(prefix)}
        if network:
            return network
    raise ValueError(
        f'these are no weights of a training by MMagic: none of {len(state_dict)} names begins with generator., '
        f'the first is {next(iter(state_dict), None)}'
    )
