"""Tables of methods on clips with known scores."""

import json

import cv2
import numpy as np
import pytest
import torch
from tables import ESPCN, collect

from vsr_plugins.apis import benchmark, measuring, methods
from vsr_plugins.checkpoints.weight_files import write_weights
from vsr_plugins.cli import main
from vsr_plugins.engine.config_files import read_config
from vsr_plugins.evaluation.tables.method_table import Sources
from vsr_plugins.inference.cost import measure_apart
from vsr_plugins.inference.load_model import load_model


def test_rows_have_measured_and_published_numbers(write, tmp_path):
    bicubic, espcn = write('bicubic_x4_vid4', "dict(type='BicubicNet')"), write('espcn_x4_test', ESPCN)
    (table,) = collect([(bicubic, None), (espcn, None)], tmp_path)
    assert table.caption.startswith('Vid4-BIx4; basicvsr: Y')
    first, second = table.rows
    assert (first.method, first.parameters, second.method, second.parameters) == ('Bicubic', 0, 'ESPCN', 24752)
    # 23.78 dB and 0.6347 are published for bicubic under this protocol.
    measured = first.scores.mean['PSNR'], first.scores.mean['SSIM']
    assert table.differences(first)[0] == pytest.approx({'PSNR': measured[0] - 23.78, 'SSIM': measured[1] - 0.6347})
    # An untrained network has no score.
    assert second.scores is None and second.remark == 'no weights'
    assert table.clips().rows[0][0] == 'bicubic_x4_vid4'


def test_each_protocol_has_its_own_table(write, tmp_path):
    models = [
        (write('own_a', "dict(type='BicubicNet')"), None),
        (write('own_b', "dict(type='BicubicNet')", 'latent_attention'), None),
    ]
    tables = collect(models, tmp_path, protocols=['tdan'])
    assert [(table.protocol.name, [row.name for row in table.rows]) for table in tables] == [
        ('basicvsr', ['own_a']),
        ('tdan', ['own_a', 'own_b']),
        ('latent_attention', ['own_b']),
    ]


def test_all_are_measured_under_the_protocol_of_a_published_one(write, tmp_path):
    srcnn = read_config('srcnn_x4k915_1xb4-1000k_clips').model.generator.to_dict()
    models = [(write('bicubic_x4_vid4', "dict(type='BicubicNet')"), None), (write('srcnn_x4_test', repr(srcnn)), None)]
    tables = collect(models, tmp_path)
    # SRCNN is published under the protocol of the latent-attention paper, bicubic under the config's own.
    assert [(table.protocol.name, len(table.rows)) for table in tables] == [('basicvsr', 2), ('latent_attention', 2)]
    assert [(line.psnr, line.protocol.name) for line in tables[1].rows[1].published] == [(24.68, 'latent_attention')]


def test_weights_are_named_or_found(write, tmp_path, monkeypatch):
    config = write('espcn_x4_test', ESPCN)
    model = load_model(config)
    best = tmp_path / 'out' / 'espcn_x4_test' / 'best_clips_PSNR_iter_2.pth'
    best.parent.mkdir(parents=True)
    torch.save({'state_dict': model.state_dict()}, best)
    (table,) = collect([(config, None)], tmp_path)
    found = table.rows[0]
    assert found.weights == str(best)
    torch.save({'state_dict': {name: 0 * value for name, value in model.state_dict().items()}}, tmp_path / 'zero.pth')
    (table,) = collect([(config, tmp_path / 'zero.pth')], tmp_path)
    assert table.rows[0].scores.mean != found.scores.mean
    best.unlink()
    monkeypatch.setattr(methods, '_pretrained', lambda method: {'espcn_x4_test': tmp_path / 'zero.pth'}[method.name])
    (pretrained,) = collect([(config, None)], tmp_path)
    assert pretrained.rows[0].scores == table.rows[0].scores


def test_pretrained_weights_are_not_measured_on_other_degradations(write, tmp_path):
    config = write('espcn_x4_test', ESPCN)
    weights = load_model(config).state_dict()
    for name, entry in (('fits', 'espcn'), ('other', 'basicvsr-bd')):
        write_weights(weights, tmp_path / f'{name}.safetensors', {'pretrained': entry})
    remarks = {}
    for name in ('fits', 'other'):
        (table,) = collect([(config, tmp_path / f'{name}.safetensors')], tmp_path)
        remarks[name] = (table.rows[0].scores is None, table.rows[0].remark)
    assert remarks == {
        'fits': (False, ''),
        'other': (True, 'weights were trained for BDx4 mmagic, but the data are BIx4'),
    }


