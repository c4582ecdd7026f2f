"""Patch of mmengine <= 0.10.7: several processes on CPUs, or without anything to train. Delete when mmengine does it.

Three faults: ``--launcher pytorch`` calls ``torch.cuda.set_device`` and starts NCCL, also where there is no GPU; the
model is wrapped with ``device_ids``, which PyTorch refuses for a model on the CPU; and it is wrapped although it has no
parameter to train, which PyTorch refuses too, so that bicubic interpolation cannot be tested. With this patch the
processes use gloo, the model is wrapped without devices, and one without parameters is not wrapped.
"""

import logging
from functools import wraps
from typing import Any

import torch
import torch.distributed as torch_dist
from mmengine.device import get_device
from mmengine.dist import utils as dist_utils
from mmengine.logging import print_log
from mmengine.model import is_model_wrapper
from mmengine.registry import MODEL_WRAPPERS
from mmengine.runner import Runner
from torch import nn
from torch.nn.parallel import DistributedDataParallel

_upstream_init = dist_utils._init_dist_pytorch
_upstream_wrap = Runner.wrap_model


def apply() -> None:
    """Replace the start of processes and the wrapping of models."""
    dist_utils._init_dist_pytorch = init_dist_pytorch
    Runner.wrap_model = wrap_model


@wraps(_upstream_init)
def init_dist_pytorch(backend: str, init_backend: str = 'torch', **kwargs: Any) -> None:
    """Join the process group, by gloo where there is no GPU."""
    if torch.cuda.is_available() or init_backend != 'torch' or _has_other_device():
        _upstream_init(backend, init_backend=init_backend, **kwargs)
        return
    if backend == 'nccl':
        print_log('There is no GPU: the processes use gloo, not nccl.', level=logging.WARNING)
        backend = 'gloo'
    torch_dist.init_process_group(backend=backend, **kwargs)


@wraps(_upstream_wrap)
def wrap_model(self: Runner, model_wrapper_cfg: dict | None, model: nn.Module) -> nn.Module:
    """Wrap a model for several processes; on the CPU without ``device_ids``, and not if it has nothing to train."""
    if self.distributed and not any(parameter.requires_grad for parameter in model.parameters()):
        return model.to(get_device())
    if not self.distributed or torch.cuda.is_available() or _has_other_device() or is_model_wrapper(model):
        return _upstream_wrap(self, model_wrapper_cfg, model)
    config = dict(model_wrapper_cfg or {'broadcast_buffers': False})
    config.setdefault('type', 'MMDistributedDataParallel')
    if issubclass(MODEL_WRAPPERS.get(config['type']), DistributedDataParallel):
        config.setdefault('find_unused_parameters', self.cfg.get('find_unused_parameters', False))
        config['device_ids'] = None
    return _upstream_wrap(self, config, model)


def _has_other_device() -> bool:
    return any(
        available()
        for available in (dist_utils.is_mlu_available, dist_utils.is_npu_available, dist_utils.is_musa_available)
    )
