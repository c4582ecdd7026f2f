"""ESPCN as LoSealL/VideoSuperResolution names it (VSR/Backend/Torch/Models/Classic.py).

Paper:
    Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional Neural Network. CVPR
    2016.

That implementation works on values in [-1, 1], has tanh after the first two layers, as the paper, and after the last
one, which in the paper is linear: ``ESPCNNet(activation='tanh')`` with these weights gives, of an image in [-1, 1], the
values before the last tanh.
"""

from collections.abc import Mapping

from torch import Tensor

from ..models.networks.espcn import ESPCNNet
from .renaming import check_fits, rename

NETWORK = 'ESPCNNet'
SOURCE = "LoSealL's ESPCN"


def convert(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights under the names of ``ESPCNNet``; channels and scale follow from them.

    Raises:
        ValueError: If they are not those of an ESPCN, naming the first keys.
    """
    rules = [(r'body\.0\.', 'conv1.'), (r'body\.2\.', 'conv2.'), (r'body\.4\.', 'conv3.')]
    renamed = rename(state_dict, rules, SOURCE)
    channels, last = 1, renamed.get('conv3.bias')
    if 'conv1.weight' in renamed:
        channels = renamed['conv1.weight'].shape[1]
    scale = 4 if last is None else round((len(last) / channels) ** 0.5)
    return check_fits(renamed, lambda: ESPCNNet(channels, scale=scale), SOURCE)