def test_results_are_cached_until_something_changes(write, tmp_path, monkeypatch, root):
    config = write('espcn_x4_test', ESPCN)
    weights = tmp_path / 'weights.pth'
    model = load_model(config)
    torch.save({'state_dict': model.state_dict()}, weights)
    (before,) = collect([(config, weights)], tmp_path)
    runs = []
    measure = measuring.measure
    monkeypatch.setattr(measuring, 'measure', lambda *args: runs.append(args) or measure(*args))
    (again,) = collect([(config, weights)], tmp_path)
    assert not runs and again.rows == before.rows
    # A truncated file is ignored.
    (kept,) = (tmp_path / 'out' / 'table').glob('*.json')
    kept.write_text(kept.read_text()[:40])
    (again,) = collect([(config, weights)], tmp_path)
    assert len(runs) == 1 and again.rows == before.rows
    torch.save({'state_dict': {name: value + 0.01 for name, value in model.state_dict().items()}}, weights)
    (changed,) = collect([(config, weights)], tmp_path)
    assert len(runs) == 2 and changed.rows[0].scores != before.rows[0].scores
    collect([(write('espcn_x4_test', ESPCN.replace(')', ", activation='relu')")), weights)], tmp_path)
    assert len(runs) == 3


def test_more_measures_are_columns_and_cached_scores_are_kept(write, tmp_path, monkeypatch, capsys):
    bicubic, espcn = write('bicubic_x4_vid4', "dict(type='BicubicNet')"), write('espcn_x4_test', ESPCN)
    (before,) = collect([(bicubic, None), (espcn, None)], tmp_path)
    asked = []
    measure = measuring.measure
    monkeypatch.setattr(
        measuring, 'measure', lambda *args: asked.append([metric.metrics for metric in args[2]]) or measure(*args)
    )
    (table,) = collect([(bicubic, None), (espcn, None)], tmp_path, metrics=['TOF', 'Ewarp'])
    assert asked == [[('tOF',), ('Ewarp',)]]
    mean = table.rows[0].scores.mean
    assert list(mean) == ['PSNR', 'SSIM', 'tOF', 'Ewarp', 'Ewarp_GT'] and mean['tOF'] > 0
    assert {name: mean[name] for name in ('PSNR', 'SSIM')} == before.rows[0].scores.mean
    grid, by_clip = table.section(Sources()).grids
    headings, cells = grid.headings, grid.rows
    at = headings.index('tOF')
    assert headings[at - 1 : at + 3] == ['SSIM', 'tOF', 'Ewarp', 'Ewarp_GT']
    assert cells[0][at] == f'{mean["tOF"]:.4f}' and cells[1][at : at + 3] == ['–'] * 3
    assert by_clip.headings[0] == 'PSNR / SSIM / tOF / Ewarp / Ewarp_GT'
    monkeypatch.setattr(measuring, 'measure', None)
    assert main(['table', str(bicubic), '--out', str(tmp_path / 'out'), '--size', 'none', '--metrics', 'tOF']) == 0
    printed = capsys.readouterr().out
    assert f'{mean["tOF"]:.4f}' in printed and 'TecoGAN' in printed and 'Ewarp' not in printed


def test_without_its_backbone_lpips_is_refused_before_anything_is_measured(write, tmp_path, monkeypatch):
    monkeypatch.setenv('VSR_WEIGHTS_ROOT', str(tmp_path))
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    monkeypatch.setattr(measuring, 'measure', None)
    with pytest.raises(FileNotFoundError, match='alexnet-owt'):
        collect([(write('bicubic_x4_vid4', "dict(type='BicubicNet')"), None)], tmp_path, metrics=['LPIPS'])


