"""Data set of random crops from a bank of patches, one complete batch at a time."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from mmagic.registry import DATASETS
from mmagic.structures import DataSample
from mmengine.registry import FUNCTIONS
from torch import Tensor
from torch.utils.data import Dataset

from ..degradation import BD_CONVENTIONS
from .prepare.patches import BANK, FORMAT, GROUPS

AUGMENTATIONS = ('horizontal', 'vertical', 'transpose', 'reverse')


class PatchBank:
    """Memory-mapped arrays of a bank made by ``vsr prepare patches``.

    Args:
        root: The folder with ``bank.json``.

    Attributes:
        frames: Consecutive frames in a record.
        patch_size: Height and width of a record at high resolution.
        scale: Ratio of high to low resolution.
        degradation: Degradation, such as 'BI' or 'BD duf'; 'none' if the bank contains only ground truth.
        groups: Group of each record, an index into ``group_names``.
        group_names: 'clips', 'photos'.

    Raises:
        FileNotFoundError: If the bank or one of its files is missing.
        ValueError: If a file does not match ``bank.json``.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        path = self.root / BANK
        if not path.is_file():
            raise FileNotFoundError(
                f'{path.absolute()} does not exist; to make it, run vsr prepare patches SRC '
                f'{self.root.absolute().parent}, where SRC is a folder of clips'
            )
        try:
            bank = json.loads(path.read_text(encoding='utf-8'))
            if bank['format'] != FORMAT:
                raise ValueError(
                    f'{path} has format {bank["format"]}, but this version reads {FORMAT}; make the bank again'
                )
            self.frames, self.patch_size = bank['frames'], bank['patch_size']
            self.scale, self.degradation = bank['scale'], bank['degradation']
            shards = [(shard['name'], shard['group'], sum(shard['records'].values())) for shard in bank['shards']]
        except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f'{path} is not the description of a bank: {error!r}; make the bank again') from error
        self.group_names = list(dict.fromkeys(group for _, group, _ in shards))
        counts = [count for *_, count in shards]
        self.groups = np.repeat([self.group_names.index(group) for _, group, _ in shards], counts)
        self._shard = np.repeat(np.arange(len(shards)), counts)
        self._place = np.concatenate([np.arange(count) for count in counts])
        kinds = ('gt',) if self.degradation == 'none' else ('gt', 'img')
        self._files = {kind: [self._open(name, kind, count) for name, _, count in shards] for kind in kinds}

    def __len__(self) -> int:
        """Number of records."""
        return len(self._shard)

    def record(self, kind: str, index: int) -> np.ndarray:
        """Return a record, (frames, 3, h, w) uint8 RGB, memory-mapped.

        Args:
            kind: 'gt' or 'img'.
            index: Index of the record.
        """
        return self._files[kind][self._shard[index]][self._place[index]]

    def _open(self, name: str, kind: str, count: int) -> np.ndarray:
        path = self.root / f'{name}.{kind}.npy'
        if not path.is_file():
            raise FileNotFoundError(f'{path} is listed in {BANK} but does not exist; make the bank again')
        side = self.patch_size // (1 if kind == 'gt' else self.scale)
        shape = (count, self.frames, 3, side, side)
        try:
            mapped = np.load(path, mmap_mode='r')
        except (ValueError, OSError) as error:
            raise ValueError(f'{path} is damaged: {error}; delete it and make the bank again') from error
        if mapped.shape != shape or mapped.dtype != np.uint8:
            raise ValueError(f'{path} contains {mapped.dtype} of {mapped.shape}, but {BANK} requires uint8 of {shape}')
        # Slicing a memmap creates another memmap each time, which takes longer than reading from it.
        return mapped.view(np.ndarray)


