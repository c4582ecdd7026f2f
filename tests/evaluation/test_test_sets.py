"""Test sets of configs, in each of mmengine's forms."""

import pytest
import torch
from mmengine.config import Config

from vsr_plugins.checkpoints.weight_files import write_weights
from vsr_plugins.datasets.prepare.manifest import Manifest
from vsr_plugins.engine.config_files import read_config
from vsr_plugins.evaluation.test_sets import find_test_sets, input_made_as, named_sets, weights_mismatch
from vsr_plugins.pretrained import entry_of, find_pretrained

LOADER = dict(dataset=dict(type='ClipFramesDataset', pipeline=[dict(type='DegradeFrames', kind='BD', scale=4)]))
ONE, OTHER = (dict(type='VSRMetric', protocol=name, prefix='clips') for name in ('basicvsr', 'duf'))


@pytest.mark.parametrize(
    ('loader', 'evaluator'),
    [
        (LOADER, [ONE, OTHER]),
        (LOADER, dict(type='Evaluator', metrics=[ONE, OTHER])),
        ([LOADER], [dict(type='Evaluator', metrics=[ONE, dict(type='PSNR'), OTHER])]),
        ([LOADER, LOADER], [ONE, OTHER]),
    ],
)
def test_every_form_of_an_evaluator(loader, evaluator):
    sets = find_test_sets(Config(dict(test_dataloader=loader, test_evaluator=evaluator)))
    assert [(one.data, one.degradation, one.protocol.name) for one in sets] == [
        ('clips', 'BDx4', 'basicvsr'),
        ('clips', 'BDx4', 'duf'),
    ]


def test_more_protocols_for_some_data():
    config = Config(dict(test_dataloader=LOADER, test_evaluator=ONE))
    sets = find_test_sets(config, ['tdan'], {'clips': ['duf', 'zooming_slow_mo'], 'other': ['vimeo90k']})
    assert [one.protocol.name for one in sets] == ['basicvsr', 'tdan', 'duf']


@pytest.mark.parametrize(
    ('config', 'message'),
    [
        ({}, 'test_dataloader and test_evaluator'),
        ({'test_dataloader': LOADER, 'test_evaluator': dict(type='PSNR')}, 'VSRMetric'),
        ({'test_dataloader': [LOADER], 'test_evaluator': [ONE, OTHER]}, '1 test sets, but 2'),
    ],
)
def test_a_config_without_test_sets_raises(config, message):
    with pytest.raises(ValueError, match=message):
        find_test_sets(Config(config))


HELD_OUT = [('held-out-4-BIx4', 4), ('held-out-10-BIx4', 10)]


@pytest.mark.parametrize(
    ('name', 'kept'),
    [
        ('bicubic/bicubic_x4_vid4.py', dict(samples=None, num_input_frames=None)),
        ('srcnn/srcnn_x4k915_1xb4-1000k_clips.py', dict(samples='frames', num_input_frames=None)),
        ('edvr/edvrm_1xb4-600k_clips.py', dict(samples='frames', num_input_frames=5, num_output_frames=1)),
        ('two_stage/two-stage_bicubic-blend_vid4.py', dict(samples=None)),
    ],
)
def test_other_data_for_a_network_of_any_kind(name, kept, monkeypatch):
    """The input of the network stays as in its config; paths and metrics are those of the other set."""
    monkeypatch.setenv('VSR_DATA_ROOT', '/data')
    config = read_config(name)
    own = config.test_dataloader
    own = (own[0] if isinstance(own, list) else own).dataset
    sets = find_test_sets(config, data=named_sets(['held-out-BIx4', 'Vid4-BIx4']))
    space_time = 'two_stage' in name
    assert [(one.data, one.degradation, one.remark) for one in sets] == [
        *((title, 'BIx4', '') for title, _ in HELD_OUT),
        ('Vid4-BIx4', 'BIx4', ''),
    ]
    for one, folder, clips in zip(sets, ('clips', 'clips', 'Vid4'), (4, 10, None), strict=True):
        dataset = one.dataloader['dataset']
        assert one.protocol.name == ('zooming_slow_mo' if space_time else 'basicvsr')
        assert dataset['data_root'] == f'/data/{folder}' and dataset['data_prefix'] == dict(img='BIx4', gt='GT')
        assert len(dataset.get('clips') or []) == (clips or 0)
        assert dataset['pipeline'] == own.pipeline and {key: dataset.get(key) for key in kept} == kept


def test_a_network_for_other_data_is_not_measured(monkeypatch):
    config = read_config('duf/duf16_x4_1xb16-300k_clips-bd.py')
    sets = find_test_sets(config, data=named_sets(['Vid4-BDx4', 'held-out-BIx4']))
    assert [(one.data, one.remark) for one in sets] == [
        ('Vid4-BDx4', ''),
        *((title, 'the network is for BDx4') for title, _ in HELD_OUT),
    ]


