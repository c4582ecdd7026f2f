"""SPMC as LoSealL/VideoSuperResolution names it (VSR/Backend/Torch/Models/Spmc.py).

Paper:
    Detail-revealing Deep Video Super-resolution. ICCV 2017.

Their ConvLSTM also convolves the cell state, which the paper's does not: weights in which these convolutions are not
zero have no counterpart here and are refused. Their warping by the coarse flow is ``coarse_warp='released'``; their
sub-pixel layer samples backwards, which is not what the paper describes and not what ``SPMCNet`` does.
"""

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from ..models.networks.spmc import SPMCNet
from .renaming import check_fits, rename
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
GATES = 'restoration.lstm.gates.'


def convert(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights under the names of ``SPMCNet``; the width follows from them.

    Raises:
        ValueError: If they are not those of SPMC, naming the first keys, or their ConvLSTM looks at the cell state.
    """
    motion = {key: value for key, value in state_dict.items() if key.startswith('me.')}
    lstm = {key.removeprefix(LSTM): value for key, value in state_dict.items() if key.startswith(LSTM)}
    rest = {key: value for key, value in state_dict.items() if key not in motion and not key.startswith(LSTM)}
    rules = [(re.escape(f'vsr.{theirs}.'), f'restoration.{ours}.') for theirs, ours in LAYERS.items()]
    renamed = rename(rest, rules, SOURCE)
    flow = convert_motion(motion, r'me\.flownet\.', SOURCE)
    converted = {f'flow.{key}': value for key, value in flow.items()} | renamed | _gates(lstm)
    first = renamed.get('restoration.encoder1.0.weight')
    width = 32 if first is None else len(first)
    return check_fits(converted, lambda: SPMCNet(mid_channels=width), SOURCE)


def _gates(lstm: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """One convolution of input and state for the two of theirs, whose biases add up."""
    for key in ('weight_ch', 'bias_ch'):
        if key in lstm and lstm[key].any():
            raise ValueError(f'these weights of {SOURCE} cannot be converted: {LSTM}{key} looks at the cell state')
    gates = {}
    if {'weight_ih', 'weight_hh'} <= set(lstm):
        gates[f'{GATES}weight'] = torch.cat((lstm['weight_ih'], lstm['weight_hh']), dim=1)
    if 'bias_ih' in lstm:
        gates[f'{GATES}bias'] = lstm['bias_ih'] + lstm.get('bias_hh', torch.zeros(1))
    return gates
