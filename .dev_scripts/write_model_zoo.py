"""Writes the model zoo: every page, table and index that holds a measured or published number.

The source is ``docs/results.json``, which ``vsr table ... --json docs/results.json`` writes (``docs/benchmark.md`` has
the whole command), with the training logs in ``results`` and the registry of weights. From them come
``docs/results.md``, ``docs/quality_cost.png``, ``model-index.yml``, ``configs/*/metafile.yml``, and what stands between
the markers ``<!-- NAME: generated -->`` and ``<!-- NAME: end -->`` of ``README.md``, ``docs/model_zoo.md`` and
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

from vsr_plugins.evaluation.protocols import Protocol
from vsr_plugins.evaluation.scores import Scores
from vsr_plugins.evaluation.tables.method_table import Cost, MethodRow, MethodTable, to_markdown
from vsr_plugins.evaluation.tables.published import Published, method_of, published
from vsr_plugins.pretrained import PRETRAINED
from vsr_plugins.pretrained.entries import EXTRAS, Pretrained
from vsr_plugins.visualization.quality_cost import method_label, quality_cost_figure

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / 'docs' / 'results.json'
PICTURE = ROOT / 'docs' / 'quality_cost.png'
LOGS = ROOT / 'results'
NOTHING = '–'
# The table of README.md and the picture: the test set and the protocol that most of the field reports.
FRONT = ('Vid4-BIx4', 'basicvsr')
SIZE = '144x180'

ESRGAN = 'ESRGAN: Enhanced Super-Resolution Generative Adversarial Networks (ECCV Workshops 2018)'
BASICVSR = 'BasicVSR: The Search for Essential Components in Video Super-Resolution and Beyond (CVPR 2021)'

# Folder of configs -> name of the collection, and its paper.
COLLECTIONS = {
    'basicvsr': ('BasicVSR', BASICVSR),
    'basicvsr_pp': (
        'BasicVSR++',
        'BasicVSR++: Improving Video Super-Resolution with Enhanced Propagation and Alignment (CVPR 2022)',
    ),
    'bicubic': ('Bicubic', None),
    'duf': (
        'DUF',
        'Deep Video Super-Resolution Network Using Dynamic Upsampling Filters Without Explicit Motion Compensation '
        '(CVPR 2018)',
    ),
    'edvr': (
        'EDVR',
        'EDVR: Video Restoration with Enhanced Deformable Convolutional Networks (CVPR Workshops 2019)',
    ),
    'espcn': (
        'ESPCN',
        'Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional Neural Network '
        '(CVPR 2016)',
    ),
    'esrgan': ('ESRGAN', ESRGAN),
    'frvsr': ('FRVSR', 'Frame-Recurrent Video Super-Resolution (CVPR 2018)'),
    'fsrcnn': ('FSRCNN', 'Accelerating the Super-Resolution Convolutional Neural Network (ECCV 2016)'),
    'iconvsr': ('IconVSR', BASICVSR),
    'latent_attn': (
        'Latent attention',
        'Efficient Video Super-Resolution with Latent Attention (Computer Science 2023, 50(11A): 221100156)',
    ),
    'robust_vsr': ('RobustVSR', 'Robust Video Super-Resolution with Learned Temporal Dynamics (ICCV 2017)'),
    'spmc': ('SPMC', 'Detail-Revealing Deep Video Super-Resolution (ICCV 2017)'),
    'srcnn': ('SRCNN', 'Image Super-Resolution Using Deep Convolutional Networks (TPAMI 2015)'),
    'srgan_resnet': (
        'SRGAN',
        'Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial Network (CVPR 2017)',
    ),
    'tdan': (
        'TDAN',
        'TDAN: Temporally-Deformable Alignment Network for Video Super-Resolution (CVPR 2020)',
    ),
    'two_stage': ('Two stages', None),
    'vespcn': (
        'VESPCN',
        'Real-Time Video Super-Resolution with Spatio-Temporal Networks and Motion Compensation (CVPR 2017)',
    ),
    'vsrnet': ('VSRnet', 'Video Super-Resolution With Convolutional Neural Networks (TCI 2016)'),
    'zooming_slow_mo': (
        'Zooming Slow-Mo',
        'Zooming Slow-Mo: Fast and Accurate One-Stage Space-Time Video Super-Resolution (CVPR 2020)',
    ),
}


class ReadTable(MethodTable):
    """A table read back from JSON, some of whose rows may lack the numbers of single clips."""

    def clips(self) -> tuple[list[str], list[list[str]]]:
        """As ``MethodTable.clips``, of the rows that have them."""
        rows = [row for row in self.rows if row.scores is not None and row.scores.clips]
        return MethodTable(self.data, self.protocol, rows, self.degradation).clips()


def read_tables(path: Path = RESULTS) -> list[MethodTable]:
    """The tables that ``vsr table --json`` wrote."""
    content = json.loads(path.read_text(encoding='utf-8'))
    return [
        ReadTable(
            table['data'],
            Protocol(**table['protocol']),
            [_row(row, table) for row in table['rows']],
            table['degradation'],
        )
        for table in content['tables']
    ]


def _row(row: dict[str, Any], table: dict[str, Any]) -> MethodRow:
    cost, scores = row['cost'], None
    if cost is not None:
        cost = Cost(**{**cost, 'size': tuple(cost['size']), 'frames': tuple(cost['frames'])})
    if row['mean'] is not None:
        fields = {name: row[name] for name in ('mean', 'clips', 'groups', 'frames')}
        scores = Scores(protocol=Protocol(**table['protocol']), **fields)
    published = tuple(
        Published(
            row['method'],
            table['data'],
            None if one['protocol'] is None else Protocol(**one['protocol']),
            one['PSNR'],
            one.get('SSIM'),
            one['source'],
            one['looked_up'],
        )
        for one in row['published']
    )
    return MethodRow(
        row['config'], row['method'], row['parameters'], scores, row['remark'], cost, row['weights'], published
    )


def files(root: Path = ROOT) -> Iterator[tuple[Path, str]]:
    """Every text to write, with its contents."""
    tables = read_tables(root / 'docs' / 'results.json')
    configs = root / 'configs'
    folders = sorted(path for path in configs.iterdir() if path.is_dir() and path.name != '_base_')
    for folder in folders:
        name, paper = COLLECTIONS[folder.name]
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
    return MethodTable(table.data, table.protocol, rows, table.degradation)


def front_table(table: MethodTable) -> str:
    """The measured rows of the front table, the protocol and the command that prints them."""
    measured = [row for row in table.rows if row.scores is not None]
    headings = ['method', 'weights', 'parameters', 'GFLOPs', 's a frame', 'PSNR', 'SSIM', 'published PSNR / SSIM']
    lines = [
        [method_label(row), weights_of(row), *_cost(row), *_scores(row), _published(table, row)] for row in measured
    ]
    command = _command([row.name for row in measured], f'--data {table.data} --size {SIZE}')
    return '\n\n'.join([f'{table.caption}.', _markdown(headings, lines, left=2), command])


def method_results(paths: Sequence[Path], tables: Sequence[MethodTable]) -> str:
    """All that is measured or published of the configs of one method, a table a protocol."""
    names = {path.stem: path for path in paths}
    parts, sources, shown = [], [], []
    for table in tables:
        rows = [row for row in table.rows if row.name in names]
        rows = [row for row in rows if row.scores is not None or table.comparable(row)]
        if not rows:
            continue
        headings = ['network', 'config', 'weights', 'parameters', 'GFLOPs', 's a frame']
        headings += ['measured PSNR', 'measured SSIM', 'published PSNR / SSIM']
        lines = [
            [
                method_label(row), _link(names[row.name], paths), weights_of(row), *_cost(row),
                *_scores(row), _published(table, row, sources),
            ]
            for row in rows
        ]  # fmt: skip
        shown.append(table)
        parts += [f'**{table.caption}**', _markdown(headings, lines, left=3)]
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
    if sources:
        parts.append('\n'.join(f'- [{number}] {source}' for number, source in enumerate(sources, start=1)))
    others = [_link(path, paths) for path in paths if path.stem not in known]
    if others:
        parts.append('Configs without a row in the tables: ' + ', '.join(others) + '.')
    return '\n\n'.join(parts)


def results_page(tables: Sequence[MethodTable]) -> str:
    """``docs/results.md``."""
    return (
        '# Results\n\n'
        'Every measured and published number, a table a test set and protocol. Written by '
        '`python .dev_scripts/write_model_zoo.py` from `docs/results.json`; [Benchmark](benchmark.md) has the command '
        'that measures it.\n\n' + to_markdown([_labelled(table) for table in tables])
    )


def methods_table(folders: Sequence[Path]) -> str:
    """One row a method, with its page."""
    lines = []
    for folder in folders:
        name, paper = COLLECTIONS[folder.name]
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
    rows = [replace(row, method=None if labels[row.name] == row.name else labels[row.name]) for row in table.rows]
    return ReadTable(table.data, table.protocol, rows, table.degradation)


def _cost(row: MethodRow) -> list[str]:
    parameters = NOTHING if row.parameters is None else f'{row.parameters:,}'
    if row.cost is None:
        return [parameters, NOTHING, NOTHING]
    return [parameters, _three(row.cost.flops / 1e9), _three(row.cost.seconds)]


def _three(value: float) -> str:
    """Three digits that count, without an exponent."""
    if value >= 100:
        return f'{value:,.0f}'
    return f'{value:#.3g}' if value else '0'


def _scores(row: MethodRow) -> list[str]:
    mean = {} if row.scores is None else row.scores.mean
    return [
        f'{mean[name]:.{digits}f}' if name in mean else NOTHING for name, digits in (('PSNR', 2), ('SSIM', 4))
    ]  # fmt: skip


def _published(table: MethodTable, row: MethodRow, sources: list[str] | None = None) -> str:
    cells = [_pair(one) + ('' if sources is None else f' {_cite(one, sources)}') for one in table.comparable(row)]
    return '; '.join(cells[:1] if sources is None else cells) or NOTHING


def _pair(one: Published) -> str:
    return f'{one.psnr:.2f} / ' + (NOTHING if one.ssim is None else f'{one.ssim:.4f}')


def _cite(one: Published, sources: list[str]) -> str:
    source = one.source + ('' if one.looked_up else ' (quoted as generally known, not looked up)')
    if source not in sources:
        sources.append(source)
    return f'[{sources.index(source) + 1}]'


def _elsewhere(
    tables: Sequence[MethodTable], shown: Sequence[MethodTable], names: dict[str, Path], sources: list[str]
) -> str:
    """What was published of a method under a protocol that none of the tables shown has."""
    keys = {(table.data, table.protocol) for table in shown}
    lines = []
    for table in tables:
        for row in table.rows:
            for one in row.published if row.name in names else ():
                if (one.data, one.protocol) not in keys:
                    how = 'protocol unknown' if one.protocol is None else f'protocol `{one.protocol.name}`'
                    lines.append(f'- {one.method}: {_pair(one)} on {one.data}, {how} {_cite(one, sources)}')
    return '\n'.join(dict.fromkeys(lines))


def _costs(names: dict[str, Path], tables: Sequence[MethodTable]) -> list[str]:
    """What networks cost of which no number of quality is known."""
    rows = {row.name: row for table in tables for row in table.rows if row.name in names}
    if not rows:
        return []
    headings = ['network', 'config', 'parameters', 'GFLOPs', 's a frame']
    paths = list(names.values())
    lines = [[method_label(row), _link(names[row.name], paths), *_cost(row)] for row in rows.values()]
    return ['Neither measured here nor published on these test sets; costs:', _markdown(headings, lines, left=2)]


def _published_alone(names: dict[str, Path], sources: list[str]) -> list[str]:
    """The published numbers of configs that no table of the results has."""
    methods = dict.fromkeys(method for name in names if (method := method_of(name)))
    lines = [
        [
            one.method,
            one.data,
            NOTHING if one.protocol is None else f'`{one.protocol.name}`',
            _pair(one),
            _cite(one, sources),
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
    lines = [headings, [('---' if number < left else '---:') for number in range(len(headings))], *rows]
    return '\n'.join('| ' + ' | '.join(line) + ' |' for line in lines)


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


def digest(path: Path = RESULTS) -> str:
    """SHA-256 of the results, which the picture carries as its source."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def draw(path: Path = PICTURE) -> None:
    """Draw quality against cost, and write into the file which results it shows."""
    figure = quality_cost_figure([front(read_tables())])
    figure.savefig(path, metadata={'Source': digest()})


if __name__ == '__main__':
    for file, text in files():
        file.write_text(text, encoding='utf-8')
    draw()
