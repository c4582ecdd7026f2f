"""Seams of chunked inference: PSNR by position in the chunk, and how well frames follow one another across a cut.

For each overlap one column. 'change' is the mean absolute difference, in grey levels of Y, between the change from one
frame to the next and the same change of the ground truth: inside chunks, and where the next frame is another chunk's.

    python benchmarks/chunk_seams.py CONFIG CHECKPOINT [--overlap 0 2 4]

The clips are those that the config is tested on.
"""

import argparse
from pathlib import Path

from mmengine.config import Config

from vsr_plugins.evaluation.seams import SeamReport
from vsr_plugins.inference.clips import restore_clips
from vsr_plugins.inference.load_model import load_model
from vsr_plugins.models.blocks.chunking import chunk_spans


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', type=Path)
    parser.add_argument('checkpoint', type=Path)
    parser.add_argument('--overlap', type=int, nargs='+', default=[0, 2, 4], help='frames that chunks share')
    args = parser.parse_args()

    config = Config.fromfile(args.config)
    loaders = config.test_dataloader if isinstance(config.test_dataloader, list) else [config.test_dataloader]
    model = load_model(config, args.checkpoint)
    columns = {}
    for overlap in args.overlap:
        report = SeamReport()
        model.generator.chunk_overlap = overlap
        for loader in loaders:
            for clip in restore_clips(model, loader):
                spans = chunk_spans(len(clip.output), model.generator.chunk_length, overlap)
                report.add(clip.output, clip.gt, spans)
        columns[f'overlap {overlap}'] = report.summary()

    rows = sorted({row for column in columns.values() for row in column}, key=lambda row: (row[0] != 'P', row))
    print(f'{"":<16}' + ''.join(f'{name:>14}' for name in columns))
    for row in rows:
        values = (f'{column[row]:>14.3f}' if row in column else f'{"-":>14}' for column in columns.values())
        print(f'{row:<16}' + ''.join(values))


if __name__ == '__main__':
    main()
