"""What half precision costs and what key frames bring: one trained latent-attention network, run in several ways.

A row is a way to run it, a column a clip, all under the protocol of the config's test set: float32, bfloat16 (frames
and the upscaler stay in float32: the sum of the bicubic skip and the last layer is the picture itself, and eight
bits of mantissa would band it), and with so many key frames of the clip given to the long-range blocks.

    python benchmarks/latent_variants.py CONFIG CHECKPOINT [--key-frames 2 4]

Key frames are those that `vsr prepare clips` noted, or frames at even distances.
"""

import argparse
from copy import deepcopy
from pathlib import Path

import torch
from mmagic.registry import METRICS
from mmengine.config import Config
from mmengine.runner import Runner

from vsr_plugins.apis.measuring import measure
from vsr_plugins.evaluation.test_sets import find_test_sets
from vsr_plugins.inference.load_model import load_model


def with_key_frames(loader: dict, count: int) -> dict:
    """The test set with key frames behind the frames of each clip."""
    loader = deepcopy(loader)
    pipeline = loader['dataset']['pipeline']
    degraded = any(transform['type'] == 'DegradeFrames' for transform in pipeline)
    key = 'gt' if degraded else 'img'
    pipeline.insert(0, dict(type='AppendKeyFrames', num_key_frames=count, key=key))
    if degraded:
        place = next(i for i, transform in enumerate(pipeline) if transform['type'] == 'DegradeFrames')
        pipeline.insert(place + 1, dict(type='DropKeyFrames'))
    pipeline[-1]['meta_keys'] = ['key', 'num_key_frames']
    return loader


def psnrs(model: torch.nn.Module, loader: dict, metric: dict) -> dict[str, float]:
    """PSNR of each clip, and under 'mean' that of the test set."""
    (scores,) = measure(model, Runner.build_dataloader(loader), [METRICS.build(metric)])
    return {name: row['PSNR'] for name, row in scores.clips.items()} | {'mean': scores.mean['PSNR']}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', type=Path)
    parser.add_argument('checkpoint', type=Path)
    parser.add_argument('--key-frames', type=int, nargs='*', default=[2, 4], help='how many')
    args = parser.parse_args()

    config = Config.fromfile(args.config)
    test_set = find_test_sets(config)[0]
    model = load_model(config, args.checkpoint)
    rows = {'float32': psnrs(model, test_set.dataloader, test_set.metric)}
    for count in args.key_frames:
        loader = with_key_frames(test_set.dataloader, count)
        rows[f'{count} key frames'] = psnrs(model, loader, test_set.metric)
    model.generator.bfloat16()
    rows['bfloat16'] = psnrs(model, test_set.dataloader, test_set.metric)

    print(f'{test_set.data}, {test_set.protocol.name}: PSNR in dB')
    columns = list(rows['float32'])
    print(f'{"":<16}' + ''.join(f'{name[:16]:>18}' for name in columns) + f'{"against float32":>18}')
    for name, row in rows.items():
        change = row['mean'] - rows['float32']['mean']
        print(f'{name:<16}' + ''.join(f'{row[column]:>18.4f}' for column in columns) + f'{change:>+18.4f}')


if __name__ == '__main__':
    main()
