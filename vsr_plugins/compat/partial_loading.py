"""Patch of mmengine <= 0.10.7: refuse to measure a partially loaded model. Delete when mmengine does.

``mim test`` loads with ``strict=False``: with the checkpoint of another model it logs one warning among many lines and
prints the scores of partly random weights. With this patch, every weight that affects the output must be loaded, also
by a training that resumes. A training that starts from other weights (``load_from``) may load only some of them, and
logs which; fewer than a tenth of the network's tensors are an error, as the weights are then those of another network.
"""

from collections.abc import Mapping
from functools import wraps
from typing import Any

from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from mmengine.runner.base_loop import BaseLoop
from mmengine.runner.checkpoint import _load_checkpoint, _load_checkpoint_to_model
from torch import Tensor, nn

from ..checkpoints import NO_CHECKPOINT
from ..checkpoints.matching import load_state_dict_strict, match_names
from ..checkpoints.weight_files import find_weights

# Share of the network's tensors that a checkpoint to start from must fill.
MIN_SHARE = 0.1
_upstream_load_checkpoint = Runner.load_checkpoint


def apply() -> None:
    """Replace ``load_checkpoint`` of mmengine's runner."""
    Runner.load_checkpoint = load_checkpoint


@wraps(_upstream_load_checkpoint)
def load_checkpoint(self: Runner, filename: str, map_location: Any = 'cpu', *args: Any, **kwargs: Any) -> dict:
    """Load the weights of ``filename`` into the runner's model.

    Raises:
        ValueError: If the weights are not those of the runner's model; before a new training, if a tenth is not.
        FileNotFoundError: If the file does not exist; for ``none``, if the network is to be measured and weights named
            in its config do not exist.
    """
    model = self.model.module if is_model_wrapper(self.model) else self.model
    special = args or kwargs or filename == NO_CHECKPOINT
    missing = getattr(getattr(model, 'generator', None), 'missing_files', None)
    if filename == NO_CHECKPOINT and missing and not isinstance(self._train_loop, BaseLoop):
        raise FileNotFoundError(
            f'no weights at {", ".join(map(str, missing))}; copy them there, or set VSR_WEIGHTS_ROOT'
        )
    if special or not isinstance(getattr(model, 'generator', None), nn.Module):
        return _upstream_load_checkpoint(self, filename, map_location, *args, **kwargs)
    checkpoint = _load_checkpoint(filename, map_location=map_location)
    self.call_hook('after_load_checkpoint', checkpoint=checkpoint)
    # Also those of other frameworks: under params, params_ema, bare, with module. before the names.
    weights = find_weights(checkpoint)
    if weights is None:
        raise ValueError(f'{filename} contains no weights')
    if not isinstance(self._train_loop, BaseLoop):
        load_state_dict_strict(model, weights, str(filename))
        _warn_of_mismatch(self, filename)
    elif self._resume:
        load_state_dict_strict(model, weights, str(filename))
    else:
        _load_some(self, model, weights, filename)
    self._has_loaded = True
    self.logger.info(f'Load checkpoint from {filename}')
    return checkpoint


def _load_some(runner: Runner, model: nn.Module, weights: Mapping[str, Tensor], filename: str) -> None:
    """Load the weights that fit; log the others, and raise if they are those of another network."""
    weights, own = match_names(model, weights), model.state_dict()
    network = [name for name in own if name.startswith('generator.')] or list(own)
    fitting = [name for name in network if name in weights and weights[name].shape == own[name].shape]
    if len(fitting) < MIN_SHARE * len(network):
        load_state_dict_strict(model, weights, str(filename))
    if left := [name for name in network if name not in set(fitting)]:
        runner.logger.warning(
            f'{filename} fills {len(fitting)} of {len(network)} tensors of the network; the others keep their initial '
            f'values: {", ".join(left[:3])}{", ..." if len(left) > 3 else ""}'
        )
    _load_checkpoint_to_model(model, {'state_dict': weights}, revise_keys=[])


def _warn_of_mismatch(runner: Runner, filename: str) -> None:
    """Warn if pretrained weights are measured on a degradation they were not trained for."""
    from ..evaluation.test_sets import weights_mismatch
    from ..pretrained import entry_of

    entry, loaders = entry_of(filename), runner._test_dataloader
    for loader in loaders if isinstance(loaders, list | tuple) else [loaders]:
        if entry is not None and isinstance(loader, Mapping) and (mismatch := weights_mismatch(entry, loader)):
            runner.logger.warning(f'{filename}: {mismatch}; the scores are not representative of these weights')
