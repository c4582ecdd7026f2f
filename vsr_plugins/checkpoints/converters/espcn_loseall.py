"""Convert ESPCN from LoSealL/VideoSuperResolution (VSR/Backend/Torch/Models/Classic.py).

Paper:
    Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional Neural Network. CVPR
    2016.

That implementation works on values in [-1, 1] and has tanh after the last layer too, which is linear in the paper:
these weights need ``ESPCNNet(signed=True)``.
"""

from collections.abc import Mapping

from torch import Tensor

from .renaming import check_fits, rename, weight_of

NETWORK = 'ESPCNNet'
SOURCE = "LoSealL's ESPCN"


def convert(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights under the names of ``ESPCNNet``; channels and scale are inferred.

    Raises:
        ValueError: If they are not those of an ESPCN; the message has the first keys.
    """
    from ...models.networks.espcn import ESPCNNet

    rules = [(r'body\.0\.', 'conv1.'), (r'body\.2\.', 'conv2.'), (r'body\.4\.', 'conv3.')]
    renamed = rename(state_dict, rules, SOURCE)
    first, last = weight_of(renamed, 'conv1.weight', 4, SOURCE), weight_of(renamed, 'conv3.bias', 1, SOURCE)
    channels = 1 if first is None else first.shape[1]
    scale = 4 if last is None else round((len(last) / channels) ** 0.5)
    return check_fits(renamed, lambda: ESPCNNet(channels, scale=scale), SOURCE)