def test_impossible_other_data_raise():
    with pytest.raises(ValueError, match="'Vid5'.* Vid4-BIx4, "):
        named_sets(['Vid4-BIx4', 'Vid5'])
    loader = dict(dataset=dict(type='PhotoMotionDataset', pipeline=[]))
    with pytest.raises(ValueError, match='PhotoMotionDataset'):
        find_test_sets(Config(dict(test_dataloader=loader, test_evaluator=ONE)), data=named_sets(['Vid4-BIx4']))


def test_more_measures_are_not_repeated_for_published_protocols():
    config = Config(dict(test_dataloader=LOADER, test_evaluator=ONE))
    sets = find_test_sets(config, ['tdan', 'vimeo90k'], {'clips': ['duf']}, more=['LPIPS', 'tOF'])
    assert [(one.protocol.name, one.more) for one in sets] == [
        ('basicvsr', ('LPIPS', 'tOF')),
        ('tdan', ('LPIPS', 'tOF')),
        ('vimeo90k', ('LPIPS',)),
        ('duf', ()),
    ]


def prepared(folder, **recipes):
    """Return a dataloader on the folder BDx4 of a prepared data set."""
    manifest = Manifest(folder)
    for clip, recipe in recipes.items():
        manifest.begin(clip, {'GT': 'abc .png', 'BDx4': recipe}, {})
    return dict(dataset=dict(type='ClipFramesDataset', data_root=str(folder), data_prefix=dict(img='BDx4', gt='GT')))


def made_while_loading(**options):
    return dict(dataset=dict(type='ClipFramesDataset', pipeline=[dict(type='DegradeFrames', **options)]))


def test_how_low_resolution_was_made_with_its_grid(tmp_path):
    assert input_made_as(made_while_loading()) == 'BIx4'
    assert input_made_as(made_while_loading(kind='BD', scale=3)) == 'BDx3 duf'
    assert input_made_as(made_while_loading(kind='BD', bd='mmagic')) == 'BDx4 mmagic'
    assert input_made_as(prepared(tmp_path / 'a', walk='1 blur duf', city='2 blur duf')) == 'BDx4 duf'
    assert input_made_as(prepared(tmp_path / 'b', walk='1 blur mmagic')) == 'BDx4 mmagic'
    # Both grids, or a folder prepared by other software.
    assert input_made_as(prepared(tmp_path / 'c', walk='1 blur duf', city='2 blur mmagic')) == 'BDx4'
    assert input_made_as(dict(dataset=dict(data_root='d', data_prefix=dict(img='BDx4')))) == 'BDx4'
    assert input_made_as(dict(dataset=dict(data_prefix=dict(img='lq'))), 'Vid4-BIx4') == 'BIx4'
    assert input_made_as(dict(dataset=dict(data_prefix=dict(img='lq')))) == ''


def test_weights_fit_one_grid(tmp_path):
    blurred, bicubic = find_pretrained('basicvsr-bd'), find_pretrained('basicvsr')
    duf, mmagic = prepared(tmp_path / 'a', walk='1 blur duf'), prepared(tmp_path / 'b', walk='1 blur mmagic')
    assert all(grid in weights_mismatch(blurred, duf) for grid in ('BDx4 mmagic', 'BDx4 duf'))
    assert 'BDx4 mmagic' in weights_mismatch(bicubic, mmagic) and 'BIx4' in weights_mismatch(bicubic, mmagic)
    assert weights_mismatch(blurred, mmagic) == weights_mismatch(bicubic, made_while_loading()) == ''
    # An unknown grid, and weights for any degradation.
    assert weights_mismatch(blurred, dict(dataset=dict(data_prefix=dict(img='BDx4')))) == ''
    assert weights_mismatch(find_pretrained('bicubic'), duf) == ''


def test_a_converted_file_records_its_source(tmp_path):
    write_weights({'a': torch.zeros(1)}, tmp_path / 'noted.safetensors', {'pretrained': 'basicvsr-bd'})
    write_weights({'a': torch.zeros(1)}, tmp_path / 'plain.safetensors')
    (tmp_path / 'broken.safetensors').write_bytes(b'no weights')
    assert entry_of(tmp_path / 'noted.safetensors').name == entry_of('pretrained:basicvsr-bd').name == 'basicvsr-bd'
    assert entry_of(tmp_path / 'plain.safetensors') is entry_of(tmp_path / 'broken.safetensors') is None
    assert entry_of(tmp_path / 'nothing.safetensors') is None
