"""Convert FRVSR from the generator of skycrapers/TecoGAN-PyTorch (codes/models/networks/tecogan_nets.py, FRNet).

Paper:
    Frame-Recurrent Video Super-Resolution. CVPR 2018; as the generator of: Learning Temporal Coherence via
    Self-Supervision for GAN-based Video Generation. ACM Transactions on Graphics 39(4), 2020.

Their generator adds the upsampled frame, which FRVSR does not: set ``global_residual=True``. Weights for BI degradation
need ``flow_upsampling='bilinear'``, those for BD ``'tecogan_bicubic'``.
"""

from collections.abc import Mapping

from torch import Tensor

from .renaming import check_fits, count_numbers, rename, weight_of

NETWORK = 'FRVSRNet'
SOURCE = "TecoGAN-PyTorch's FRVSR"
SCALE = 4


def convert(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights under the names of ``FRVSRNet``; width and depth are inferred.

    Raises:
        ValueError: If they are not those of its generator; the message has the first keys.
    """
    from ...models.networks.frvsr import FRVSRNet

    rules = [
        *((rf'fnet\.encoder{i + 1}\.', f'flow.encoders.{i}.') for i in range(3)),
        *((rf'fnet\.decoder{i + 1}\.', f'flow.decoders.{i}.') for i in range(3)),
        (r'fnet\.flow\.', 'flow.head.'),
        (r'srnet\.conv_in\.0\.', 'conv_first.'),
        (r'srnet\.resblocks\.(\d+)\.conv\.0\.', r'blocks.\1.conv1.'),
        (r'srnet\.resblocks\.(\d+)\.conv\.2\.', r'blocks.\1.conv2.'),
        (r'srnet\.conv_up\.0\.', 'deconvs.0.'),
        (r'srnet\.conv_up\.2\.', 'deconvs.1.'),
        (r'srnet\.conv_out\.', 'conv_last.'),
    ]
    # The kernels of the bicubic upsampling are constants.
    weights = {key: value for key, value in state_dict.items() if not key.endswith('upsample_func.kernels')}
    renamed = rename(weights, rules, SOURCE)
    num_blocks = count_numbers(renamed, r'blocks\.(\d+)\.')
    width = 64
    first = weight_of(renamed, 'conv_first.weight', 4, SOURCE)
    if first is not None and first.shape[1] == 3 + 3 * SCALE**2:
        width = len(first)
        # In the sub-pixels of the previous output, theirs has the colours innermost, ours outermost.
        known = first[:, 3:].unflatten(1, (SCALE**2, 3)).transpose(1, 2).flatten(1, 2)
        renamed['conv_first.weight'] = first.clone()
        renamed['conv_first.weight'][:, 3:] = known
    return check_fits(renamed, lambda: FRVSRNet(width, num_blocks, SCALE), SOURCE)
