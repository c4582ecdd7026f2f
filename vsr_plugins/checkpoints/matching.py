"""Load weights strictly into the model they belong to."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from .weight_files import WRAPPERS

MAX_NAMES = 3
# Some files omit num_batches_tracked, which does not affect the output.
OPTIONAL = '.num_batches_tracked'
NETWORK = 'generator.'
# Prefixes of an editor's network; the average, which is measured, first.
EDITOR_NETWORKS = ('generator_ema.', NETWORK)


def load_state_dict_strict(model: nn.Module, state_dict: Mapping[str, Tensor], source: str) -> None:
    """Load all weights that affect the output of ``model``; raise if one is missing or unexpected.

    In an editor of MMagic, everything besides its ``generator`` serves training only (discriminator, losses, step
    counters), so a checkpoint may lack it or have extra. An averaged copy of the generator must exist if the model's
    results come from it. Any other model is loaded completely.

    Args:
        model: A child of mmagic's ``BaseEditModel``, or any module.
        state_dict: Names and tensors; see ``match_names`` for accepted prefixes.
        source: Name of the source, for the message.

    Raises:
        ValueError: If a tensor is missing, unexpected or has another shape; the message has their numbers and first
            names.
    """
    weights = match_names(model, state_dict)
    needed = _needed(model)
    own = model.state_dict()
    required = [name for name in own if name.startswith(needed) and not name.endswith(OPTIONAL)]
    misshapen = [name for name, value in weights.items() if name in own and value.shape != own[name].shape]
    # Torch's own loading renames parameters of older versions of a layer.
    matching = OrderedDict((name, value) for name, value in weights.items() if name not in misshapen)
    matching._metadata = getattr(weights, '_metadata', OrderedDict())
    missing, unexpected = model.load_state_dict(matching, strict=False)
    missing = [name for name in required if name in set(missing) - set(misshapen)]
    misshapen = [name for name in misshapen if name.startswith(needed)]
    # If nothing matches, list what the file contains instead.
    unexpected = [name for name in unexpected if name.startswith(needed) or missing == required]
    if not missing and not unexpected and not misshapen:
        return
    shapes = [f'{name} {tuple(own[name].shape)} but {tuple(weights[name].shape)} in the file' for name in misshapen]
    faults = (('missing', missing), ('unexpected', unexpected), ('of another shape', shapes))
    parts = [f'{len(names)} {kind}: {_first(names)}' for kind, names in faults if names]
    if missing == required:
        parts.append('convert weights of other projects by vsr convert')
    network = type(getattr(model, 'generator', model)).__name__
    raise ValueError(f'{source} does not contain the weights of this {network}: {"; ".join(parts)}')


def match_names(model: nn.Module, state_dict: Mapping[str, Tensor]) -> 'OrderedDict[str, Tensor]':
    """Remove or add prefixes of the names in ``state_dict``, so that they match those of ``model``.

    The ``module.`` of parallel training is removed. In an editor of MMagic the network is ``generator``: this prefix is
    added to weights of a bare network, and a bare network takes from the weights of an editor those of its network, or
    of its running average if the training kept one.
    """
    weights = state_dict
    for wrapper in WRAPPERS:
        if any(name.startswith(wrapper) for name in weights):
            weights = {name.removeprefix(wrapper): value for name, value in weights.items()}
    own = model.state_dict().keys()
    if weights and not any(name in own for name in weights):
        if any(NETWORK + name in own for name in weights):
            weights = {NETWORK + name: value for name, value in weights.items()}
        elif not isinstance(getattr(model, 'generator', None), nn.Module):
            prefix = next((one for one in EDITOR_NETWORKS if any(name.startswith(one) for name in weights)), '')
            weights = {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
    matched = OrderedDict(weights)
    if weights is state_dict:
        matched._metadata = getattr(state_dict, '_metadata', OrderedDict())
    return matched


def _needed(model: nn.Module) -> tuple[str, ...]:
    """Prefixes of the weights that affect the output."""
    if not isinstance(getattr(model, 'generator', None), nn.Module):
        return ('',)
    return EDITOR_NETWORKS if getattr(model, 'is_use_ema', False) else (NETWORK,)


def _first(names: Sequence[str]) -> str:
    more = f' and {len(names) - MAX_NAMES} more' if len(names) > MAX_NAMES else ''
    return ', '.join(names[:MAX_NAMES]) + more
