"""The whole way once, small: train, measure against bicubic, draw a picture, write a video."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from mmengine.config import Config

from .datasets.degradation import bicubic_upsample
from .evaluation.protocols import get_protocol
from .evaluation.scores import score_clip, summarise
from .evaluation.tables import ScoreTable
from .inference.clips import RestoredClip, load_model, restore_clips
from .inference.video import write_video
from .visualization import comparison_figure, most_detailed_window

CONFIG = Path(__file__).parent.parent / 'configs' / 'latent_attn_demo.py'
FPS = 12


@dataclass(frozen=True)
class Demonstration:
    """What a demonstration made.

    Attributes:
        table: Bicubic and the network, a row a clip and the mean.
        gain: Mean PSNR of the network over bicubic's, in dB.
        files: The comparison pictures, then the video.
    """

    table: ScoreTable
    gain: float
    files: list[Path]


def train(config: Path, work_dir: Path, options: Mapping[str, object]) -> Path:
    """Run ``mim train`` as a user would, going on where an earlier run was stopped.

    Args:
        config: Config file.
        work_dir: Where checkpoints and logs go.
        options: Changes to the config, as ``--cfg-options`` takes them.

    Returns:
        The best checkpoint.

    Raises:
        FileNotFoundError: If there is no such config.
        ValueError: If the training fails, or leaves no best checkpoint.
    """
    if not config.is_file():
        raise FileNotFoundError(f'no config at {config}; run this from a clone of the project, or name one')
    command = [sys.executable, '-W', 'ignore', '-m', 'mim', 'train', 'mmagic', str(config)]
    command += ['--work-dir', str(work_dir), '--resume']
    if options:
        command += ['--cfg-options', *(f'{key}={value}' for key, value in options.items())]
    finished = subprocess.run(command, check=False)
    if finished.returncode:
        raise ValueError(f'the training ended with status {finished.returncode}; its output above says why')
    best = sorted(work_dir.glob('best_*.pth'), key=lambda path: path.stat().st_mtime)
    if not best:
        raise ValueError(f'the training left no best checkpoint in {work_dir}')
    return best[-1]


def demonstrate(
    out: str | Path, config: str | Path = CONFIG, options: Mapping[str, object] | None = None
) -> Demonstration:
    """Train the network of a config, then show what it does on its test clips.

    Args:
        out: Folder for everything; files of an earlier demonstration there are replaced.
        config: A config with one test set of whole clips.
        options: Changes to the config.

    Raises:
        FileNotFoundError: If there is no such config.
        ValueError: If the training fails.
    """
    out, config = Path(out), Path(config)
    checkpoint = train(config, out, options or {})
    settings = Config.fromfile(config)
    settings.merge_from_dict(dict(options or {}))
    model = load_model(settings, checkpoint)
    clips = list(restore_clips(model, settings.test_dataloader))
    evaluator = settings.test_evaluator
    metric = evaluator['metrics'][0] if 'metrics' in evaluator else evaluator
    protocol = get_protocol(metric['protocol'])
    scale = clips[0].output.shape[1] // clips[0].lq.shape[1]
    enlarged = {clip.name: np.stack([bicubic_upsample(frame, scale) for frame in clip.lq]) for clip in clips}
    scores = {
        'bicubic': summarise({c.name: score_clip(enlarged[c.name], c.gt, protocol, c.name) for c in clips}, protocol),
        'ours': summarise({c.name: score_clip(c.output, c.gt, protocol, c.name) for c in clips}, protocol),
    }
    table = ScoreTable(metric.get('prefix') or config.stem, scores)
    (out / 'scores.md').write_text(table.to_markdown(), encoding='utf-8')
    files = [_picture(clip, enlarged[clip.name], scores, out) for clip in clips]
    frames = (frame for clip in clips for frame in clip.output)
    files.append(write_video(frames, out / 'upscaled.mp4', FPS, overwrite=True))
    return Demonstration(table, scores['ours'].mean['PSNR'] - scores['bicubic'].mean['PSNR'], files)


def _picture(clip: RestoredClip, enlarged: np.ndarray, scores: dict, out: Path) -> Path:
    middle = len(clip.gt) // 2
    truth = clip.gt[middle]
    size = min(truth.shape[:2]) * 2 // 5
    captions = {name: f'{name}\n{of.clips[clip.name]["PSNR"]:.2f} dB (clip)' for name, of in scores.items()}
    panels = {
        'input': clip.lq[middle],
        captions['bicubic']: enlarged[middle],
        captions['ours']: clip.output[middle],
        'ground truth': truth,
    }
    window = (*most_detailed_window(truth, size, size), size, size)
    path = out / f'comparison_{clip.name.replace("/", "_")}.png'
    comparison_figure(panels, 'ground truth', window, title=f'{clip.name}, frame {middle}').savefig(path)
    return path
