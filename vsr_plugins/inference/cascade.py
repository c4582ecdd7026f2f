"""What one stage of a cascade restores, kept on disk for the stage behind it to be trained on."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from mmagic.registry import DATASETS
from mmengine.dataset import pseudo_collate
from mmengine.device import get_device
from torch import nn

from ..checkpoints.digests import digest_file
from ..engine.config_files import read_config
from ..engine.load_parts import find_checkpoint
from ..media.atomic_files import whole_file
from ..media.images import encode_png
from .clips import load_model, to_rgb_frames

MANIFEST = 'restored_by.json'


def cache_first_stage(config: Path, out: Path, report: Callable[[str], None] = lambda line: None) -> int:
    """Make the input of a stage that says in its config what it is made of.

    Its ``cascade`` names the config of the stage before, beside its own file, and the outputs wanted: data sets that
    give the input of that stage, whole frames, and the folder that each is restored into, a folder a clip and a PNG a
    frame. ::

        cascade = dict(config='first.py', outputs=[dict(dataset=..., folder='data/clips/first')])

    Frames that are there are kept as long as they come from the same weights, so an interrupted run goes on; those of
    other weights are made anew.

    Args:
        config: The later stage.
        out: Folder of the work directories, where the best checkpoint of the stage before is.
        report: Told in a line what is being done.

    Returns:
        How many frames were made.

    Raises:
        FileNotFoundError: If the stage before, its checkpoint or its data are missing.
        ValueError: If a folder holds frames that come from elsewhere.
    """
    settings = read_config(config)
    cascade = settings.get('cascade')
    if not cascade:
        return 0
    first = config.parent / cascade.config
    if not first.is_file():
        raise FileNotFoundError(f'the stage before {config.name} should be at {first}')
    checkpoint = find_checkpoint(first.stem, out)
    device = get_device()
    model = load_model(first, checkpoint, device)
    source = {'config': first.stem, 'weights': digest_file(checkpoint)}
    for folder in dict.fromkeys(output.folder for output in cascade.outputs):
        _claim(Path(folder), source)
    made = 0
    for output in cascade.outputs:
        report(f'{first.stem}: restoring into {output.folder}')
        made += restore_into(model, dict(output.dataset), Path(output.folder))
    return made


def restore_into(model: nn.Module, dataset: dict, folder: Path) -> int:
    """Restore the samples of a data set and write their frames, except those that are there.

    Args:
        model: A child of mmagic's ``BaseEditModel``, in evaluation mode.
        dataset: Config of a ``ClipFramesDataset`` of whole clips or of windows.
        folder: Where; frame 3 of a clip becomes ``folder/clip/00000003.png``.

    Returns:
        How many frames were written.
    """
    data = DATASETS.build(dataset)
    made = 0
    for index in range(len(data)):
        info = data.get_data_info(index)
        key = info['key']
        whole_clip = getattr(data, 'samples', 'clips') == 'clips'
        names = [f'{key}/{number:08d}' for number in range(info['sequence_length'])] if whole_clip else [key]
        paths = [folder / f'{name}.png' for name in names]
        if all(path.is_file() for path in paths):
            continue
        with torch.inference_mode():
            (sample,) = model.test_step(pseudo_collate([data[index]]))
        frames = sample.output.pred_img
        for path, image in zip(paths, to_rgb_frames(frames.reshape(-1, *frames.shape[-3:])), strict=True):
            _write(path, image)
            made += 1
    return made


def _claim(folder: Path, source: dict[str, str]) -> None:
    """Note whose frames the folder holds; those of other weights are removed."""
    manifest = folder / MANIFEST
    if manifest.is_file():
        if json.loads(manifest.read_text(encoding='utf-8')) == source:
            return
        for frame in folder.rglob('*.png'):
            frame.unlink()
    elif folder.exists() and any(folder.iterdir()):
        raise ValueError(f'{folder} holds files that no stage of a cascade made; move them, they are not written over')
    folder.mkdir(parents=True, exist_ok=True)
    with whole_file(manifest) as partial:
        partial.write_text(json.dumps(source), encoding='utf-8')


def _write(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as partial:
        partial.write_bytes(encode_png(image))
