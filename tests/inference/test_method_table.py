"""Models side by side on a clip whose scores are known."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / 'configs'))
from reduced import CONFIGS, write_data  # noqa: E402

import vsr_plugins  # noqa: E402, F401
from vsr_plugins.cli import main  # noqa: E402
from vsr_plugins.inference.method_table import measure_models  # noqa: E402

BLEND_FIRST, BLEND_LAST = (
    CONFIGS / 'two_stage' / f'two-stage_{order}_vid4.py' for order in ('blend-bicubic', 'bicubic-blend')
)


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    return write_data(tmp_path_factory.mktemp('data'))


def test_one_table_of_several_models(data, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv('VSR_DATA_ROOT', str(data))
    table = tmp_path / 'table.md'
    assert main(['table', str(BLEND_FIRST), str(BLEND_LAST), '--markdown', str(table)]) == 0
    lines = table.read_text().splitlines()
    assert lines[0].count('PSNR') == 2 and 'two-stage_bicubic-blend_vid4 PSNR' in lines[0]
    rows = {line.split('|')[1].strip(): [float(value) for value in line.split('|')[3:-1]] for line in lines[2:6]}
    assert list(rows) == ['walk', 'input frames', 'interpolated frames', 'mean']
    for psnr, ssim, other_psnr, other_ssim in rows.values():
        # Both are linear: their order changes what rounding leaves.
        assert psnr == pytest.approx(other_psnr, abs=0.02) and ssim == pytest.approx(other_ssim, abs=1e-3)
    assert rows['input frames'][0] > rows['interpolated frames'][0] + 1
    assert 'every second frame given' in lines[-1]
    assert 'walk' in capsys.readouterr().out


def test_what_cannot_be_compared_is_named(data, monkeypatch, tmp_path):
    monkeypatch.setenv('VSR_DATA_ROOT', str(data))
    with pytest.raises(FileNotFoundError, match=r'no config at .*none\.py'):
        measure_models([(tmp_path / 'none.py', None)])
    with pytest.raises(ValueError, match='two of the configs are called two-stage_blend-bicubic_vid4'):
        measure_models([(BLEND_FIRST, None)] * 2)
    with pytest.raises(ValueError, match='measured differently'):
        measure_models([(BLEND_FIRST, None), (CONFIGS / 'bicubic' / 'bicubic_x4_vid4.py', None)])
