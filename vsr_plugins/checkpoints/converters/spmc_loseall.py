"""Convert SPMC from LoSealL/VideoSuperResolution (VSR/Backend/Torch/Models/Spmc.py).

Paper:
    Detail-revealing Deep Video Super-resolution. ICCV 2017.

Their ConvLSTM also convolves the cell state, which the paper's does not: weights in which these convolutions are not
zero, as in every file trained there, need ``peephole_conv=True``. Their warping by the coarse flow is
``coarse_warp='released'``. Their sub-pixel layer samples backwards, unlike the paper and ``SPMCNet``.
"""

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from .renaming import check_fits, rename, weight_of
from .vespcn_loseall import convert_motion

NETWORK = 'SPMCNet'
SOURCE = "LoSealL's SPMC"
LAYERS = {
    'enc1.body.0': 'encoder1.0',
    'enc2.0.body.0': 'encoder2.0',
    'enc2.1.body.0': 'encoder2.2',
    'enc3.body.0': 'encoder3.0',
    'dec1.0.body.0': 'decoder1.0',
    'dec1.1': 'decoder1.2',
    'dec2.0.body.0': 'decoder2.0',
    'dec2.1': 'decoder2.2',
    'dec3.0.body.0': 'decoder3.0',
    'dec3.1.body.0': 'decoder3.2',
}
LSTM = 'vsr.lstm.'
CELL = 'restoration.lstm.'
PEEPHOLES = f'{CELL}peephole_conv.weight'


def convert(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights under the names of ``SPMCNet``; the width is inferred.

    They fit ``SPMCNet(peephole_conv=True)`` if ``restoration.lstm.peephole_conv.weight`` is among them.

    Raises:
        ValueError: If they are not those of SPMC; the message has the first keys.
    """
    from ...models.networks.spmc import SPMCNet

    motion = {key: value for key, value in state_dict.items() if key.startswith('me.')}
    lstm = {key.removeprefix(LSTM): value for key, value in state_dict.items() if key.startswith(LSTM)}
    rest = {key: value for key, value in state_dict.items() if key not in motion and not key.startswith(LSTM)}
    rules = [(re.escape(f'vsr.{theirs}.'), f'restoration.{ours}.') for theirs, ours in LAYERS.items()]
    renamed = rename(rest, rules, SOURCE)
    flow = convert_motion(motion, r'me\.flownet\.', SOURCE)
    converted = {f'flow.{key}': value for key, value in flow.items()} | renamed | _gates(lstm)
    first = weight_of(renamed, 'restoration.encoder1.0.weight', 4, SOURCE)
    width = 32 if first is None else len(first)
    return check_fits(converted, lambda: SPMCNet(mid_channels=width, peephole_conv=PEEPHOLES in converted), SOURCE)


def _gates(lstm: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Merge their convolutions of input and state into one; the biases of all three are summed."""
    weights = [weight_of(lstm, key, 4, SOURCE) for key in ('weight_ih', 'weight_hh', 'weight_ch')]
    biases = [weight_of(lstm, key, 1, SOURCE) for key in ('bias_ih', 'bias_hh', 'bias_ch')]
    gates = {}
    try:
        if weights[0] is not None and weights[1] is not None:
            gates[f'{CELL}gates.weight'] = torch.cat(weights[:2], dim=1)
        if biases[0] is not None:
            gates[f'{CELL}gates.bias'] = sum(bias for bias in (*biases[:2], _for_four(biases[2])) if bias is not None)
    except RuntimeError as error:
        raise ValueError(f'not weights of {SOURCE}: parts of {LSTM} differ in size ({error})') from error
    if weights[2] is not None and weights[2].any():
        gates[PEEPHOLES] = weights[2]
    return gates


def _for_four(bias: Tensor | None) -> Tensor | None:
    """Insert a zero bias for the candidate, which has no peephole, between those of the gates."""
    if bias is None:
        return None
    update, forget, emit = bias.tensor_split(3)
    return torch.cat((update, forget, torch.zeros_like(emit), emit))
