"""Measure clips of any length in bounded memory."""

from collections.abc import Mapping
from typing import Any

from mmagic.registry import DATASETS
from mmengine.logging import print_log
from torch import nn

from ..datasets.clip_frames import ClipFramesDataset
from ..models.input_spec import input_spec

# Transforms whose result for a frame depends on that frame only.
BY_FRAME = frozenset({'LoadFrames', 'LoadImageFromFile', 'DegradeFrames', 'StackFrames', 'PackInputs'})
# Metrics that put a clip together from its parts.
OF_PARTS = frozenset({'VSRMetric', 'PerceptualIndex'})
# Frames of a part for networks that state how far frames affect each other, and for others (recurrent ones), whose
# output depends a little on where a clip is cut.
EXACT_FRAMES, RECURRENT_FRAMES = 16, 120


def bounded(loader: Mapping[str, Any], network: nn.Module) -> dict[str, Any]:
    """Return the config of a test dataloader with its data set cut into parts that fit the network, see ``bound``.

    The parts are those of ``vsr upscale``: with the frames of context that the network declares, the output equals that
    of the complete clip. A recurrent network that declares none gets parts of at least ``RECURRENT_FRAMES``; at their
    seams the output differs from that of the complete clip.

    Space-time networks, samples that are windows, and pipelines that need complete clips are returned unchanged.

    Args:
        loader: Config of a dataloader.
        network: The network to be measured.
    """
    dataset = loader.get('dataset')
    if isinstance(dataset, Mapping) and dataset.get('type') == ClipFramesDataset.__name__ and can_bound(dataset):
        dataset = DATASETS.build(dict(dataset))
        bound_dataset(dataset, network)
    return {**loader, 'dataset': dataset}


def can_bound(dataset: Mapping[str, Any]) -> bool:
    """Whether the samples of the config of a data set are clips whose frames are loaded independently."""
    steps = {step.get('type') for step in dataset.get('pipeline', ())}
    lists = dataset.get('load_frames_list')
    return dataset.get('samples', 'clips') == 'clips' and not lists and bool(steps) and steps <= BY_FRAME


def bound_dataset(dataset: ClipFramesDataset, network: nn.Module) -> None:
    """Cut the clips of a data set into parts that fit a network."""
    try:
        spec = input_spec(network)
    except ValueError:
        return  # a network that does not declare its requirements gets complete clips
    if spec.output != 'all':
        return
    is_exact = spec.single_image or any(
        getattr(network, name, None) is not None for name in ('temporal_context', 'halo', 'chunk_length')
    )
    step = spec.clip_len - spec.overlap
    least = EXACT_FRAMES if is_exact else RECURRENT_FRAMES
    length = spec.clip_len + max(-(-(least - spec.clip_len) // step), 0) * step
    clips = len(dataset)
    dataset.bound(length, spec.overlap)
    if len(dataset) > clips:
        seam = (
            '' if is_exact else '; a recurrent network differs a little at their seams from a run over complete clips'
        )
        print_log(
            f'{clips} clips are measured in {len(dataset)} parts, so that memory does not grow with their length{seam}',
            logger='current',
        )


def bounded_all(loaders: Any, evaluators: Any, network: nn.Module) -> Any:
    """Apply ``bounded`` to the dataloaders that are configs and whose metrics can put a clip together.

    Args:
        loaders: A dataloader, its config, or a list of them.
        evaluators: The evaluators of the loops, likewise.
        network: The network to be measured.
    """
    if isinstance(loaders, list | tuple):
        evaluators = evaluators if isinstance(evaluators, list | tuple) else [evaluators] * len(loaders)
        return [bounded_all(*pair, network) for pair in zip(loaders, evaluators, strict=False)]
    metrics = evaluators.get('metrics', evaluators) if isinstance(evaluators, Mapping) else [evaluators]
    metrics = metrics if isinstance(metrics, list | tuple) else [metrics]
    names = {metric.get('type') if isinstance(metric, Mapping) else type(metric).__name__ for metric in metrics}
    return bounded(loaders, network) if isinstance(loaders, Mapping) and names <= OF_PARTS else loaders
