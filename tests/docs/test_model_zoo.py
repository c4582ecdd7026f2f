"""What ``.dev_scripts/write_model_zoo.py`` writes: indices, pages and pictures that hold numbers."""

from pathlib import Path
from runpy import run_path

import pytest
from modelindex.load_model_index import load
from PIL import Image

ROOT = Path(__file__).parents[2]
SCRIPT = run_path(str(ROOT / '.dev_scripts' / 'write_model_zoo.py'))


@pytest.mark.parametrize(
    ('file', 'text'), SCRIPT['files'](), ids=lambda value: str(value)[-60:] if isinstance(value, Path) else ''
)
def test_the_files_are_those_that_the_script_writes(file, text):
    assert file.read_text(encoding='utf-8') == text, 'run .dev_scripts/write_model_zoo.py'


def test_the_picture_shows_the_results():
    with Image.open(ROOT / 'docs' / 'quality_cost.png') as picture:
        assert picture.text['Source'] == SCRIPT['digest'](), 'run .dev_scripts/write_model_zoo.py'


def test_every_config_is_in_the_index_once():
    index = load(str(ROOT / 'model-index.yml'))
    paths = (path for path in (ROOT / 'configs').rglob('*.py') if '_base_' not in path.parts)
    named = sorted((path.relative_to(ROOT).as_posix(), path.stem) for path in paths)
    assert sorted((model.config, model.name) for model in index.models) == named
    assert {model.in_collection for model in index.models} == {collection.name for collection in index.collections}
    (trained,) = (model for model in index.models if model.name == 'espcn_x4_1xb16-20k_clips')
    assert trained.results[0].metrics['PSNR'] == pytest.approx(24.62, abs=0.5)


def test_measured_and_published_stand_in_different_columns():
    table = next(t for t in SCRIPT['read_tables']() if (t.data, t.protocol.name) == ('Vid4-BIx4', 'basicvsr'))
    paths = [ROOT / 'configs' / 'vespcn' / 'vespcn_x4_1xb16-30k_patches.py']
    lines = SCRIPT['method_results'](paths, [table]).splitlines()
    heading, row = (
        [cell.strip() for cell in line.strip('|').split('|')]
        for line in lines
        if line.startswith(('| network', '| VESPCN'))
    )
    cells = dict(zip(heading, row, strict=True))
    assert (cells['measured PSNR'], cells['measured SSIM']) == ('25.15', '0.7247')
    assert cells['published PSNR / SSIM'].startswith('25.35 / 0.7557 [')


def test_a_row_without_weights_has_no_measured_number():
    table = next(t for t in SCRIPT['read_tables']() if (t.data, t.protocol.name) == ('Vid4-BIx4', 'basicvsr'))
    (edvr,) = (row for row in table.rows if row.name == 'edvrm_1xb4-600k_clips')
    assert SCRIPT['weights_of'](edvr) == '–' and edvr.scores is None
    assert 'edvrm_1xb4-600k_clips' not in SCRIPT['front_table'](SCRIPT['front']([table]))


def test_markers_are_needed_once_each(tmp_path):
    page = tmp_path / 'page.md'
    page.write_text('a\n<!-- x: generated -->\nold\n<!-- x: end -->\nb\n')
    assert SCRIPT['filled'](page, x='new') == 'a\n<!-- x: generated -->\n\nnew\n\n<!-- x: end -->\nb\n'
    with pytest.raises(ValueError, match='<!-- y: generated -->'):
        SCRIPT['filled'](page, y='new')


def test_what_was_read_is_written_the_same():
    import json

    content = json.loads((ROOT / 'docs' / 'results.json').read_text(encoding='utf-8'))
    written = json.loads(json.dumps([table.to_dict() for table in SCRIPT['read_tables']()]))
    assert written == content['tables']
