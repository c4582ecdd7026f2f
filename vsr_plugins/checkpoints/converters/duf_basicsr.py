"""Convert DUF from BasicSR (XPixelGroup/BasicSR, basicsr/archs/duf_arch.py).

Paper:
    Deep Video Super-Resolution Network Using Dynamic Upsampling Filters Without Explicit Motion Compensation. CVPR
    2018.

BasicSR's weights are the authors', converted from TensorFlow: build the network with ``bn_eps=1e-3``.
"""

from collections.abc import Mapping

from torch import Tensor

from .renaming import check_fits, count_numbers, rename, weight_of

NETWORK = 'DUFNet'
SOURCE = "BasicSR's DUF"
BLOCK = {'0': 'norm1', '2': 'conv1', '3': 'norm2', '5': 'conv2'}


def convert(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights under the names of ``DUFNet``; the number of layers and the scale are inferred.

    Raises:
        ValueError: If they are not those of a DUF; the message has the first keys.
    """
    from ...models.networks.duf import DEPTHS, DUFNet

    num_blocks = count_numbers(state_dict, r'dense_block1\.dense_blocks\.(\d+)\.')
    rules = [
        (r'conv3d1\.', 'conv_first.'),
        *((rf'dense_block1\.dense_blocks\.(\d+)\.{i}\.', rf'blocks.\1.{name}.') for i, name in BLOCK.items()),
        *(
            (rf'dense_block2\.temporal_reduce{step}\.{i}\.', f'blocks.{num_blocks + step - 1}.{name}.')
            for step in (1, 2, 3)
            for i, name in BLOCK.items()
        ),
        (r'bn3d2\.', 'norm.'),
        (r'conv3d2\.', 'conv_last.'),
        (r'conv3d_r1\.', 'residual_head.0.'),
        (r'conv3d_r2\.', 'residual_head.2.'),
        (r'conv3d_f1\.', 'filter_head.0.'),
        (r'conv3d_f2\.', 'filter_head.2.'),
    ]
    renamed = rename(state_dict, rules, SOURCE)
    # One frame remains: drop the time axis of the kernels.
    for key, value in renamed.items():
        if key.startswith(('conv_last.', 'residual_head.', 'filter_head.')) and value.ndim == 5:
            renamed[key] = value.squeeze(2)
    depths = {blocks: layers for layers, (blocks, _) in DEPTHS.items()}
    if num_blocks not in depths:
        raise ValueError(f'not weights of {SOURCE}: they have {num_blocks} dense blocks, not one of {sorted(depths)}')
    residual = weight_of(renamed, 'residual_head.2.bias', 1, SOURCE)
    scale = 4 if residual is None else round((len(residual) / 3) ** 0.5)
    return check_fits(renamed, lambda: DUFNet(depths[num_blocks], scale), SOURCE)
