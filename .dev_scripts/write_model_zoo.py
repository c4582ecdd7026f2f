"""Writes the model zoo: every page, table and index that holds a measured or published number.

The source is ``docs/results.json``, which ``vsr table ... --json docs/results.json`` writes, with the training logs in
``results`` and the registry of weights. From them come ``docs/results.md``, ``docs/quality_cost.png``,
``model-index.yml``, ``configs/*/metafile.yml``, and what stands between the markers ``<!-- NAME: generated -->`` and
``<!-- NAME: end -->`` of ``README.md``, ``docs/benchmark.md`` (the whole command), ``docs/model_zoo.md`` and
``configs/*/README.md``. After a change of results or configs::

    python .dev_scripts/write_model_zoo.py
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from vsr_plugins.evaluation.tables.departures import departures_by_name
from vsr_plugins.evaluation.tables.method_table import MethodRow, MethodTable, Sources, to_markdown
from vsr_plugins.evaluation.tables.published import Published, method_of, published
from vsr_plugins.evaluation.tables.rendering import NOTHING, Column, Grid
from vsr_plugins.pretrained import PRETRAINED
from vsr_plugins.pretrained.entry import EXTRAS, PACKAGE, Pretrained
from vsr_plugins.visualization.quality_cost import method_label, quality_cost_figure

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / 'docs' / 'results.json'
PICTURE = ROOT / 'docs' / 'quality_cost.png'
LOGS = ROOT / 'results'
# The table of README.md and the picture: the test set and the protocol that most of the field reports.
FRONT = ('Vid4-BIx4', 'basicvsr')
SIZE = '144x180'
# Columns that every table of the package has.
COST = ('parameters', 'GFLOPs a frame', 's a frame')
PUBLISHED = 'published PSNR / SSIM'

# Folder of configs -> name of the method, and its paper.
METHODS = yaml.safe_load((ROOT / '.dev_scripts' / 'methods.yml').read_text(encoding='utf-8'))


def read_tables(path: Path = RESULTS) -> list[MethodTable]:
    """The tables that ``vsr table --json`` wrote."""
    return [MethodTable.from_dict(table) for table in json.loads(path.read_text(encoding='utf-8'))['tables']]


def with_departures(table: MethodTable) -> MethodTable:
    """The table with the names of today, and what the configs have otherwise than the papers."""
    rows = []
    for row in table.rows:
        entry = entry_of(row)
        trained_here = entry is None or entry.trained_here
        method = method_of(row.name)
        rows.append(replace(row, method=method, departures=departures_by_name(row.name, method, trained_here)))
    return MethodTable(table.data, table.protocol, rows, table.degradation)


def files(root: Path = ROOT) -> Iterator[tuple[Path, str]]:
    """Every text to write, with its contents."""
    tables = [with_departures(table) for table in read_tables(root / 'docs' / 'results.json')]
    configs = root / 'configs'
    folders = sorted(path for path in configs.iterdir() if path.is_dir() and not path.name.startswith('_'))
    for folder in folders:
        name, paper = METHODS[folder.name]['name'], METHODS[folder.name].get('paper')
        paths = configs_of(folder)
        collection = {'Name': name, 'Paper': paper} if paper else {'Name': name}
        collection['README'] = f'configs/{folder.name}/README.md'
        models = [_model(path, path.relative_to(root).as_posix(), name, tables) for path in paths]
        yield folder / 'metafile.yml', _yaml({'Collections': [collection], 'Models': models})
        yield folder / 'README.md', filled(folder / 'README.md', results=method_results(paths, tables))
    imports = [f'configs/{folder.name}/metafile.yml' for folder in folders]
    yield root / 'model-index.yml', _yaml({'Import': imports})
    yield root / 'docs' / 'results.md', results_page(tables)
    yield (
        root / 'docs' / 'model_zoo.md',
        filled(root / 'docs' / 'model_zoo.md', methods=methods_table(folders), trainings=trainings_table(folders)),
    )
    yield root / 'docs' / 'benchmark.md', filled(root / 'docs' / 'benchmark.md', command=whole_command(tables))
    yield root / 'README.md', filled(root / 'README.md', results=front_table(front(tables)))


def configs_of(folder: Path) -> list[Path]:
    """The configs of a method: those of its folder, and the aliases at the top that begin with its name."""
    return [*sorted(folder.parent.glob(f'{folder.name}_*.py')), *sorted(folder.glob('*.py'))]


def filled(path: Path, **sections: str) -> str:
    """The text of a file with new contents between its markers.

    Raises:
        ValueError: If the file lacks a pair of markers.
    """
    text = path.read_text(encoding='utf-8')
    for name, content in sections.items():
        start, end = f'<!-- {name}: generated -->', f'<!-- {name}: end -->'
        if text.count(start) != 1 or text.count(end) != 1:
            raise ValueError(f'{path} needs {start} and {end} once each')
        before, _, rest = text.partition(start)
        text = f'{before}{start}\n\n{content.strip()}\n\n{end}{rest.partition(end)[2]}'
    return text


def front(tables: Sequence[MethodTable]) -> MethodTable:
    """The one table of ``README.md`` and of the picture: one row a method, and no step of a training."""
    (table,) = (table for table in tables if (table.data, table.protocol.name) == FRONT)
    rows = [row for row in table.rows if row.method or (entry_of(row) and entry_of(row).vid4)]
    # Of several weights of one recipe those that come with the package.
    packaged = {method_label(row) for row in rows if _is_packaged(row)}
    rows = [row for row in rows if row.scores is None or _is_packaged(row) or method_label(row) not in packaged]
    return MethodTable(table.data, table.protocol, rows, table.degradation)


def front_table(table: MethodTable) -> str:
    """The measured rows of the front table, the protocol and the command that prints them."""
    measured = [row for row in table.rows if row.scores is not None]
    declared = {column.heading: column for column in table.columns(Sources())}
    columns = [
        METHOD,
        WEIGHTS,
        *(declared[heading] for heading in COST),
        *(Column(f'measured {name}', declared[name].cell) for name in ('PSNR', 'SSIM')),
        # The first source only; the pages of the methods have all, with their references.
        Column(PUBLISHED, lambda row: next(map(_pair, table.comparable(row)), NOTHING)),
    ]
    command = _command([row.name for row in measured], f'--data {table.data} --size {SIZE}')
    return '\n\n'.join([f'{table.caption}.', Grid.of(columns, measured).to_markdown().strip(), command])


def whole_command(tables: Sequence[MethodTable]) -> str:
    """``vsr table`` on every config of the results; each is measured on the test sets of its own."""
    # In the order of the tables' rows; the longest table has most of them.
    ordered = sorted(tables, key=lambda table: -len(table.rows))
    names = dict.fromkeys(row.name for table in ordered for row in table.rows)
    return _command(list(names), f'--size {SIZE} --json docs/results.json')


def method_results(paths: Sequence[Path], tables: Sequence[MethodTable]) -> str:
    """All that is measured or published of the configs of one method, a table a protocol."""
    names = {path.stem: path for path in paths}
    parts, sources, shown = [], Sources(), []
    config = Column('config', lambda row: _link(names[row.name], paths), is_text=True)
    for table in tables:
        rows = [row for row in table.rows if row.name in names]
        rows = [row for row in rows if row.scores is not None or table.comparable(row)]
        if not rows:
            continue
        declared = {column.heading: column for column in table.columns(sources)}
        columns = [METHOD, config, WEIGHTS, *(declared[heading] for heading in COST)]
        columns += [Column(f'measured {name}', declared[name].cell) for name in ('PSNR', 'SSIM', *table.more)]
        grid = Grid.of([*columns, declared[PUBLISHED]], rows)
        shown.append(table)
        parts += [f'**{table.caption}**', grid.to_markdown().strip()]
    known = {row.name for table in tables for row in table.rows}
    # Of a renamed config the new name stands for both.
    named = [path.stem for path in paths if path.stem in known]
    if shown:
        protocols = ' '.join(dict.fromkeys(table.protocol.name for table in shown))
        parts.append(_command(named, f'--protocol {protocols} --size {SIZE}'))
    if not shown:
        parts += _costs(names, tables)
    if not known & names.keys():
        parts += _published_alone(names, sources)
    elsewhere = _elsewhere(tables, shown, names, sources)
    if elsewhere:
        parts += ['Published under other conditions, not comparable with the tables above:', elsewhere]
    trainings = _trainings(paths)
    if trainings:
        parts += ['Trained here; PSNR of the best validation on the held-out clips (`basicvsr` protocol):']
        parts.append(_markdown(['config', 'iterations', 'held-out PSNR'], trainings, left=1))
    if sources.texts:
        notes = [f'- [{number}] {source}' for number, source in enumerate(sources.texts, start=1)]
        if any('†' in part for part in parts):
            notes.append('- † quoted as generally known, not looked up in that source')
        parts.append('\n'.join(notes))
    others = [_link(path, paths) for path in paths if path.stem not in known]
    if others:
        parts.append('Configs without a row in the tables: ' + ', '.join(others) + '.')
    return '\n\n'.join(parts)


def results_page(tables: Sequence[MethodTable]) -> str:
    """``docs/results.md``."""
    return (
        '# Results\n\n'
        'Every measured and published number, one table per test set and protocol. Written by\n'
        '`python .dev_scripts/write_model_zoo.py` from `docs/results.json`; [Benchmark](benchmark.md) has the command\n'
        'that measures it.\n\n' + to_markdown([_labelled(table) for table in tables])
    )


def methods_table(folders: Sequence[Path]) -> str:
    """One row a method, with its page."""
    lines = []
    for folder in folders:
        name, paper = METHODS[folder.name]['name'], METHODS[folder.name].get('paper')
        stems = {path.stem for path in configs_of(folder)}
        entries = [f'`{entry.name}`' for entry in PRETRAINED if entry.config in stems and entry.use != 'part']
        page = f'[{name}](../configs/{folder.name}/README.md)'
        lines.append([page, paper or NOTHING, str(len(stems)), ', '.join(entries) or NOTHING])
    return _markdown(['method', 'paper', 'configs', 'weights: `vsr upscale --model`'], lines, left=4)


def trainings_table(folders: Sequence[Path]) -> str:
    """What was trained here, by the logs that come with the weights."""
    lines = [line for folder in folders for line in _trainings(configs_of(folder))]
    return _markdown(['config', 'iterations', 'held-out PSNR'], lines, left=1)


def entry_of(row: MethodRow) -> Pretrained | None:
    """The registered weights that a row was measured with, or that its config has."""
    name = row.weights.removeprefix('pretrained:')
    return next((e for e in PRETRAINED if e.name == name or (not row.weights and e.config == row.name)), None)


def _is_packaged(row: MethodRow) -> bool:
    entry = entry_of(row)
    return entry is not None and any(file.place == PACKAGE for file in entry.files)


def weights_of(row: MethodRow) -> str:
    """Whose weights a row was measured with."""
    if row.scores is None:
        return NOTHING
    entry = entry_of(row)
    if entry is None or not entry.files:
        return 'none needed'
    if entry.files[0].place not in EXTRAS:
        return f'trained here, {_trained(row.name)[0]:,} iterations'
    return f"authors', extra `{EXTRAS[entry.files[0].place]}`"


def _trainings(paths: Sequence[Path]) -> list[list[str]]:
    lines = []
    for path in paths:
        if (LOGS / f'{path.stem}.jsonl').is_file():
            iterations, psnr = _trained(path.stem)
            lines.append([f'`{path.stem}`', f'{iterations:,}', NOTHING if psnr is None else f'{psnr:.3f}'])
    return lines


def _trained(stem: str) -> tuple[int, float | None]:
    """Iterations of a training and the best PSNR of its validations."""
    text = (LOGS / f'{stem}.jsonl').read_text(encoding='utf-8')
    records = [json.loads(line) for line in text.splitlines()]
    found = [record['clips/PSNR'] for record in records if 'clips/PSNR' in record]
    return max(record['step'] for record in records), max(found, default=None)


def _labelled(table: MethodTable) -> MethodTable:
    """The table with a name for every method."""
    labels = {row.name: method_label(row) for row in table.rows}
    rows = [
        replace(row, method=None if labels[row.name] == row.name else labels[row.name], departures=())
        for row in table.rows
    ]
    return MethodTable(table.data, table.protocol, rows, table.degradation)


def _pair(one: Published) -> str:
    return f'{one.psnr:.2f} / ' + (NOTHING if one.ssim is None else f'{one.ssim:.4f}')


def _elsewhere(
    tables: Sequence[MethodTable], shown: Sequence[MethodTable], names: dict[str, Path], sources: Sources
) -> str:
    """What was published of a method under a protocol that none of the tables shown has."""
    keys = {(table.data, table.protocol) for table in shown}
    lines = []
    for table in tables:
        for row in table.rows:
            for one in row.published if row.name in names else ():
                if (one.data, one.protocol) not in keys:
                    how = 'protocol unknown' if one.protocol is None else f'protocol `{one.protocol.name}`'
                    lines.append(f'- {one.method}: {_pair(one)} on {one.data}, {how} {sources.reference(one)}')
    return '\n'.join(dict.fromkeys(lines))


def _costs(names: dict[str, Path], tables: Sequence[MethodTable]) -> list[str]:
    """What networks cost of which no number of quality is known."""
    rows = {row.name: row for table in tables for row in table.rows if row.name in names}
    if not rows:
        return []
    paths = list(names.values())
    declared = {column.heading: column for column in tables[0].columns(Sources())}
    config = Column('config', lambda row: _link(names[row.name], paths), is_text=True)
    grid = Grid.of([METHOD, config, *(declared[heading] for heading in COST)], list(rows.values()))
    return ['Neither measured here nor published on these test sets; costs:', grid.to_markdown().strip()]


def _published_alone(names: dict[str, Path], sources: Sources) -> list[str]:
    """The published numbers of configs that no table of the results has."""
    methods = dict.fromkeys(method for name in names if (method := method_of(name)))
    lines = [
        [
            one.method,
            one.data,
            NOTHING if one.protocol is None else f'`{one.protocol.name}`',
            _pair(one),
            sources.reference(one),
        ]
        for method in methods
        for one in published(method)
    ]
    if not lines:
        return []
    return [
        'Published; not measured here:',
        _markdown(['network', 'data', 'protocol', 'PSNR / SSIM', 'source'], lines, left=3),
    ]


def _link(path: Path, paths: Sequence[Path]) -> str:
    target = path.name if path.parent == paths[-1].parent else f'../{path.name}'
    return f'[{path.stem}]({target})'


def _command(names: Sequence[str], options: str) -> str:
    """``vsr table`` on some configs, in lines of a page's width."""
    lines = ['vsr table']
    for word in [*names, options]:
        if len(lines[-1]) + len(word) > 110:
            lines.append('   ')
        lines[-1] += f' {word}'
    return '```bash\n' + ' \\\n'.join(lines) + '\n```'


