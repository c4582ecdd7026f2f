"""Loading a checkpoint into the model it belongs to, and no other."""

from collections import OrderedDict
from collections.abc import Mapping

from torch import Tensor, nn

MOST_NAMED = 3
# How many batches a normalisation has seen is left out by some writers and changes nothing.
OPTIONAL = '.num_batches_tracked'


def load_whole(model: nn.Module, state_dict: Mapping[str, Tensor], source: str) -> None:
    """Fill everything in ``model`` that makes its output; refuse weights that do not.

    What an editor of MMagic has beside its ``generator`` serves training alone (discriminator, losses, counters of
    steps), so a checkpoint may lack it, or have what this model lacks. An averaged copy of the generator must be there
    where the model's results come from it. Any other model is filled entirely.

    Args:
        model: A child of mmagic's ``BaseEditModel``, or any module.
        state_dict: Names and tensors; a ``module.`` that parallel training puts before them is taken away.
        source: Where they come from, for the message.

    Raises:
        ValueError: If a tensor is missing, has no place or has another shape; the first of each are named.
    """
    weights = {name.removeprefix('module.'): value for name, value in state_dict.items()}
    needed = _needed(model)
    own = model.state_dict()
    wanted = [name for name in own if name.startswith(needed) and not name.endswith(OPTIONAL)]
    misshapen = [name for name, value in weights.items() if name in own and value.shape != own[name].shape]
    # Torch's own loading renames what older versions of a layer called otherwise.
    fitting = OrderedDict((name, value) for name, value in weights.items() if name not in misshapen)
    fitting._metadata = getattr(state_dict, '_metadata', OrderedDict())
    missing, unexpected = model.load_state_dict(fitting, strict=False)
    missing = [name for name in wanted if name in set(missing) - set(misshapen)]
    misshapen = [name for name in misshapen if name.startswith(needed)]
    # Where nothing fits, what the file has instead is what the reader wants to see.
    unexpected = [name for name in unexpected if name.startswith(needed) or missing == wanted]
    if not missing and not unexpected and not misshapen:
        return
    shapes = [f'{name} {tuple(own[name].shape)} but {tuple(weights[name].shape)} in the file' for name in misshapen]
    parts = [
        f'{what}: {", ".join(names[:MOST_NAMED])}{f" and {len(names) - MOST_NAMED} more" if names[MOST_NAMED:] else ""}'
        for what, names in (('missing', missing), ('without a place', unexpected), ('of another shape', shapes))
        if names
    ]
    if missing == wanted and weights and all(f'generator.{name}' in own for name in weights):
        parts.append("the names lack the 'generator.' of a model")
    elif missing == wanted:
        parts.append('weights of other projects are converted by vsr convert')
    network = type(getattr(model, 'generator', model)).__name__
    raise ValueError(f'{source} does not hold the weights of this {network}: {"; ".join(parts)}')


def _needed(model: nn.Module) -> tuple[str, ...]:
    """Beginnings of the names of what makes the output."""
    if not isinstance(getattr(model, 'generator', None), nn.Module):
        return ('',)
    return ('generator.', 'generator_ema.') if getattr(model, 'is_use_ema', False) else ('generator.',)
