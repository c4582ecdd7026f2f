"""Which parts of a training step are computed in bfloat16."""

import torch
from mmagic.registry import OPTIM_WRAPPERS
from torch import nn

import vsr_plugins  # noqa: F401


def test_layers_compute_in_bfloat16_and_weights_stay_in_float32():
    net = nn.Conv2d(3, 4, 3)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.5)
    wrapper = OPTIM_WRAPPERS.build(dict(type='BFloat16OptimWrapper', optimizer=optimizer, clip_grad=dict(max_norm=3)))
    before = net.weight.detach().clone()
    with wrapper.optim_context(net):
        output = net(torch.rand(2, 3, 8, 8))
        loss = (output.float() - 1).square().mean()
    wrapper.update_params(loss)
    assert output.dtype == torch.bfloat16 and loss.dtype == torch.float32
    assert net.weight.dtype == torch.float32 and not torch.equal(net.weight, before)
    assert 'loss_scaler' not in wrapper.state_dict()
    assert net(torch.rand(1, 3, 8, 8)).dtype == torch.float32
