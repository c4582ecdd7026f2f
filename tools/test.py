"""``mim test vsr_plugins CONFIG`` runs this: the test script of MMagic.

It is found without importing MMagic. The configs of this package are made for it.
"""

from importlib.util import find_spec
from pathlib import Path
from runpy import run_path

if __name__ == '__main__':
    scripts = Path(find_spec('mmagic').origin).parent / '.mim' / 'tools'
    run_path(str(scripts / Path(__file__).name), run_name='__main__')
