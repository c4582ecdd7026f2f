"""Convert VSRnet from usstdqq/vsrnet_pytorch (model.py, Net_VSRNet).

Paper:
    Video Super-Resolution With Convolutional Neural Networks. IEEE Transactions on Computational Imaging 2(2), 2016.
"""

from collections.abc import Mapping

from torch import Tensor

from .renaming import check_fits, rename

NETWORK = 'VSRNet'
SOURCE = "usstdqq's VSRnet"
RULES = (
    (r'conv1_f0\.', 'conv1_outer.'),
    (r'conv1_f1\.', 'conv1_inner.'),
    (r'conv1_f2\.', 'conv1_center.'),
    (r'(conv[23]\.)', r'\1'),
)


def convert(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights under the names of ``VSRNet``.

    Raises:
        ValueError: If they are not those of VSRnet; the message has the first keys.
    """
    from ...models.networks.vsrnet import VSRNet

    return check_fits(rename(state_dict, RULES, SOURCE), VSRNet, SOURCE)
