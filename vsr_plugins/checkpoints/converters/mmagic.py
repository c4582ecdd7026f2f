"""Extract the network of a training by MMagic or this package, without the rest of the checkpoint.

Paper:
    That of the trained network. If the training kept a running average of the network, the average is used, as MMagic
    uses it to measure.
"""

from collections.abc import Mapping

from torch import Tensor

# The model of any config; the keys are not checked against a network.
NETWORK = 'BaseEditModel'
PREFIXES = ('generator_ema.', 'generator.')


def convert(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights of the network under its own names, from those of a model of the configs.

    Raises:
        ValueError: If no name has a prefix of ``PREFIXES``.
    """
    for prefix in PREFIXES:
        network = {key.removeprefix(prefix): value for key, value in state_dict.items() if key.startswith(prefix)}
        if network:
            return network
    raise ValueError(
        f'not weights of a training by MMagic: none of the {len(state_dict)} names begins with generator., '
        f'the first is {next(iter(state_dict), None)}'
    )
