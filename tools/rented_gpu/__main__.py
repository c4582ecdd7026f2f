"""``python tools/rented_gpu --out OUT``: see ``command.py``, or ``docs/rented_gpu.md``."""

import sys
from pathlib import Path

# The folder itself stands first in the path, with modules whose names others may have.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from rented_gpu.command import main  # noqa: E402

if __name__ == '__main__':
    sys.exit(main())
