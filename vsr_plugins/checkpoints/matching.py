"""Loading weights into the model they belong to, and no other."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from .weight_files import WRAPPERS

MAX_NAMES = 3
# How many batches a normalisation has seen is left out by some writers and changes nothing.
OPTIONAL = '.num_batches_tracked'
NETWORK = 'generator.'
# Names of an editor's network, the one that measures first.
EDITOR_NETWORKS = ('generator_ema.', NETWORK)


def load_state_dict_strict(model: nn.Module, state_dict: Mapping[str, Tensor], source: str) -> None:
    """Fill everything in ``model`` that makes its output; refuse weights that do not.

    What an editor of MMagic has beside its ``generator`` serves training alone (discriminator, losses, counters of
    steps), so a checkpoint may lack it, or have what this model lacks. An averaged copy of the generator must be there
    where the model's results come from it. Any other model is filled entirely.

    Args:
        model: A child of mmagic's ``BaseEditModel``, or any module.
        state_dict: Names and tensors; see ``match_names`` for what may stand before the names.
        source: Where they come from, for the message.

    Raises:
        ValueError: If a tensor is missing, has no place or has another shape; how many of each, and the first.
    """
    weights = match_names(model, state_dict)
    needed = _needed(model)
    own = model.state_dict()
    wanted = [name for name in own if name.startswith(needed) and not name.endswith(OPTIONAL)]
    misshapen = [name for name, value in weights.items() if name in own and value.shape != own[name].shape]
    # Torch's own loading renames what older versions of a layer called otherwise.
    fitting = OrderedDict((name, value) for name, value in weights.items() if name not in misshapen)
    fitting._metadata = getattr(weights, '_metadata', OrderedDict())
    missing, unexpected = model.load_state_dict(fitting, strict=False)
    missing = [name for name in wanted if name in set(missing) - set(misshapen)]
    misshapen = [name for name in misshapen if name.startswith(needed)]
    # Where nothing fits, what the file has instead is what the reader wants to see.
    unexpected = [name for name in unexpected if name.startswith(needed) or missing == wanted]
    if not missing and not unexpected and not misshapen:
        return
    shapes = [f'{name} {tuple(own[name].shape)} but {tuple(weights[name].shape)} in the file' for name in misshapen]
    faults = (('missing', missing), ('without a place', unexpected), ('of another shape', shapes))
    parts = [f'{len(names)} {what}: {_first(names)}' for what, names in faults if names]
    if missing == wanted:
        parts.append('weights of other projects are converted by vsr convert')
    network = type(getattr(model, 'generator', model)).__name__
    raise ValueError(f'{source} does not hold the weights of this {network}: {"; ".join(parts)}')


def match_names(model: nn.Module, state_dict: Mapping[str, Tensor]) -> 'OrderedDict[str, Tensor]':
    """Take away or add what stands before the names of ``state_dict``, so that they are those of ``model``.

    The ``module.`` of parallel training goes. An editor of MMagic holds its network as ``generator``: weights of the
    bare network get that before their names, and a bare network takes from the weights of an editor those of the
    network; of a running average where the training kept one.
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
    """Beginnings of the names of what makes the output."""
    if not isinstance(getattr(model, 'generator', None), nn.Module):
        return ('',)
    return EDITOR_NETWORKS if getattr(model, 'is_use_ema', False) else (NETWORK,)


def _first(names: Sequence[str]) -> str:
    more = f' and {len(names) - MAX_NAMES} more' if len(names) > MAX_NAMES else ''
    return ', '.join(names[:MAX_NAMES]) + more