@DATASETS.register_module()
class PatchBankDataset(Dataset):
    """Random crops of a bank's records, flipped, transposed and reversed in time.

    A sample is ``inputs``, (t, 3, h, w), or (3, h, w) with one input frame, and ``data_samples`` with ``gt_img``, as
    ``PackInputs`` returns them. Under ``ResumableIterBasedTrainLoop``, with ``collate_fn=dict(type='whole_batch')`` and
    ``BatchDataPreprocessor``, a batch is cut in one step, ``inputs`` (n, t, 3, h, w) and ``data_samples`` a dict with
    ``gt_img``, without objects for each sample, and a crop depends on the seed and its position only.

    Args:
        data_root: Folder made by ``vsr prepare patches``.
        num_input_frames: Frames of a sample, at most those of a record. Default all of them.
        center_gt: Ground truth of the centre frame only, (3, h, w), for centre-frame networks.
        gt_patch_size: Height and width of a crop at high resolution, a multiple of the scale. Default the record's.
        times: Number of repetitions of the records of a group, such as ``dict(photos=2)``; default 1. 0 excludes the
            group. A bank need not have every group.
        augment: Of 'horizontal', 'vertical', 'transpose' and 'reverse' (in time), each applied to half of the samples.
        degrade_margin: For a bank without low resolution ('none'): pixels at high resolution beyond the crop on each
            side, for the filter of ``BatchDataPreprocessor``, which computes the low resolution and crops the margin.
        half_rate: Every second of the ``num_input_frames`` frames, from the first to the last, is input, and all are
            ground truth, for space-time networks.

    Raises:
        FileNotFoundError: If the bank does not exist.
        ValueError: If an argument does not fit the bank.
    """

    METAINFO = dict(dataset_type='patch_bank', task_name='vsr')

    def __init__(
        self,
        data_root: str | Path,
        num_input_frames: int | None = None,
        center_gt: bool = False,
        gt_patch_size: int | None = None,
        times: Mapping[str, int] | None = None,
        augment: Sequence[str] = AUGMENTATIONS,
        degrade_margin: int = 0,
        half_rate: bool = False,
    ) -> None:
        self.bank = bank = PatchBank(data_root)
        self.metainfo = dict(self.METAINFO)
        self.num_input_frames = num_input_frames or bank.frames
        self.center_gt = center_gt
        self.input_step = 2 if half_rate else 1
        self.patch_size = gt_patch_size or bank.patch_size - 2 * degrade_margin
        self.augment = frozenset(augment)
        self.margin = degrade_margin
        if not 1 <= self.num_input_frames <= bank.frames:
            raise ValueError(
                f'num_input_frames must be 1 to {bank.frames}, the frames of a record, but got {num_input_frames}'
            )
        if half_rate and (center_gt or degrade_margin or self.num_input_frames % 2 == 0):
            raise ValueError(
                'half_rate needs an odd num_input_frames, so that the last frame is input, center_gt=False and a bank '
                f'with low resolution, but got num_input_frames={self.num_input_frames}, center_gt={center_gt} and '
                f'degrade_margin={degrade_margin}'
            )
        # If the low-resolution grid is not symmetric to its blocks, a flipped crop corresponds to ground truth this
        # many pixels earlier.
        convention = BD_CONVENTIONS.get(bank.degradation.partition(' ')[2])
        self._shift = 0 if convention is None else round(bank.scale - 1 - 2 * convention['phase'])
        self._first_place = math.ceil(self._shift / bank.scale) if self.augment & {'horizontal', 'vertical'} else 0
        around = self.patch_size + 2 * degrade_margin + self._first_place * bank.scale
        if self.patch_size % bank.scale or degrade_margin % bank.scale or not 0 < around <= bank.patch_size:
            raise ValueError(
                f'gt_patch_size and degrade_margin must be multiples of scale {bank.scale}, and the crop with its '
                f'surroundings must fit the {bank.patch_size} pixels of a record; {self.patch_size} with a margin of '
                f'{degrade_margin} needs {around}'
            )
        if (degrade_margin > 0) != (bank.degradation == 'none'):
            state = (
                'has no low resolution: degrade_margin must be positive'
                if degrade_margin == 0
                else f'has low resolution ({bank.degradation}): degrade_margin must be 0'
            )
            raise ValueError(f'the bank {bank.root} {state}, but got {degrade_margin}')
        if unknown := self.augment - set(AUGMENTATIONS):
            raise ValueError(f'augment must be among {", ".join(AUGMENTATIONS)}, but got {", ".join(sorted(unknown))}')
        if unknown := set(times or {}) - set(GROUPS):
            raise ValueError(
                f'the keys of times must be among {", ".join(GROUPS)}, but got {", ".join(sorted(unknown))}'
            )
        weights = [(times or {}).get(name, 1) for name in bank.group_names]
        self._records = np.repeat(np.arange(len(bank)), np.asarray(weights, dtype=int)[bank.groups])
        if not len(self._records):
            raise ValueError(f'the bank {bank.root} has no record, or times={times} excludes all')

    def __len__(self) -> int:
        """Number of records, with the repetitions of ``times``."""
        return len(self._records)

    def __getitem__(self, index: int) -> dict:
        """Return a sample, with a crop drawn from numpy's generator."""
        batch = self.batch([index], _drawn(1))
        sample = DataSample(metainfo=dict(gt_channel_order='rgb', img_channel_order='rgb'))
        for name, images in batch['data_samples'].items():
            setattr(sample, name, images[0])
        return dict(inputs=batch['inputs'][0], data_samples=sample)

    def batch(self, indices: Sequence[int], draws: np.ndarray) -> dict[str, Any]:
        """Return a batch for ``whole_batch`` whose crops are determined by ``draws``.

        Args:
            indices: Indices of the samples.
            draws: A random uint64 for each sample.

        Returns:
            dict: ``inputs``, (n, t, 3, h, w) uint8, and ``data_samples``, a dict with ``gt_img``. Without low
            resolution in the bank, ``inputs`` is ground truth with its margin and ``data_samples`` empty.
        """
        bank, t, scale = self.bank, self.num_input_frames, self.bank.scale
        size = self.patch_size + 2 * self.margin
        free = (bank.patch_size - size) // scale + 1 - self._first_place
        # Digits of one number in mixed radix: 2 ** 64 is many times the number of ways to cut.
        draws, first = _digit(draws, bank.frames - t + 1)
        draws, top = _digit(draws, free)
        draws, left = _digit(draws, free)
        flags = {}
        for name in AUGMENTATIONS:
            draws, flag = _digit(draws, 2)
            flags[name] = flag.astype(bool) if name in self.augment else np.zeros(len(flag), bool)
        crops = list(zip(first, top, left, *(flags[name] for name in AUGMENTATIONS), strict=True))
        records = self._records[np.asarray(indices)]
        if self.margin:
            return dict(inputs=self._cut('gt', records, crops, t, size), data_samples={})
        inputs = self._cut('img', records, crops, t, size // scale)[:, :: self.input_step]
        gt = self._cut('gt', records, crops, t, size, only=t // 2 if self.center_gt else None)
        return dict(inputs=inputs[:, 0] if t == 1 else inputs, data_samples=dict(gt_img=gt[:, 0] if t == 1 else gt))

    def _cut(self, kind: str, records: np.ndarray, crops: list, t: int, side: int, only: int | None = None) -> Tensor:
        """Cut the crops of all samples, (n, t, 3, side, side), or (n, 3, side, side) of one frame of each."""
        step = 1 if kind == 'gt' else self.bank.scale
        grid = self.bank.scale // step
        batch = np.empty((len(records), t if only is None else 1, 3, side, side), np.uint8)
        for output, record, (first, top, left, mirror, upside, transposed, reverse) in zip(
            batch, records, crops, strict=True
        ):
            frames = self.bank.record(kind, record)
            top, left = ((place + self._first_place) * grid for place in (top, left))
            if kind == 'gt':
                top, left = top - self._shift * bool(upside), left - self._shift * bool(mirror)
            part = frames[first : first + t, :, top : top + side, left : left + side]
            # These two flips keep the rows contiguous, so they cost nothing.
            part = part[:: -1 if reverse else 1, :, :: -1 if upside else 1]
            output[...] = part if only is None else part[only : only + 1]
            planes = output.reshape(-1, side)
            if mirror:
                cv2.flip(planes, 1, dst=planes)
            if transposed:
                for plane in planes.reshape(-1, side, side):
                    cv2.transpose(plane, dst=plane)
        return torch.from_numpy(batch if only is None else batch[:, 0])


@FUNCTIONS.register_module()
def whole_batch(batch: Any) -> dict:
    """Collate samples for ``BatchDataPreprocessor``: stack samples of one size and drop metadata.

    Under ``ResumableIterBasedTrainLoop`` a data set with a method ``batch`` returns the complete batch itself.

    Raises:
        ValueError: If the samples differ in size.
    """
    if isinstance(batch, dict):
        return batch
    names = batch[0]['data_samples'].keys()
    sizes = {(sample['inputs'].shape, *(sample['data_samples'].get(name).shape for name in names)) for sample in batch}
    if len(sizes) != 1:
        raise ValueError(f'the samples of a batch must have one size, but got {sorted(map(str, sizes))}')
    return dict(
        inputs=torch.stack([sample['inputs'] for sample in batch]),
        data_samples={name: torch.stack([sample['data_samples'].get(name) for sample in batch]) for name in names},
    )


def _drawn(count: int) -> np.ndarray:
    return np.random.randint(0, np.iinfo(np.int64).max, count, np.int64).astype(np.uint64)


def _digit(numbers: np.ndarray, base: int) -> tuple[np.ndarray, np.ndarray]:
    """Split a digit, 0 to ``base - 1``, off numbers; return the rest and the digit."""
    rest, digit = np.divmod(numbers, np.uint64(base))
    return rest, digit.astype(int)
