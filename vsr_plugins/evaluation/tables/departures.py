"""What a config does otherwise than the paper whose name its row bears, in words for the label of the row."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from math import isclose, sqrt
from typing import Any

from ...engine.config_files import read_config
from .recipes import RECIPES as KNOWN
from .recipes import REDS, VIMEO, Recipe

# Folder of a data root -> training set.
SETS = {'REDS': REDS, 'vimeo90k': VIMEO}
WORDS = {
    'mid_channels': 'width {}',
    'channels': 'widths {}',
    'in_channels': '{} channels',
    'num_blocks': '{} blocks',
    'num_blocks_extraction': '{} blocks before alignment',
    'num_blocks_reconstruction': '{} blocks of reconstruction',
    'num_layers': '{} layers',
    'attn_layout': 'attention {}',
    'chunk_length': 'chunks of {}',
    'num_frames': 'windows of {}',
    'activation': '{}',
}


def departures(config: Mapping[str, Any], method: str | None, name: str = '', training: bool = True) -> tuple[str, ...]:
    """Return the departures of a config from the paper of a method.

    Args:
        config: The loaded config.
        method: Name of the published method; None looks for what departs from every paper only.
        name: File name of the config without suffix, which states the number of GPUs (``8xb4``).
        training: Whether its training counts too; not where the weights of the row come from elsewhere.

    Returns:
        A few words each, such as ``'bicubic skip'`` or ``'crops of 32'``; those of the network come first.
    """
    recipe = KNOWN.get(method or '', Recipe())
    found = list(_of_network(config.get('model') or {}, recipe))
    if training and method in KNOWN and config.get('train_dataloader'):
        found += _of_training(config, recipe, name)
    return tuple(found)


@cache
def departures_by_name(name: str, method: str | None, training: bool = True) -> tuple[str, ...]:
    """As ``departures``, of a config of this package by its name; none if there is no such config."""
    with suppress(FileNotFoundError):
        return departures(read_config(name).to_dict(), method, name, training)
    return ()


def _of_network(model: Mapping[str, Any], recipe: Recipe) -> Iterator[str]:
    generator = model.get('generator') or {}
    network = generator.get('network') or generator
    for key, expected in recipe.network.items():
        value = network.get(key, expected)
        value, expected = (tuple(v) if isinstance(v, list | tuple) else v for v in (value, expected))
        if value == expected:
            continue
        if key in ('channels', 'color'):
            yield 'RGB'
        elif isinstance(expected, bool):
            yield f'{"with" if value else "without"} {key.removeprefix("with_").replace("_", " ")}'
        else:
            yield WORDS.get(key, key.replace('_', ' ') + ' {}').format(value)
    if any(part.get('global_residual') for part in _parts(generator)):
        yield 'bicubic skip'
    if recipe.aligner and (generator.get('aligner') or {}).get('type') != recipe.aligner:
        yield 'other alignment'


def _of_training(config: Mapping[str, Any], recipe: Recipe, name: str) -> Iterator[str]:
    loss = config['model'].get('pixel_loss') or {}
    loss = loss.get('loss', loss)
    if any(loss.get(key) != value for key, value in recipe.loss.items()):
        yield f'loss {loss.get("type")}' if loss.get('type') != recipe.loss['type'] else 'other loss'
    loader = config['train_dataloader']
    samples = list(_datasets(loader['dataset']))
    crops = sorted({crop for sample in samples if (crop := _crop(sample)) is not None})
    if recipe.crop and crops != [recipe.crop]:
        yield f'crops of {", ".join(map(str, crops))}'
    frames = sorted({_frames(sample) for sample in samples})
    if recipe.frames and not set(frames) <= set(recipe.frames):
        yield f'{", ".join(map(str, frames))} frames'
    gpus = re.search(r'_(\d+)xb\d+', name)
    batch = int(gpus[1] if gpus else 1) * loader.get('batch_size', 1)
    if recipe.batch and batch != recipe.batch:
        yield f'batches of {batch}'
    optimizer = _optimizer(config.get('optim_wrapper') or {})
    if recipe.optimizer not in ('', optimizer.get('type')):
        yield f'{optimizer.get("type")} for {recipe.optimizer}'
    rate = optimizer.get('lr', 0.0)
    if recipe.rate and not isclose(rate, recipe.rate * sqrt(batch / (recipe.batch or batch)), rel_tol=0.01):
        yield f'rate {rate:.2g}'
    loop = config.get('train_cfg') or {}
    if loop.get('max_minutes'):
        yield f'{loop["max_minutes"]} minutes'
    elif recipe.iterations and loop['max_iters'] < recipe.iterations:
        yield f'{loop["max_iters"]:,} iterations'
    if not {_set_of(sample) for sample in samples} <= set(recipe.data):
        yield 'other data'


def _parts(node: Any) -> Iterator[Mapping[str, Any]]:
    """Every dictionary in a config."""
    if isinstance(node, Mapping):
        yield node
        node = list(node.values())
    if isinstance(node, list | tuple):
        for value in node:
            yield from _parts(value)


def _datasets(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The data sets that one repeats or concatenates, or the data set itself."""
    inner = node.get('datasets') or ([node['dataset']] if 'dataset' in node else [])
    if not inner:
        yield node
    for part in inner:
        yield from _datasets(part)


def _crop(dataset: Mapping[str, Any]) -> int | None:
    """Side of a training crop at low resolution."""
    scale = 4
    for step in (*dataset.get('pipeline', ()), dataset):
        scale = (step.get('dictionary') or {}).get('scale', step.get('scale', scale))
        if step.get('gt_patch_size'):
            return step['gt_patch_size'] // scale
    return None


def _frames(dataset: Mapping[str, Any]) -> int:
    names = (dataset.get('load_frames_list') or {}).values()
    frames = max(map(len, names), default=dataset.get('num_input_frames') or dataset.get('num_frames') or 1)
    return frames * (2 if any(step['type'] == 'MirrorSequence' for step in dataset.get('pipeline', ())) else 1)


def _optimizer(optim_wrapper: Mapping[str, Any]) -> Mapping[str, Any]:
    return optim_wrapper.get('optimizer') or (optim_wrapper.get('generator') or {}).get('optimizer') or {}


def _set_of(dataset: Mapping[str, Any]) -> str:
    """Name of a training set, '' for clips of one's own."""
    return SETS.get(str(dataset.get('data_root')).replace('\\', '/').rsplit('/', 1)[-1], '')
