"""Writes ``model-index.yml`` and ``configs/*/metafile.yml``, which ``mim search`` reads.

Configs are those that lie in the folders; parameters and results are taken from ``docs/results.md``, which ``vsr
table`` writes. Run it after a change of either::

    python .dev_scripts/write_metafiles.py
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
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


def measured(results: str) -> dict[str, dict[str, Any]]:
    """By the name of a config, its ``parameters`` in ``docs/results.md`` and its ``results``, as metafiles have them.

    Args:
        results: Its text: under ``### DATA, PROTOCOL`` a table with a row for each config.
    """
    found: dict[str, dict[str, Any]] = {}
    dataset, columns = '', []
    for line in results.splitlines():
        cells = [cell.strip() for cell in line.strip('|').split('|')]
        if line.startswith('### '):
            dataset = ' '.join(part.strip() for part in line[4:].split(','))
        elif not line.startswith('|'):
            columns = []
        elif not columns:
            columns = cells
        elif 'config' in columns and not line.startswith('| ---'):
            row = dict(zip(columns, cells, strict=True))
            one = found.setdefault(row['config'], {'parameters': _number(row['parameters']), 'results': []})
            metrics = {name: _number(row[name]) for name in ('PSNR', 'SSIM')}
            if None not in metrics.values():
                one['results'].append({'Task': 'Video Super-Resolution', 'Dataset': dataset, 'Metrics': metrics})
    return found


def files(root: Path = ROOT) -> Iterator[tuple[Path, str]]:
    """All files to write, with their contents."""
    configs = root / 'configs'
    folders = sorted(path for path in configs.iterdir() if path.is_dir() and path.name != '_base_')
    rows = measured((root / 'docs' / 'results.md').read_text(encoding='utf-8'))
    for folder in folders:
        name, paper = COLLECTIONS[folder.name]
        collection = {'Name': name, 'Paper': paper} if paper else {'Name': name}
        paths = [*sorted(configs.glob(f'{folder.name}_*.py')), *sorted(folder.glob('*.py'))]
        models = [_model(path, path.relative_to(root).as_posix(), name, rows.get(path.stem)) for path in paths]
        yield folder / 'metafile.yml', _yaml({'Collections': [collection], 'Models': models})
    imports = [f'configs/{folder.name}/metafile.yml' for folder in folders]
    yield root / 'model-index.yml', _yaml({'Import': imports})


def _model(path: Path, config: str, collection: str, row: dict[str, Any] | None) -> dict[str, Any]:
    model: dict[str, Any] = {'Name': path.stem, 'In Collection': collection, 'Config': config}
    if row is not None and row['parameters'] is not None:
        model['Metadata'] = {'Parameters': row['parameters']}
    if row is not None and row['results']:
        model['Results'] = row['results']
    return model


def _number(text: str) -> int | float | None:
    digits = text.replace(',', '')
    try:
        return float(digits) if '.' in digits else int(digits)
    except ValueError:
        return None


def _yaml(content: dict[str, Any]) -> str:
    return '# Written by .dev_scripts/write_metafiles.py.\n' + yaml.safe_dump(content, sort_keys=False, width=120)


if __name__ == '__main__':
    for file, text in files():
        file.write_text(text, encoding='utf-8')