def test_other_data_in_place_of_the_configs_own(write, tmp_path, monkeypatch):
    bicubic = write('bicubic_x4_vid4', "dict(type='BicubicNet')")
    for clip in ('davis_dog_0', 'davis_soapbox_0', 'davis_soapbox_1', 'vimeo_00002_0007', 'other'):
        for folder, side in (('GT', 48), ('BIx4', 12)):
            (tmp_path / 'clips' / folder / clip).mkdir(parents=True)
            cv2.imwrite(
                str(tmp_path / 'clips' / folder / clip / '0.png'), np.full((side, side, 3), 100 + side, np.uint8)
            )
    names = sorted(path.name for path in (tmp_path / 'clips' / 'GT').iterdir())
    (tmp_path / 'clips' / 'meta_info_clips_val.txt').write_text(''.join(f'{name} 1 (48,48,3)\n' for name in names))
    monkeypatch.setenv('VSR_DATA_ROOT', str(tmp_path))
    old, more = collect([(bicubic, None)], tmp_path, data=['held-out-BIx4'], metrics=['tOF'])
    assert (old.data, more.data, more.rows[0].remark) == ('held-out-4-BIx4', 'held-out-10-BIx4', 'no data')
    assert list(old.rows[0].scores.frames) == [name for name in names if name != 'other']
    # 148 and 112 grey levels: 36 x 219 / 255 on Y, which is never rounded.
    assert old.rows[0].scores.mean['PSNR'] == pytest.approx(20 * np.log10(255 * 255 / 219 / 36), abs=0.01)
    # A single frame has no pair.
    assert 'tOF' not in old.rows[0].scores.mean


def test_models_without_weights_are_trained_on_request(write, tmp_path, monkeypatch):
    """In the given order; models that have weights, or nothing to train, are not trained."""
    names = ('espcn_x4_a', 'espcn_x4_b', 'espcn_x4_named', 'espcn_x4_pretrained')
    first, second, named, pretrained = (write(name, ESPCN) for name in names)
    weights = tmp_path / 'weights.pth'
    torch.save({'state_dict': load_model(first).state_dict()}, weights)
    for path in (first, second, named, pretrained):
        path.write_text(path.read_text() + "train_dataloader = dict(dataset=dict(type='ClipFramesDataset'))\n")
    trained = []

    def train_stages(configs, out, options, report):
        trained.append(([path.stem for path in configs], out, options))
        for path in configs:
            (out / path.stem).mkdir(parents=True)
            (out / path.stem / 'best_clips_PSNR_iter_2.pth').write_bytes(weights.read_bytes())

    monkeypatch.setattr(benchmark, 'train_stages', train_stages)
    monkeypatch.setattr(
        methods, '_pretrained', lambda method: weights if method.name == 'espcn_x4_pretrained' else None
    )
    bicubic = write('bicubic_x4_vid4', "dict(type='BicubicNet')")
    models = [(second, None), (bicubic, None), (named, weights), (first, None), (pretrained, None)]
    (table,) = collect(models, tmp_path, train=True, options={'experiment_name': 'x'})
    assert trained == [(['espcn_x4_b', 'espcn_x4_a'], tmp_path / 'out', {'experiment_name': 'x'})]
    assert [row.scores is not None for row in table.rows] == [True] * 5


def test_errors_name_the_config_or_checkpoint(write, tmp_path):
    config = write('bicubic_x4_vid4', "dict(type='BicubicNet')")
    with pytest.raises(FileNotFoundError, match=r'none\.py'):
        collect([(tmp_path / 'none.py', None)], tmp_path)
    with pytest.raises(ValueError, match='bicubic_x4_vid4'):
        collect([(config, None)] * 2, tmp_path)
    with pytest.raises(FileNotFoundError, match=r'none\.pth'):
        collect([(config, tmp_path / 'none.pth')], tmp_path)
    told = []
    with pytest.raises(ValueError, match="'foo'"):
        collect([(config, None)], tmp_path, protocols=['foo'], report=told.append)
    assert not told
    espcn = write('espcn_x4_test', ESPCN)
    torch.save({'state_dict': load_model(espcn).state_dict()}, tmp_path / 'espcn.pth')
    other = write('fsrcnn_x4_test', "dict(type='FSRCNNNet', in_channels=1, scale=4)")
    with pytest.raises(ValueError, match=r'FSRCNNNet.*generator'):
        collect([(other, tmp_path / 'espcn.pth')], tmp_path)
    (table,) = collect([(write('bicubic_x4_none', "dict(type='BicubicNet')", root=tmp_path / 'none'), None)], tmp_path)
    assert table.rows[0].scores is None and table.rows[0].remark == 'no data'


