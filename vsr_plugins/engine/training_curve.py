"""The curve of a training: losses, learning rates and validations by iteration, over all its runs."""

import json
from pathlib import Path
from typing import Any


def read_curve(work_dir: Path) -> list[dict[str, Any]]:
    """Return what the runs of a training logged, in order; of iterations that were trained twice, the last run.

    Each start of a training, resumed or not, writes a file of its own.

    Args:
        work_dir: The work directory.
    """
    curve: list[dict[str, Any]] = []
    for path in sorted(work_dir.glob('*/vis_data/scalars.json')):
        lines = path.read_text(encoding='utf-8').splitlines()
        records = [json.loads(line) for line in lines if line.endswith('}')]
        if records:
            curve = [record for record in curve if record['step'] < records[0]['step']] + records
    return curve


def write_curve(curve: list[dict[str, Any]], path: Path) -> None:
    """Write a curve, a line of JSON a record."""
    path.write_text(''.join(json.dumps(record) + '\n' for record in curve), encoding='utf-8')
