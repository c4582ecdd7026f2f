"""Figure 6 of the latent-attention paper: long- and short-range attention, trained on sequences of different lengths.

Trains Latn10 and Satn10 with chunks of each length, measures them on the clips of their configs' test sets, prints a
line a length and draws the curves. In the paper they cross at 7 frames. Stopped at any moment, it goes on where it was.

    python benchmarks/attention_lengths.py --picture lengths.png
    python benchmarks/attention_lengths.py --lengths 3 5 7 --cfg-options train_cfg.max_iters=20000 --picture lengths.png

Each of the trainings has the length of the paper's table 3 here (300,000 iterations) unless an option says otherwise.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from vsr_plugins.apis import Measurement, collect_tables
from vsr_plugins.cli.stages import parse_options

CONFIGS = Path(__file__).parents[1] / 'configs' / 'latent_attn'
KINDS = {
    'long': 'latent_attn_latn10-c48n7_1xb4-300k_clips',
    'short': 'latent_attn_satn10-c36n7_1xb4-300k_clips',
}
LENGTHS = range(3, 12)


def write_config(kind: str, length: int, folder: Path) -> Path:
    """Write the config of a kind of attention with chunks of a length."""
    stem = f'latent_attn_{kind}-n{length}'
    path = folder / f'{stem}.py'
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"_base_ = '{CONFIGS / KINDS[kind]}.py'\n\n"
        f"experiment_name = '{stem}'\nwork_dir = './work_dirs/{stem}'\n\n"
        f'model = dict(generator=dict(chunk_length={length}))\n'
        f'train_dataloader = dict(dataset=dict(num_input_frames={length}))\n',
        encoding='utf-8',
    )
    return path


def sweep(
    lengths: Sequence[int], out: Path, device: str, options: Mapping[str, object]
) -> dict[str, dict[str, dict[int, float]]]:
    """Train and measure; test set -> kind of attention -> length -> PSNR in dB."""
    names = {}
    for length in lengths:
        for kind in KINDS:
            path = write_config(kind, length, out / 'configs')
            names[path.stem] = (path, kind, length)
    models = [(path, None) for path, _, _ in names.values()]
    tables = collect_tables(
        models, Measurement(size=None, device=device), out, train=True, options=options, report=print
    )
    found: dict[str, dict[str, dict[int, float]]] = {}
    for table in tables:
        for row in table.rows:
            if row.scores is not None:
                _, kind, length = names[row.name]
                found.setdefault(table.data, {}).setdefault(kind, {})[length] = row.scores.mean['PSNR']
    return found


def crossing(curves: Mapping[str, Mapping[int, float]]) -> int | None:
    """The first length from which long-range attention is not behind on any, None if there is none."""
    common = sorted(set(curves['long']) & set(curves['short']))
    behind = [length for length in common if curves['long'][length] < curves['short'][length]]
    return next((length for length in common if not behind or length > max(behind)), None)


def draw(found: Mapping[str, Mapping[str, Mapping[int, float]]]) -> Figure:
    """One panel a test set, one curve a kind of attention."""
    figure = Figure(figsize=(5.2 * len(found), 3.8), layout='constrained', dpi=150)
    for axes, (data, curves) in zip(figure.subplots(1, len(found), squeeze=False).flat, found.items(), strict=True):
        for kind, marker in (('long', 'o'), ('short', 's')):
            lengths = sorted(curves[kind])
            axes.plot(lengths, [curves[kind][length] for length in lengths], marker=marker, label=f'{kind}-range')
        axes.set_xlabel('frames of a sequence')
        axes.set_ylabel('PSNR, dB')
        axes.set_title(data, fontsize=9, loc='left')
        axes.legend(frameon=False)
    return figure


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, print and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--lengths', type=int, nargs='+', default=list(LENGTHS), help='frames of a sequence (3 to 11)')
    parser.add_argument('--out', type=Path, default=Path('work_dirs/attention_lengths'), help='trainings and cache')
    parser.add_argument('--device', default='cpu', help='device to measure on')
    parser.add_argument('--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='changes to every config')
    parser.add_argument('--picture', type=Path, help='draw the curves to this file')
    args = parser.parse_args(arguments)
    found = sweep(args.lengths, args.out, args.device, parse_options(args.cfg_options))
    for data, curves in found.items():
        print(f'{data:<12}{"long":>9}{"short":>9}')
        for length in args.lengths:
            print(f'{length:<12}{curves["long"][length]:>9.2f}{curves["short"][length]:>9.2f}')
        print(f'long-range attention is ahead from length {crossing(curves) or "–"}')
    if args.picture:
        draw(found).savefig(args.picture)


if __name__ == '__main__':
    main()
