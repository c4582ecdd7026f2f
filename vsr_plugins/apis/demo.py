"""Demonstrate the complete workflow: train, compare with bicubic and the best pretrained model, draw, write a video."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from ..degradation import bicubic_upsample
from ..engine.config_files import find_config, merge_options, read_config
from ..evaluation.protocols import Protocol, get_protocol
from ..evaluation.scores import Scores, score_clip, summarise
from ..evaluation.tables.score_table import ScoreTable
from ..inference.clips import RestoredClip, restore_clips
from ..inference.job.output_frames import quantized
from ..inference.load_model import load_model
from ..inference.predictor import VideoPredictor
from ..pretrained import default_model, load_pretrained
from ..visualization import comparison_figure, most_detailed_window
from ..visualization.video import write_video

CONFIG = 'latent_attn_demo'
FPS = 12


@dataclass(frozen=True)
class Demonstration:
    """Results of a demonstration.

    Attributes:
        table: Bicubic, the network and the best pretrained model on this machine; a row per clip and the mean.
        gain: Mean PSNR of the network minus that of bicubic, in dB.
        video_by: Model of the video's frames, the better one on the clips: None for the network trained here, or the
            name of the pretrained model.
        files: The comparison pictures, then the video.
    """

    table: ScoreTable
    gain: float
    video_by: str | None
    files: list[Path]


def train(config: str | Path, work_dir: Path, options: Mapping[str, object], gpus: int = 1) -> Path:
    """Run ``mim train`` as a user would; resume an earlier run that was stopped.

    Args:
        config: A config file, or the name of a config of this package.
        work_dir: Folder for checkpoints and logs.
        options: Changes to the config, as ``--cfg-options`` takes them.
        gpus: Number of processes to train by, each with a GPU where there are some.

    Returns:
        The best checkpoint.

    Raises:
        FileNotFoundError: If the config does not exist.
        ValueError: If ``gpus`` is below 1, ``torchrun`` started several of this process, an option sets nothing, or the
            training fails or writes no best checkpoint, such as when another one runs in the folder.
    """
    if gpus < 1:
        raise ValueError(f'gpus must be at least 1, but got {gpus}')
    if (count := int(os.environ.get('WORLD_SIZE', 1))) > 1:
        raise ValueError(
            f'torchrun started {count} processes, each of which would train in {work_dir}: run one, which starts as '
            'many as --gpus says (vsr stages), or mim train --launcher pytorch'
        )
    config = find_config(config)
    merge_options(read_config(config), options)
    command = [sys.executable, '-W', 'ignore', '-m', 'mim', 'train', 'mmagic', str(config)]
    command += ['--work-dir', str(work_dir), '--resume']
    if gpus > 1:
        command += ['--gpus', str(gpus), '--launcher', 'pytorch']
    if options:
        command += ['--cfg-options', *(f'{key}={value}' for key, value in options.items())]
    if status := subprocess.call(command):
        raise ValueError(f'the training of {config.stem} failed with status {status}; see its output above')
    best = sorted(work_dir.glob('best_*.pth'), key=lambda path: path.stat().st_mtime)
    if not best:
        raise ValueError(f'the training wrote no best checkpoint to {work_dir}')
    return best[-1]


def demonstrate(
    out: str | Path, config: str | Path | None = None, options: Mapping[str, object] | None = None
) -> Demonstration:
    """Train the network of a config, then compare it on its test clips with bicubic and a pretrained model.

    Args:
        out: Folder for all output; files of an earlier demonstration are replaced.
        config: A config, or the name of one of this package, with one test set of complete clips; default ``CONFIG``.
        options: Changes to the config.

    Raises:
        FileNotFoundError: If the config does not exist.
        ValueError: If the training fails.
    """
    out, config = Path(out), find_config(config or CONFIG)
    checkpoint = train(config, out, options or {})
    settings = read_config(config)
    merge_options(settings, options or {})
    model = load_model(settings, checkpoint)
    clips = list(restore_clips(model, settings.test_dataloader))
    evaluator = settings.test_evaluator
    metric = evaluator['metrics'][0] if 'metrics' in evaluator else evaluator
    protocol = get_protocol(metric['protocol'])
    frames = {
        'bicubic': [_upsampled(clip) for clip in clips],
        'ours': [clip.output for clip in clips],
    }
    pretrained = default_model()
    predictor = VideoPredictor(load_pretrained(pretrained))
    frames[pretrained.name] = [_restored(clip, predictor) for clip in clips]
    scores = {name: _scores(clips, outputs, protocol) for name, outputs in frames.items()}
    table = ScoreTable(metric.get('prefix') or config.stem, scores)
    (out / 'scores.md').write_text(table.to_markdown(), encoding='utf-8')
    files = [
        _picture(clip, {name: outputs[i] for name, outputs in frames.items()}, scores, out)
        for i, clip in enumerate(clips)
    ]
    best = max((name for name in scores if name != 'bicubic'), key=lambda name: scores[name].mean['PSNR'])
    video_by = pretrained.name if best == pretrained.name else None
    files.append(write_video(chain.from_iterable(frames[best]), out / 'upscaled.mp4', FPS, overwrite=True))
    return Demonstration(table, scores['ours'].mean['PSNR'] - scores['bicubic'].mean['PSNR'], video_by, files)


def _upsampled(clip: RestoredClip) -> np.ndarray:
    scale = clip.gt.shape[1] // clip.lq.shape[1]
    return np.stack([bicubic_upsample(frame, scale) for frame in clip.lq])


def _restored(clip: RestoredClip, predictor: VideoPredictor) -> np.ndarray:
    """Restore a clip as ``vsr upscale`` does, (t, H, W, 3) uint8."""
    return np.stack([quantized(frame, clip.lq.dtype) for (frame,) in predictor.restore(iter(clip.lq))])


def _scores(clips: list[RestoredClip], outputs: list[np.ndarray], protocol: Protocol) -> Scores:
    pairs = zip(clips, outputs, strict=True)
    return summarise({c.name: score_clip(output, c.gt, protocol, c.name) for c, output in pairs}, protocol)


def _picture(clip: RestoredClip, outputs: dict[str, np.ndarray], scores: dict[str, Scores], out: Path) -> Path:
    middle = len(clip.gt) // 2
    truth = clip.gt[middle]
    size = min(truth.shape[:2]) * 2 // 5
    panels = {'input': clip.lq[middle]}
    for name, frames in outputs.items():
        panels[f'{name}\n{scores[name].clips[clip.name]["PSNR"]:.2f} dB (clip)'] = frames[middle]
    panels['ground truth'] = truth
    window = (*most_detailed_window(truth, size, size), size, size)
    path = out / f'comparison_{clip.name.replace("/", "_")}.png'
    comparison_figure(panels, 'ground truth', window, title=f'{clip.name}, frame {middle}').savefig(path)
    return path
