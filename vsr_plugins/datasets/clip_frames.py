"""Data set of clips stored as folders of frames."""

import os
import os.path as osp
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from mmagic.datasets import BasicFramesDataset
from mmagic.datasets.transforms import PackInputs
from mmagic.registry import DATASETS

from ..media.images.image_files import IMAGE_SUFFIXES, natural_key, probe
from ..temporal_windows import clip_parts, window_indices
from .key_frames import read_key_frames

SAMPLES = ('clips', 'frames')
ARCHIVES = ('.zip', '.tar', '.lmdb', '.h5', '.hdf5')
# Bytes for a pixel of ground truth in a sample that is measured: frames as read, the network's output in float32 and
# copies of both; and for all frames of a part, of which the last one of a clip may be twice as long.
FRAME_BYTES = 50
PART_BYTES = 1e9


@DATASETS.register_module()
class ClipFramesDataset(BasicFramesDataset):
    """Upstream's ``BasicFramesDataset`` for clips of any length, image format and naming of frames.

    It differs as follows. A sample contains the paths of its frames in natural order, regardless of their names, so no
    transform has to guess file names; and missing data raise one error when the dataset is built, which names the
    missing path and the command that makes it. Annotation files, prefixes and backends are upstream's.

    With ``samples='clips'`` a sample is a clip, its key the clip's name, and ``{key}_path`` lists all of its frames, or
    those named in ``load_frames_list``; ``SampleSegment`` then draws ``num_input_frames`` of them, and ``clip_paths``
    still lists all by their key afterwards, for ``AppendKeyFrames``. With ``samples='frames'`` a sample is a frame, its
    key is ``clip/00000003`` (the index, eight digits), ``img_path`` lists the ``num_input_frames`` around it, and so
    does ``gt_path`` unless ``num_output_frames`` is 1.

    Args:
        ann_file (str): Annotation file below ``data_root``, one clip per line; '' uses every folder of the search key.
        data_root (str): Folder of the data set.
        data_prefix (dict): Folder below ``data_root`` for 'img', 'gt' or both. With 'gt' only, ``DegradeFrames``
            creates the input.
        pipeline (list): Transforms.
        depth (int): Folder levels between a prefix and the frames: 1 for ``GT/city/0.png``, 2 for
            ``GT/00001/0266/im1.png``.
        samples (str): 'clips' or 'frames'.
        num_input_frames (int | None): See above. None means the complete clip, or one frame.
        num_output_frames (int | None): 1 for the centre frame only, None for as many as ``num_input_frames``.
        clips (Sequence[str] | None): Use these clips only.
        fixed_seq_len (int | None): Use only this many frames of each clip, from the first.
        padding (str): How a window is padded beyond the ends of a clip, see ``window_indices``.
        key_frames_file (str | None): File below ``data_root`` that lists I-frames, as ``vsr prepare clips`` writes it
            for video files; a clip listed there has them under ``key_frames``. It may be missing: it is not written if
            no clip was a video.
        prepare (str | None): Kind of ``vsr prepare`` that makes this data set, for the error message; 'split' if
            ``vsr split`` makes its annotation file, 'stages' if ``vsr stages`` makes its input.
        **kwargs: As in upstream's class.

    Raises:
        FileNotFoundError: If the data set, a clip or all its frames are missing.
        ValueError: If ``img`` and ``gt`` of a clip have different numbers of frames, an argument is invalid, or the
            data are in an archive (zip, LMDB).
    """

    METAINFO = dict(dataset_type='clip_frames', task_name='vsr')

    def __init__(
        self,
        ann_file: str = '',
        data_root: str | None = None,
        data_prefix: dict | None = None,
        pipeline: list[dict | Callable] | None = None,
        depth: int = 1,
        samples: str = 'clips',
        num_input_frames: int | None = None,
        num_output_frames: int | None = None,
        fixed_seq_len: int | None = None,
        clips: Sequence[str] | None = None,
        padding: str = 'reflection',
        key_frames_file: str | None = None,
        prepare: str | None = None,
        **kwargs: Any,
    ) -> None:
        if samples not in SAMPLES:
            raise ValueError(f"samples must be one of {', '.join(SAMPLES)}, but got '{samples}'")
        if num_output_frames not in (None, 1, num_input_frames):
            raise ValueError(f'num_output_frames must be None, 1 or num_input_frames, but got {num_output_frames}')
        self.samples = samples
        self.clips = None if clips is None else list(clips)
        self.padding = padding
        self.key_frames_file = key_frames_file
        self.prepare = prepare
        self.sequence_limit = fixed_seq_len
        # Upstream modifies its default dictionaries, which all data sets of a process would then share.
        kwargs.setdefault('filename_tmpl', {})
        super().__init__(
            ann_file=ann_file,
            data_root=data_root,
            data_prefix=dict(data_prefix or dict(gt='GT')),
            pipeline=pipeline or [],
            depth=depth,
            num_input_frames=num_input_frames,
            num_output_frames=num_output_frames,
            **kwargs,
        )

    def load_data_list(self) -> list[dict]:
        """Return one entry per sample. The frames of each clip are stored once, not in every sample."""
        self._require_paths()
        clips = list(dict.fromkeys(path.replace(os.sep, '/') for path in self._clip_names()))
        if not clips:
            raise self._missing(f'{self.ann_file or self.data_prefix[self.search_key]} lists no clip')
        if self.clips is not None:
            if absent := [clip for clip in self.clips if clip not in clips]:
                raise self._missing(
                    f'{self.ann_file or self.data_prefix[self.search_key]} does not list {", ".join(absent)}'
                )
            clips = self.clips
        self._frames = {key: self._list_frames(key, clips) for key in self.data_prefix}
        self._key_frames = self._recorded_key_frames()
        lengths = {clip: len(self._frames[self.search_key][clip]) for clip in clips}
        for key, frames in self._frames.items():
            if key not in self.load_frames_list:
                self._require_same_length(key, frames, lengths)
        if self.samples == 'clips':
            return [dict(clip=clip, sequence_length=length) for clip, length in lengths.items()]
        return [
            dict(clip=clip, sequence_length=length, frame=frame)
            for clip, length in lengths.items()
            for frame in range(length)
        ]

    def bound(self, length: int, overlap: int, budget: float | None = None) -> None:
        """Cut long clips into parts, so that no sample is larger than a number of frames, whatever the clip.

        A part has ``part``: the index in the clip of the first frame whose output is kept, and the span of those frames
        in the part. ``VSRMetric`` reads it from the sample and puts the clip together.

        Args:
            length: Frames of a part at least, see ``clip_parts``.
            overlap: Frames that neighbouring parts share.
            budget: Bytes of a part, default ``PART_BYTES``; with room for more, a part has more frames.
        """
        if self.samples != 'clips':
            return
        budget = PART_BYTES if budget is None else budget
        self.full_init()
        parts = []
        infos = (super(ClipFramesDataset, self).get_data_info(index) for index in range(len(self)))
        for clip, count in {info['clip']: info['sequence_length'] for info in infos}.items():
            path = osp.join(self.data_prefix['gt'], clip, self._frames['gt'][clip][0])
            h, w = probe(Path(path)).size
            steps = max((int(budget / (FRAME_BYTES * h * w)) - length) // (length - overlap), 0)
            spans = clip_parts(count, length + steps * (length - overlap), overlap)
            if len(spans) == 1:
                parts.append(dict(clip=clip, sequence_length=count))
                continue
            for frames, kept in spans:
                part = (kept.start, kept.start - frames.start, kept.stop - frames.start)
                parts.append(dict(clip=clip, sequence_length=count, frames=(frames.start, frames.stop), part=part))
        self.data_list = parts
        if self.serialize_data:
            self.data_bytes, self.data_address = self._serialize_data()
        for step in self.pipeline.transforms:
            if isinstance(step, PackInputs) and 'part' not in step.meta_keys:
                step.meta_keys = [*step.meta_keys, 'part']

    def clip_of_samples(self) -> list[str]:
        """Return the name of the clip of each sample."""
        return [super(ClipFramesDataset, self).get_data_info(index)['clip'] for index in range(len(self))]

    def get_data_info(self, idx: int) -> dict:
        """Return a sample, with the paths of its frames."""
        info = super().get_data_info(idx)
        clip, length, frame = info.pop('clip'), info['sequence_length'], info.get('frame')
        window, center = range(length), range(length)
        if 'frames' in info:
            window = center = range(*info.pop('frames'))
        if frame is not None:
            window = window_indices(frame, length, self.num_input_frames or 1, self.padding)
            center = window if self.num_output_frames != 1 else [frame]
        info.update(
            key=clip if frame is None else f'{clip}/{frame:08d}',
            num_input_frames=self.num_input_frames,
            num_output_frames=self.num_output_frames,
        )
        for key, folder in self.data_prefix.items():
            names = self._frames[key][clip]
            if key not in self.load_frames_list:
                names = [names[i] for i in (center if key == 'gt' else window)]
            info[f'{key}_path'] = [osp.join(folder, clip, name) for name in names]
        if frame is None:
            info['clip_paths'] = {key: info[f'{key}_path'] for key in self.data_prefix}
            if clip in self._key_frames:
                info['key_frames'] = self._key_frames[clip]
        return info

    def _recorded_key_frames(self) -> dict[str, list[int]]:
        path = osp.join(self.data_root or '', self.key_frames_file or '')
        if not self.key_frames_file or not self.file_backend.isfile(path):
            return {}
        return read_key_frames(self.file_backend.get_text(path))

    def _clip_names(self) -> list[str]:
        if self.use_ann_file:
            return self._get_path_list_from_ann()
        names = ['']
        for _ in range(self.depth):
            names = [osp.join(name, folder) for name in names for folder in self._folders(name)]
        return names

    def _folders(self, name: str) -> list[str]:
        path = osp.join(self.data_prefix[self.search_key], name)
        entries = self.file_backend.list_dir_or_file(path, list_file=False)
        return sorted((entry for entry in entries if not entry.startswith('.')), key=natural_key)

    def _list_frames(self, key: str, clips: list[str]) -> dict[str, list[str]]:
        named = self.load_frames_list.get(key)
        if named is not None:
            # One list for all: listing tens of thousands of short clips takes longer than the first epoch.
            return dict.fromkeys(clips, list(named))
        frames, absent = {}, []
        for clip in clips:
            folder = osp.join(self.data_prefix[key], clip)
            files = list(self.file_backend.list_dir_or_file(folder, list_dir=False)) if self._is_dir(folder) else ()
            images = [f for f in files if osp.splitext(f)[1].lower() in IMAGE_SUFFIXES and not f.startswith('.')]
            frames[clip] = sorted(images, key=natural_key)[: self.sequence_limit]
            if not images:
                absent.append(clip)
        if absent:
            more = f' and {len(absent) - 3} more' if len(absent) > 3 else ''
            source = self.ann_file if self.use_ann_file else self.data_prefix[self.search_key]
            raise self._missing(
                f'{source} lists {len(clips)} clips, but {len(absent)} of them have no frames in '
                f'{osp.abspath(self.data_prefix[key])}: {", ".join(absent[:3])}{more}'
            )
        return frames

    def _require_paths(self) -> None:
        root = Path(self.data_root or '.')
        if root.suffix in ARCHIVES or (root / 'data.mdb').is_file() or root.is_file():
            raise ValueError(
                f'{root} is an archive, but frames are read from folders, which the cache of the system makes as fast: '
                'unpack it once, one folder a clip, and set data_root to the folder'
            )
        for folder in (self.data_root, *self.data_prefix.values()):
            if folder and not self._is_dir(folder):
                raise self._missing(f'no folder {osp.abspath(folder)}')
        if self.use_ann_file and not self.file_backend.isfile(self.ann_file):
            raise self._missing(f'no annotation file {osp.abspath(self.ann_file)}')

    def _require_same_length(self, key: str, frames: dict[str, list[str]], lengths: dict[str, int]) -> None:
        for clip, names in frames.items():
            if len(names) != lengths[clip]:
                first = osp.abspath(osp.join(self.data_prefix[self.search_key], clip))
                second = osp.abspath(osp.join(self.data_prefix[key], clip))
                raise ValueError(
                    f'clip {clip} has {lengths[clip]} frames in {first} but {len(names)} in {second}; {self._advice()}'
                )

    def _is_dir(self, folder: str) -> bool:
        return self.file_backend.isdir(folder)

    def _missing(self, message: str) -> FileNotFoundError:
        return FileNotFoundError(f'{message}. {self._advice()}')

    def _advice(self) -> str:
        value = os.environ.get('VSR_DATA_ROOT')
        state = f'VSR_DATA_ROOT is {value}' if value else "VSR_DATA_ROOT is not set (configs then use './data')"
        if self.prepare is None:
            return state
        root = osp.abspath(self.data_root or '.')
        if self.prepare == 'split':
            return f'{state}. To make it, run vsr prepare clips, then vsr split {root}'
        if self.prepare == 'stages':
            return f'{state}. The previous stage restores these frames: train both by vsr stages FIRST SECOND'
        target = osp.dirname(root)
        return f'{state}. To make it, run vsr prepare {self.prepare} SRC {target}, where SRC is the downloaded data set'