def test_the_command_prints_and_writes_all_forms(write, tmp_path, capsys):
    config = write('bicubic_x4_vid4', "dict(type='BicubicNet')")
    files = {kind: tmp_path / 'results' / f'table.{kind}' for kind in ('md', 'json', 'png')}
    command = ['table', str(config), '--out', str(tmp_path / 'out'), '--size', '8x12', '--markdown', str(files['md'])]
    assert main([*command, '--json', str(files['json']), '--picture', str(files['png'])]) == 0
    assert 'Bicubic' in capsys.readouterr().out
    (row,) = json.loads(files['json'].read_text())['tables'][0]['rows']
    assert row['cost']['flops'] == 0 and row['cost']['seconds'] > 0 and row['cost']['size'] == [8, 12]
    line = next(line for line in files['md'].read_text().splitlines() if line.startswith('| Bicubic | bicubic_x4_vid4'))
    # Bicubic restores the grey frame exactly.
    assert f' {float(row["mean"]["PSNR"]):.2f} | {row["mean"]["SSIM"]:.4f} | 23.78 / 0.6347 [1] | ' in line
    assert cv2.imread(str(files['png'])).shape[1] > 900
    # Outputs are checked before anything is measured, and never replaced in silence.
    before = files['json'].read_text()
    assert main([*command, '--json', str(files['json'])]) == 2
    assert files['json'].read_text() == before and str(files['md']) in capsys.readouterr().err
    assert main([*command, '--force', '--json', str(files['json'])]) == 0
    assert main([*command, '--force', '--picture', str(tmp_path / 'a.xyz')]) == 2
    assert main([*command, '--force', '--json', str(files['md'])]) == 2
    assert main([*command, '--force', '--json', str(tmp_path)]) == 2
    assert main([*command, '--force', '--size', '8']) == 2


PLUGIN = """
from mmagic.registry import MODELS
from torch import nn


@MODELS.register_module(name={name!r})
class MyNet(nn.Module):
    output, temporal_context = 'all', 0

    def __init__(self, scale=4, fails=False):
        super().__init__()
        self.scale, self.fails = scale, fails
        self.body = nn.Upsample(scale_factor=(1, scale, scale))
        self.has_weights = True

    def forward(self, lqs):
        if self.fails:
            raise RuntimeError('mat1 and mat2 shapes cannot be multiplied')
        return self.body(lqs.transpose(1, 2)).transpose(1, 2)
"""


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """A module beside the config that registers a network under a name of its own."""
    name = f'my_plugin_{tmp_path.name}'
    (tmp_path / f'{name}.py').write_text(PLUGIN.format(name=name))
    monkeypatch.syspath_prepend(str(tmp_path))
    return name


def test_a_network_of_a_users_module_and_one_that_fails(write, tmp_path, plugin, capsys):
    mine, broken = (
        write(name, f'dict(type={plugin!r}, fails={fails})') for name, fails in (('tdan_mine', False), ('broken', True))
    )
    for path in (mine, broken):
        path.write_text(path.read_text().replace("imports=['vsr_plugins']", f"imports=['vsr_plugins', {plugin!r}]"))
    bicubic = write('bicubic_x4_vid4', "dict(type='BicubicNet')")
    lines = []
    models = [(broken, None), (mine, None), (bicubic, None)]
    (table,) = collect(models, tmp_path, report=lines.append)
    first, second, third = table.rows
    assert first.scores is None and first.remark == 'failed: mat1 and mat2 shapes cannot be multiplied'
    assert any('broken' in line and 'mat1' in line for line in lines)
    # A file name does not make it TDAN.
    assert second.scores.mean['PSNR'] > 0 and second.method is None
    assert not second.published and third.published
    command = ['table', str(broken), str(bicubic), '--out', str(tmp_path / 'out'), '--size', 'none']
    assert main(command) == 1 and 'mat1' in capsys.readouterr().out
    with pytest.raises(RuntimeError, match='mat1'):
        collect([(broken, None)], tmp_path)


def test_the_cost_of_a_users_network_is_measured_in_another_process(write, plugin):
    config = read_config(write('mine', f'dict(type={plugin!r})'))
    assert measure_apart(config.model.to_dict(), (3, 3, 8, 12), imports=['vsr_plugins', plugin]).seconds > 0


def test_a_changed_module_of_the_user_is_measured_again(write, tmp_path, plugin, monkeypatch):
    config = write('mine', f'dict(type={plugin!r})')
    config.write_text(config.read_text().replace("imports=['vsr_plugins']", f"imports=['vsr_plugins', {plugin!r}]"))
    collect([(config, None)], tmp_path)
    runs = []
    measure = measuring.measure
    monkeypatch.setattr(measuring, 'measure', lambda *args: runs.append(args) or measure(*args))
    collect([(config, None)], tmp_path)
    (tmp_path / f'{plugin}.py').write_text(PLUGIN.format(name=plugin) + '# changed')
    collect([(config, None)], tmp_path)
    assert len(runs) == 1


