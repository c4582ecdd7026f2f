"""Find the clips with strong motion or a change of scene in a data set made by `vsr prepare clips`.

Every clip is measured, and meta_info_clips_{train,val}_{normal,remote}.txt are written beside the original lists:
'normal' contains every clip, 'remote' those that long-range attention should improve most. A clip is remote if it
reaches any of the thresholds below. The command can be stopped and run again, and never overwrites a file of others.
"""

import argparse
from pathlib import Path

from .progress import counted_progress

HELP = "measure motion and scene changes; write lists of 'normal' and 'remote' clips"

THRESHOLDS = {
    'mean_motion': 'mean motion between neighbouring frames, %% of the width',
    'high_motion': 'motion of the fastest tenth of the pixels, %% of the width',
    'neighbour_change': 'difference in colours between neighbouring frames, 0 to 1',
    'total_change': 'difference in colours between the first and the last frame, 0 to 1',
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this sub-command."""
    parser.add_argument('folder', metavar='CLIPS', type=Path, help='the prepared data set, DATA_ROOT/clips')
    defaults = (1.5, 2.0, 0.2, 0.25)
    for (name, text), default in zip(THRESHOLDS.items(), defaults, strict=True):
        parser.add_argument(
            f'--{name.replace("_", "-")}', type=float, default=default, help=f'{text} (default: {default})'
        )
    parser.add_argument('--workers', type=int, help='clips measured in parallel (default: one per CPU)')


def run(args: argparse.Namespace) -> int:
    """Run the sub-command."""
    from rich.console import Console

    from ..apis import Criterion, split_clips

    if args.workers is not None and args.workers < 1:
        raise ValueError(f'--workers must be at least 1, but got {args.workers}')
    criterion = Criterion(**{name: getattr(args, name) for name in THRESHOLDS})
    with counted_progress('measuring') as update:
        split = split_clips(args.folder, criterion, args.workers, update)
    is_watched = Console(stderr=True).is_terminal
    Console(width=None if is_watched else 120).print(_table(split, criterion))
    for part, measures in split.measures.items():
        remote = sum(clip in split.reasons for clip in measures)
        print(f'{part}: {len(measures)} clips, {remote} of them remote')
        if not remote:
            print(
                f'  meta_info_clips_{part}_remote.txt is empty, so no data set can be built from it; lower a threshold'
            )
    for path in split.files:
        print(path)
    return 0


def _table(split: object, criterion: object) -> object:
    from rich.table import Table

    table = Table(title=f'remote: any of {", ".join(f"{k} >= {v:g}" for k, v in vars(criterion).items())}')
    table.add_column('clip')
    table.add_column('part')
    for name in ('frames', 'mean motion %', 'high motion %', 'neighbour change', 'total change'):
        table.add_column(name, justify='right')
    table.add_column('remote')
    for part, measures in split.measures.items():
        for clip, of_clip in measures.items():
            reasons = split.reasons.get(clip, [])
            cells = [f'{getattr(of_clip, name):.2f}' + (' *' if name in reasons else '  ') for name in THRESHOLDS]
            table.add_row(clip, part, str(of_clip.frames), *cells, 'yes' if reasons else '')
    return table
