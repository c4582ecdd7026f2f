"""Rows of trainings with different seeds."""

import shutil

import numpy as np
import pytest
import torch
from tables import ESPCN, collect

from vsr_plugins.evaluation.tables.method_table import Sources
from vsr_plugins.inference.load_model import load_model


def test_checkpoints_of_several_seeds_have_a_mean_and_a_spread(write, tmp_path):
    config = write('espcn_x4_test', ESPCN)
    paths = []
    for seed in (1, 2, 3):
        torch.manual_seed(seed)
        paths.append(tmp_path / f'seed{seed}' / 'best.pth')
        paths[-1].parent.mkdir()
        record = {'config': {}, 'seed': min(seed, 2)}
        torch.save({'meta': {}, 'state_dict': load_model(config).state_dict(), 'training_record': record}, paths[-1])
    lines = []
    (table,) = collect([(config, path) for path in paths], tmp_path, seeds=True, report=lines.append)
    *single, mean = table.rows
    assert [row.name for row in single] == [f'espcn_x4_test [seed{seed}/best]' for seed in (1, 2, 3)]
    values = [row.scores.mean['PSNR'] for row in single]
    assert len(set(values)) == 3 and mean.name == 'espcn_x4_test, mean of 3'
    assert mean.scores.mean['PSNR'] == pytest.approx(np.mean(values))
    assert mean.spread['PSNR'] == pytest.approx(np.std(values, ddof=1))
    cells = table.section(Sources()).grids[0].rows[-1]
    assert f'{np.mean(values):.2f} ± {np.std(values, ddof=1):.2f}' in cells
    assert any('[1, 2, 2]' in line for line in lines)
    other = write('espcn_x4_other', ESPCN)
    runs = [(config, paths[0]), (config, paths[1]), (other, paths[0]), (other, paths[1])]
    lines.clear()
    (table,) = collect(runs, tmp_path, seeds=True, report=lines.append)
    assert [row.name for row in table.rows[4:]] == ['espcn_x4_test, mean of 2', 'espcn_x4_other, mean of 2']
    assert not any('independent' in line for line in lines)  # each config has both seeds once
    (without,) = collect([(config, path) for path in paths], tmp_path)
    assert len(without.rows) == 3
    with pytest.raises(ValueError, match='espcn_x4_test'):
        collect([(config, paths[0]), (config, paths[0])], tmp_path)


def test_checkpoints_whose_folders_share_a_name_are_told_apart(write, tmp_path):
    """As ``vsr stages --out`` writes them: the folder of the seed is above that of the config."""
    config = write('espcn_x4_test', ESPCN)
    paths = [tmp_path / f'seed-{seed}' / 'espcn_x4_test' / 'best.pth' for seed in (1, 2)]
    for seed, path in enumerate(paths):
        torch.manual_seed(seed)
        path.parent.mkdir(parents=True)
        torch.save({'meta': {}, 'state_dict': load_model(config).state_dict()}, path)
    (table,) = collect([(config, path) for path in paths], tmp_path)
    assert [row.name for row in table.rows] == [f'espcn_x4_test [seed-{n}/espcn_x4_test/best]' for n in (1, 2)]
    assert len({row.scores.mean['PSNR'] for row in table.rows}) == 2
    shutil.copy(paths[1], other := paths[0].with_suffix('.pt'))
    (table,) = collect([(config, paths[0]), (config, other)], tmp_path)
    assert len({row.name for row in table.rows}) == len({row.scores.mean['PSNR'] for row in table.rows}) == 2
