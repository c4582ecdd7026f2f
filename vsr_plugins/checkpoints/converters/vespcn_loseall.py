"""Convert the motion estimation of VESPCN from LoSealL/VideoSuperResolution (VSR/Backend/Torch/Models/Vespcn.py).

Paper:
    Real-Time Video Super-Resolution with Spatio-Temporal Networks and Motion Compensation. CVPR 2017.

The super-resolution part of that implementation differs from the paper's and has no counterpart here, so its weights
are omitted: load the result with ``strict=False`` and train the rest. Their warping by the coarse flow is
``coarse_warp='released'``.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from .renaming import check_fits, rename, weight_of

NETWORK = 'VESPCNNet'
SOURCE = "LoSealL's VESPCN"


def convert(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights of ``VESPCNNet.flow``, under the names of the network.

    Raises:
        ValueError: If they are not those of its motion estimation; the message has the first keys.
    """
    motion = {key: value for key, value in state_dict.items() if not key.startswith('sr.')}
    return {f'flow.{key}': value for key, value in convert_motion(motion, r'mc\.flownet\.', SOURCE).items()}


def convert_motion(state_dict: Mapping[str, Tensor], prefix: str, source: str) -> dict[str, Tensor]:
    """Return the weights of a ``CoarseToFineFlow``; the input order is swapped, theirs has the neighbour first.

    Raises:
        ValueError: If they are not those of such a network; the message has the first keys.
    """
    from ...models.alignment.coarse_to_fine_flow import CoarseToFineFlow

    rules = [
        (rf'{prefix}{theirs}_flow\.{layer}\.0\.', f'{theirs}.{2 * layer}.')
        for theirs in ('coarse', 'fine')
        for layer in range(5)
    ]
    renamed = rename(state_dict, rules, source)
    first = weight_of(renamed, 'coarse.0.weight', 4, source)
    channels = 1 if first is None else max(1, first.shape[1] // 2)
    for key in ('coarse.0.weight', 'fine.0.weight'):
        weight = weight_of(renamed, key, 4, source)
        if weight is not None:
            neighbour, reference, rest = weight.tensor_split((channels, 2 * channels), dim=1)
            renamed[key] = torch.cat((reference, neighbour, rest), dim=1)
    return check_fits(renamed, lambda: CoarseToFineFlow(channels), source)
