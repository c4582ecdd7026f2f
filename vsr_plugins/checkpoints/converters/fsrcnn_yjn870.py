"""Convert FSRCNN from yjn870/FSRCNN-pytorch (models.py).

Paper:
    Accelerating the Super-Resolution Convolutional Neural Network. ECCV 2016.
"""

from collections.abc import Mapping

from torch import Tensor

from .renaming import check_fits, count_numbers, rename, weight_of

NETWORK = 'FSRCNNNet'
SOURCE = "yjn870's FSRCNN"


def convert(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights under the names of ``FSRCNNNet``. Their shapes are the same at any scale.

    Raises:
        ValueError: If they are not those of an FSRCNN; the message has the first keys.
    """
    from ...models.networks.fsrcnn import FSRCNNNet

    # Convolutions and activations alternate.
    num_mid = count_numbers(state_dict, r'mid_part\.(\d+)\.') // 2
    rules = [(r'first_part\.0\.', 'convs.0.'), (r'first_part\.1\.', 'activations.0.'), (r'last_part\.', 'deconv.')]
    for i in range(num_mid):
        rules += [
            (rf'mid_part\.{2 * i}\.', f'convs.{i + 1}.'),
            (rf'mid_part\.{2 * i + 1}\.', f'activations.{i + 1}.'),
        ]
    renamed = rename(state_dict, rules, SOURCE)
    first, second = (weight_of(renamed, f'convs.{i}.weight', 4, SOURCE) for i in range(2))
    if first is None or second is None:
        widths = {}
    else:
        widths = {'in_channels': first.shape[1], 'mid_channels': len(first), 'shrink_channels': len(second)}
    return check_fits(renamed, lambda: FSRCNNNet(**widths, num_layers=max(num_mid - 2, 0)), SOURCE)
