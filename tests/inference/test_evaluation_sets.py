"""What a config says of its test sets, in each of the forms mmengine knows."""

import pytest
from mmengine.config import Config

from vsr_plugins.inference.evaluation_sets import evaluation_sets

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
    sets = evaluation_sets(Config(dict(test_dataloader=loader, test_evaluator=evaluator)))
    assert [(one.data, one.degradation, one.protocol.name) for one in sets] == [
        ('clips', 'BDx4', 'basicvsr'),
        ('clips', 'BDx4', 'duf'),
    ]


def test_more_protocols_for_some_data():
    config = Config(dict(test_dataloader=LOADER, test_evaluator=ONE))
    sets = evaluation_sets(config, ['tdan'], {'clips': ['duf', 'zooming_slow_mo'], 'other': ['vimeo90k']})
    assert [one.protocol.name for one in sets] == ['basicvsr', 'tdan', 'duf']


@pytest.mark.parametrize(
    ('config', 'message'),
    [
        ({}, 'has no test set: test_dataloader and test_evaluator'),
        ({'test_dataloader': LOADER, 'test_evaluator': dict(type='PSNR')}, 'no test set that VSRMetric measures'),
        ({'test_dataloader': [LOADER], 'test_evaluator': [ONE, OTHER]}, '1 test sets, but not as many evaluators'),
    ],
)
def test_a_config_that_measures_nothing_is_named(config, message):
    with pytest.raises(ValueError, match=message):
        evaluation_sets(Config(config))
