"""The reference of the API: every module that a user's code imports from."""

import re
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[2]
LISTED = re.findall(r'^::: (\S+)$', (ROOT / 'docs' / 'api.md').read_text(encoding='utf-8'), re.MULTILINE)
FOLDERS = [
    *('models/networks', 'models/alignment', 'models/blocks', 'models/editors', 'models/losses'),
    *('models/data_preprocessors', 'datasets', 'datasets/transforms'),
    *('evaluation', 'evaluation/functional', 'evaluation/metrics', 'evaluation/tables'),
]
# Numbers alone.
NO_CODE = {'vsr_plugins.evaluation.tables.published_numbers'}


def test_every_module_of_the_public_folders_is_on_the_page():
    files = (path for folder in FOLDERS for path in (ROOT / 'vsr_plugins' / folder).glob('*.py'))
    modules = {'.'.join(path.relative_to(ROOT).with_suffix('').parts) for path in files if path.stem != '__init__'}
    missing = modules - NO_CODE - {*LISTED}
    assert not missing, f'add to docs/api.md: {sorted(missing)}'


def test_every_module_on_the_page_exists_once():
    assert len(LISTED) == len(set(LISTED))
    assert all(find_spec(module) for module in LISTED)
