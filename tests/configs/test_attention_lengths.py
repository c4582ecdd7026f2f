"""The sweep of figure 6 of the latent-attention paper."""

from pathlib import Path
from runpy import run_path

import pytest
from reduced import write_data

SCRIPT = run_path(str(Path(__file__).parents[2] / 'benchmarks' / 'attention_lengths.py'))


@pytest.mark.parametrize(
    ('long', 'short', 'expected'),
    [
        ({3: 1.0, 5: 2.0, 7: 3.0}, {3: 2.0, 5: 2.5, 7: 3.0}, 7),
        ({3: 3.0, 5: 3.0}, {3: 2.0, 5: 2.0}, 3),
        ({3: 3.0, 5: 1.0}, {3: 2.0, 5: 2.0}, None),
    ],
)
def test_the_crossing_is_where_long_range_is_ahead_from(long, short, expected):
    assert SCRIPT['crossing']({'long': long, 'short': short}) == expected


@pytest.mark.slow
def test_lengths_are_trained_measured_and_drawn(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv('VSR_DATA_ROOT', str(write_data(tmp_path / 'data')))
    monkeypatch.chdir(tmp_path)
    options = [
        'train_cfg.max_iters=1', 'train_cfg.val_interval=1', 'default_hooks.checkpoint.interval=1',
        'model.generator.mid_channels=4', 'train_dataloader.num_workers=0',
        'train_dataloader.persistent_workers=False', 'train_dataloader.batch_size=1',
    ]  # fmt: skip
    SCRIPT['main'](['--lengths', '3', '4', '--out', 'out', '--picture', 'lengths.png', '--cfg-options', *options])
    printed = capsys.readouterr().out
    assert (tmp_path / 'lengths.png').stat().st_size > 5000
    assert {'latent_attn_long-n3', 'latent_attn_short-n4'} <= {path.name for path in (tmp_path / 'out').iterdir()}
    rows = [line.split() for line in printed.splitlines() if line[:1] in '34']
    assert len(rows) == 4 and all(0 < float(value) < 60 for row in rows for value in row[1:])