def test_a_checkpoint_of_another_network_in_the_folder_of_a_config_is_refused(write, tmp_path):
    config = write('espcn_x4_test', ESPCN)
    best = tmp_path / 'out' / 'espcn_x4_test' / 'best_clips_PSNR_iter_2.pth'
    best.parent.mkdir(parents=True)
    record = {
        'config': {'model': {'generator': {'type': 'ESPCNNet', 'in_channels': 1, 'scale': 4, 'activation': 'relu'}}}
    }
    torch.save({'meta': {}, 'state_dict': load_model(config).state_dict(), 'training_record': record}, best)
    with pytest.raises(ValueError, match=r"espcn_x4_test.*model\.generator\.activation was 'relu', now None"):
        collect([(config, None)], tmp_path)
    # A checkpoint that is named is the user's choice.
    (table,) = collect([(config, best)], tmp_path)
    assert table.rows[0].scores is not None


def test_an_alias_of_a_config_has_its_weights(write, tmp_path, monkeypatch):
    config, alias = write('espcn_x4_stage', ESPCN), tmp_path / 'espcn_x4_alias.py'
    config.write_text(config.read_text() + "train_dataloader = dict(dataset=dict(type='ClipFramesDataset'))\n")
    alias.write_text("_base_ = 'espcn_x4_stage.py'\nexperiment_name = 'espcn_x4_alias'\n")
    (method,) = methods.read_methods([(alias, None)], {})
    out, pretrained = tmp_path / 'out', tmp_path / 'pretrained.safetensors'
    monkeypatch.setattr(methods, '_pretrained', lambda method: pretrained if 'espcn_x4_stage' in method.names else None)
    assert methods.find_weights(method, out) == pretrained
    trained = []
    monkeypatch.setattr(benchmark, 'train_stages', lambda configs, *args, **kwargs: trained.append(configs))
    monkeypatch.setattr(methods, '_pretrained', lambda method: None)
    collect([(alias, None), (config, None)], tmp_path, train=True)
    assert trained == [[config]]
    for name in ('espcn_x4_stage', 'espcn_x4_alias'):
        best = out / name / 'best_clips_PSNR_iter_2.pth'
        best.parent.mkdir(parents=True)
        torch.save({'state_dict': load_model(config).state_dict()}, best)
        assert methods.find_weights(method, out) == best
    collect([(alias, None)], tmp_path, train=True)
    assert trained[1:] == [[alias]]


def test_a_frame_equal_to_its_ground_truth_counts_100_db(write, tmp_path):
    """Bicubic restores frames of one colour exactly."""
    for folder, size in (('BIx4', 12), ('GT', 48)):
        (tmp_path / 'grey' / folder / 'clip').mkdir(parents=True)
        cv2.imwrite(str(tmp_path / 'grey' / folder / 'clip' / '0.png'), np.full((size, size, 3), 77, np.uint8))
    config = write('bicubic_x4_grey', "dict(type='BicubicNet')", protocol='tdan', root=tmp_path / 'grey')
    config.write_text(config.read_text().replace('Vid4-BIx4', 'grey'))
    (table,) = collect([(config, None)], tmp_path)
    assert table.rows[0].scores.mean['PSNR'] == table.rows[0].scores.clips['clip']['PSNR'] == 100


def test_a_self_ensemble_is_a_row_of_its_own(write, tmp_path):
    """Means over flips and rotations leave bicubic as it is, and change a network of random weights."""
    bicubic, espcn = write('bicubic_x4_vid4', "dict(type='BicubicNet')"), write('espcn_x4_test', ESPCN)
    torch.manual_seed(0)
    weights = tmp_path / 'random.pth'
    write_weights(load_model(read_config(espcn)).state_dict(), weights)
    models = [(bicubic, None), (espcn, weights)]
    singles = collect(models, tmp_path)[0].rows
    rows = collect(models, tmp_path, ensemble='x8')[0].rows
    assert [row.name for row in rows] == ['bicubic_x4_vid4 x8', 'espcn_x4_test x8']
    assert rows[0].scores.mean['PSNR'] == pytest.approx(singles[0].scores.mean['PSNR'], abs=1e-5)
    assert abs(rows[1].scores.mean['PSNR'] - singles[1].scores.mean['PSNR']) > 1e-4
    # Published numbers are those of single networks.
    assert rows[0].published == ()
    with pytest.raises(ValueError, match="'x9'"):
        collect(models, tmp_path, ensemble='x9')