def _markdown(headings: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> str:
    return Grid(headings, rows, left).to_markdown().strip()


def _model(path: Path, config: str, collection: str, tables: Sequence[MethodTable]) -> dict[str, Any]:
    model: dict[str, Any] = {'Name': path.stem, 'In Collection': collection, 'Config': config}
    rows = [(table, row) for table in tables for row in table.rows if row.name == path.stem]
    if rows and rows[0][1].parameters is not None:
        model['Metadata'] = {'Parameters': rows[0][1].parameters}
    results = [
        {
            'Task': 'Video Super-Resolution',
            'Dataset': f'{table.data} {table.protocol.name}',
            'Metrics': {'PSNR': round(row.scores.mean['PSNR'], 2), 'SSIM': round(row.scores.mean['SSIM'], 4)},
        }
        for table, row in rows
        if row.scores is not None
    ]
    if results:
        model['Results'] = results
    return model


def _yaml(content: dict[str, Any]) -> str:
    return '# Written by .dev_scripts/write_model_zoo.py.\n' + yaml.safe_dump(content, sort_keys=False, width=120)


# Columns of these pages, beside those that the tables of the package declare.
METHOD = Column('network', method_label, is_text=True)
WEIGHTS = Column('weights', weights_of, is_text=True)


def digest(path: Path = RESULTS) -> str:
    """SHA-256 of the results, which the picture carries as its source."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def draw(path: Path = PICTURE) -> None:
    """Draw quality against cost, and write into the file which results it shows."""
    figure = quality_cost_figure([with_departures(front(read_tables()))])
    figure.savefig(path, metadata={'Source': digest()})


if __name__ == '__main__':
    for file, text in files():
        file.write_text(text, encoding='utf-8')
    draw()
