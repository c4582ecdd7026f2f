import pytest
from reduced import FILES

from vsr_plugins.evaluation.protocols import get_protocol
from vsr_plugins.evaluation.scores import Scores
from vsr_plugins.evaluation.tables.method_table import MethodRow, MethodTable, to_markdown, to_text
from vsr_plugins.evaluation.tables.published import identify, method_of, published
from vsr_plugins.evaluation.tables.published_numbers import CONFIGS, NUMBERS


def scores(protocol, psnr=25.0, frames=3):
    mean = {'PSNR': psnr, 'SSIM': 0.75}
    return Scores(protocol=get_protocol(protocol), clips={'walk': mean}, mean=mean, frames={'walk': frames}, groups={})


@pytest.mark.parametrize(
    ('stem', 'method'),
    [
        ('edvrm_1xb4-600k_clips', 'EDVR-M'),
        ('edvrm_8xb4-600k_reds', 'EDVR-M'),
        ('edvrm_wotsa_1xb4-600k_clips', 'EDVR-M without TSA'),
        ('edvrl_wotsa-c128b40_1xb4-600k_clips', 'EDVR-L without TSA'),
        ('basicvsr_1xb4-300k_clips', 'BasicVSR'),
        ('basicvsr-pp_c64n7_1xb4-600k_clips', 'BasicVSR++'),
        ('vespcn_x4_1xb16-300k_clips', 'VESPCN'),
        ('vespcn_motion-x4_1xb16-100k_clips', None),
        ('latent_attn_vid4', 'Latent attention'),
        ('latent_attn_latn10-c48n7_1xb4-300k_clips', 'Latn10_7'),
        ('my_network', None),
    ],
)
def test_configs_are_known_by_their_names(stem, method):
    assert method_of(stem) == method


ESPCN = {'type': 'ESPCNNet', 'in_channels': 1, 'scale': 4}


@pytest.mark.parametrize(
    ('generator', 'names', 'method'),
    [
        (ESPCN, ['espcn_x4_mine'], 'ESPCN'),
        # A name of one's own, and the network of the base.
        (ESPCN, ['mine', 'espcn_x4_1xb16-20k_clips'], 'ESPCN'),
        ({**ESPCN, 'scale': 8}, ['espcn_x4_1xb16-20k_clips'], None),
        ({'type': 'MyNet', 'scale': 4}, ['latent_attn_vid4'], None),
        ({'type': 'MyNet'}, ['mine', 'latent_attn_vid4'], None),
        # Another method's file name.
        (ESPCN, ['tdan_x4_mine'], None),
        (ESPCN, ['tdan_x4_mine', 'espcn_x4_1xb16-20k_clips'], 'ESPCN'),
        # Defaults of the class may be left out.
        ({'type': 'BicubicNet'}, ['bicubic_x4_vid4'], 'Bicubic'),
        (None, ['espcn_x4_1xb16-20k_clips'], None),
    ],
)
def test_a_method_is_known_by_its_network(generator, names, method):
    assert identify(generator, names) == method


def test_most_methods_have_a_config_and_every_pattern_has_numbers_or_a_config():
    methods = {method_of(path.stem) for path in FILES} - {None}
    assert {'Bicubic', 'SRCNN', 'VSRnet', 'VESPCN', 'RobustVSR', 'SPMC F3', 'FRVSR', 'DUF-16L', 'ESRGAN'} <= methods
    assert all(method in NUMBERS or method in methods for method in CONFIGS)


def test_table_4_of_the_latent_attention_paper():
    table = {
        'SRCNN': 24.68,
        'VSRnet': 24.73,
        'VESPCN': 25.34,
        'RobustVSR': 25.24,
        'SPMC F3': 26.02,
        'FRVSR': 26.68,
        'DUF-16L': 26.79,
        'Latent attention': 26.44,
    }
    protocol = get_protocol('latent_attention')
    found = {one.method: one.psnr for one in published(data='Vid4-BIx4') if one.protocol == protocol}
    assert found == table


def test_contradicting_sources_are_all_kept():
    assert [one.psnr for one in published('VSRnet', 'Vid4-BIx4')] == [24.73, 24.81, 22.81]
    (own, reprinted, _) = published('FRVSR', 'Vid4-BDx4')
    assert (own.ssim, reprinted.ssim) == (0.822, 0.8103)
    assert own.looked_up and not reprinted.looked_up and not reprinted.source.endswith('?')


def test_only_numbers_of_the_same_protocol_are_compared():
    row = MethodRow(
        'vespcn_x4',
        method='VESPCN',
        parameters=93992,
        scores=scores('basicvsr', 25.0),
        published=published('VESPCN', 'Vid4-BIx4'),
    )
    table = MethodTable('Vid4-BIx4', get_protocol('basicvsr'), [row])
    assert table.differences(row) == [pytest.approx({'PSNR': -0.35, 'SSIM': -0.0057})]
    text = to_markdown([table])
    assert '| 25.35 / 0.7557 [1] | -0.35 / -0.0057 |' in text
    assert '- VESPCN: 25.34 / –, protocol latent_attention [2]' in text
    assert '93,992' in to_text([table])


def test_rows_of_other_protocols_raise():
    rows = [MethodRow('a', scores=scores('basicvsr')), MethodRow('b', scores=scores('tdan'))]
    with pytest.raises(ValueError, match=r'\bb\b'):
        MethodTable('Vid4-BIx4', get_protocol('basicvsr'), rows)
    rows = [MethodRow('a', scores=scores('basicvsr')), MethodRow('b', scores=scores('basicvsr', frames=4))]
    with pytest.raises(ValueError, match='a and b .* Vid4-BIx4'):
        MethodTable('Vid4-BIx4', get_protocol('basicvsr'), rows)


def test_a_run_of_mim_test_prints_its_row(monkeypatch):
    import torch
    from mmengine.logging import MessageHub
    from torch import nn

    from vsr_plugins.evaluation.metrics import vsr_metric

    lines = []
    monkeypatch.setattr(vsr_metric, 'print_log', lambda text, logger: lines.append(text))
    hub = MessageHub.get_instance('row')
    hub.update_info('experiment_name', 'espcn_x4_1xb16-300k_clips')
    hub.update_info('cfg', f'model = dict(generator={ESPCN!r})')
    metric = vsr_metric.VSRMetric('latent_attention', metrics=['PSNR'], prefix='Vid4-BIx4')
    target = torch.zeros(4, 3, 40, 40)
    model = nn.Module()
    model.generator, model.discriminator = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 5)

    class Loader:
        dataset = [0]

    metric.prepare(model, Loader)
    metric.process(None, [{'key': 'walk', 'output': {'pred_img': target + 1}, 'gt_img': target}])
    metric.evaluate()
    row = next(line for line in lines[-1].splitlines() if 'espcn_x4' in line)
    cells = [cell.strip() for cell in row.strip('│').split('│')]
    # One level of RGB is 219 / 255 levels of Y: 48.13 + 1.32 dB.
    assert cells == ['ESPCN', 'espcn_x4_1xb16-300k_clips', '12', '–', '–', '–', '49.45', '–', '–', '–']
    assert 'ESPCN: 25.06 / 0.7390, protocol not known [1]†' in lines[-1]
