"""``model-index.yml`` and the metafiles for ``mim search`` and mmengine's hub."""

from pathlib import Path
from runpy import run_path

import pytest
from modelindex.load_model_index import load

ROOT = Path(__file__).parents[2]
SCRIPT = run_path(str(ROOT / '.dev_scripts' / 'write_metafiles.py'))

RESULTS = """### Set-BIx4, some_protocol

Set-BIx4; some_protocol: all frames

| method | config | parameters | PSNR | SSIM |
| --- | --- | ---: | ---: | ---: |
| A | a_clips | 1,234 | 25.10 | 0.7000 |
| – | b_clips | – | no weights | – |

| PSNR / SSIM | one |
| --- | ---: |
| a_clips | 20.39 / 0.5720 |

### Set-BIx4, other

| method | config | parameters | PSNR | SSIM |
| --- | --- | ---: | ---: | ---: |
| A | a_clips | 1,234 | 26.00 | 0.7100 |
"""


def test_numbers_are_read_with_their_protocol():
    first, second = (
        {'Task': 'Video Super-Resolution', 'Dataset': f'Set-BIx4 {protocol}', 'Metrics': {'PSNR': psnr, 'SSIM': ssim}}
        for protocol, psnr, ssim in (('some_protocol', 25.1, 0.7), ('other', 26.0, 0.71))
    )
    assert SCRIPT['measured'](RESULTS) == {
        'a_clips': {'parameters': 1234, 'results': [first, second]},
        'b_clips': {'parameters': None, 'results': []},
    }


@pytest.mark.parametrize(('file', 'text'), SCRIPT['files'](), ids=lambda value: getattr(value, 'parent', Path()).name)
def test_the_files_are_up_to_date(file, text):
    assert file.read_text(encoding='utf-8') == text, 'run .dev_scripts/write_metafiles.py'


def test_every_config_is_in_the_index_once():
    index = load(str(ROOT / 'model-index.yml'))
    paths = (path for path in (ROOT / 'configs').rglob('*.py') if '_base_' not in path.parts)
    named = sorted((path.relative_to(ROOT).as_posix(), path.stem) for path in paths)
    assert sorted((model.config, model.name) for model in index.models) == named
    assert {model.in_collection for model in index.models} == {collection.name for collection in index.collections}
    (trained,) = (model for model in index.models if model.name == 'espcn_x4_1xb16-20k_clips')
    assert trained.results[0].metrics['PSNR'] == pytest.approx(24.62, abs=0.5)
