"""Convert SRCNN 9-5-5 on Y to the start of VSRnet's training (MMagic's SRCNNNet and others with its layer names).

Paper:
    Video Super-Resolution With Convolutional Neural Networks. IEEE Transactions on Computational Imaging 2(2), 2016:
    layer 1 is copied for each frame, layer 2 repeated for each and divided by their number.

Before training, the output for five equal frames equals that of SRCNN for one.
"""

from collections.abc import Mapping

from torch import Tensor

from .renaming import check_fits, rename, weight_of

NETWORK = 'VSRNet'
SOURCE = 'SRCNN 9-5-5'
RULES = ((r'(?:generator\.)?(?:branch\.)?(conv[123]\.)', r'\1'),)
FRAMES = 5


def convert(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the initial weights of ``VSRNet``.

    Raises:
        ValueError: If they are not those of an SRCNN 9-5-5 on one channel; the message has the first keys.
    """
    from ...models.networks.vsrnet import VSRNet

    weights = {key: value for key, value in state_dict.items() if key != 'step_counter'}
    converted = {}
    renamed = rename(weights, RULES, SOURCE)
    weight_of(renamed, 'conv2.weight', 4, SOURCE)
    for key, value in renamed.items():
        layer, kind = key.split('.')
        if layer == 'conv1':
            converted.update({f'{layer}_{place}.{kind}': value.clone() for place in ('outer', 'inner', 'center')})
        elif key == 'conv2.weight':
            converted[key] = value.repeat(1, FRAMES, 1, 1) / FRAMES
        else:
            converted[key] = value
    return check_fits(converted, VSRNet, SOURCE)
