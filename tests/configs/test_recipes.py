"""Configs against recipes: what bears a name is trained as upstream or the paper did, or its label says how not."""

import math
import re
from functools import cache

import pytest
from mmengine.config import Config
from reduced import CONFIGS, FILES, as_list, leaves

from vsr_plugins.evaluation.tables.departures import departures, departures_by_name
from vsr_plugins.evaluation.tables.published import method_of
from vsr_plugins.evaluation.tables.published_numbers import NUMBERS

# Configs that inherit from upstream's, directly or not.
OF_UPSTREAM = ('srcnn', 'srgan_resnet', 'esrgan', 'edvr', 'tdan', 'basicvsr', 'iconvsr', 'basicvsr_pp')
# What differs from upstream's recipe, by config. `rate` is that of upstream's batch.
EDVR = {'loss': {'type': 'CharbonnierLoss', 'eps': 1e-6}, 'rate': 4e-4, 'batch': 32}
DIFFERENCES = {
    'edvrl_stage2_1xb4-600k_clips': EDVR | {'crop': 256},
    # At full size in and out.
    'edvrm_predeblur_8xb4-600k_reds-blur': EDVR | {'crop': 256},
    'edvrm_p32_1xb4-600k_clips': EDVR | {'crop': 32},
    'edvrm_wotsa_p32_1xb4-600k_clips': EDVR | {'crop': 32},
    'basicvsr_f7_1xb4-300k_clips': {'frames': 7},
    'basicvsr_c32b10_1xb8-10k_patches': {'frames': 7, 'rate': 4e-4},
    'iconvsr_f7_1xb4-300k_clips': {'frames': 7},
    'basicvsr-pp_c64n7-f7_1xb4-600k_clips': {'frames': 7},
    # On Y, as VSRnet's first weights are.
    'srcnn_x4k955_1xb4-1000k_clips': {'loss': {'type': 'LumaLoss', 'loss': {'type': 'L1Loss'}}},
    # ESRGAN's training of images on a network for video.
    'video-esrgan_llsll-c64_1xb2-400k_clips': {'frames': 7},
    **{
        path.stem: EDVR
        for path in FILES
        if path.parent.name == 'edvr' and not re.search('_p32_|_stage2_|reds-blur', path.stem)
    },
}


@cache
def load(path):
    """Load a config once for all tests; nothing changes it."""
    return Config.fromfile(path)


@pytest.fixture(autouse=True, scope='module')
def data_root(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('VSR_DATA_ROOT', str(tmp_path_factory.mktemp('data')))
        yield


@cache
def parent_of(path):
    """Return upstream's config that a config inherits from, at any depth, and None if there is none."""
    for base in Config._get_base_files(str(path)):
        if base.startswith('mmagic::'):
            return load(Config._get_cfg_path(base, str(path))[0]), base
        found = parent_of(path.parent / base)
        if found:
            return found
    return None


def crop_of(config):
    (dataset,) = leaves(config.train_dataloader.dataset)
    steps = [*dataset.get('pipeline', ()), dataset]
    size = next(step['gt_patch_size'] for step in steps if step.get('gt_patch_size'))
    scales = [step.get('scale') or (step.get('dictionary') or {}).get('scale') for step in steps]
    return size // next((scale for scale in scales if scale), 4)


def frames_of(config):
    (dataset,) = leaves(config.train_dataloader.dataset)
    names = dataset.get('load_frames_list')
    return len(names['img']) if names else dataset.get('num_input_frames') or 1


def loss_of(config):
    """Return the loss with the defaults of its arguments."""
    defaults = {'loss_weight': 1.0, 'reduction': 'mean'}
    if config.model.pixel_loss.type == 'CharbonnierLoss':
        defaults['eps'] = 1e-12
    return defaults | dict(config.model.pixel_loss)


def rate_of(config):
    wrapper = config.optim_wrapper
    return wrapper.get('optimizer', wrapper.get('generator', {}).get('optimizer')).lr


def batch_of(config, name):
    return int(re.search(r'_(\d+)xb\d', name)[1]) * config.train_dataloader.batch_size


@pytest.mark.parametrize(
    'path',
    [path for path in FILES if path.parent.name in OF_UPSTREAM and 'xb' in path.stem],
    ids=lambda path: path.stem,
)
def test_a_training_is_that_of_the_config_it_inherits_from(path):
    parent, name = parent_of(path)
    config, differences = load(path), DIFFERENCES.get(path.stem, {})
    crop, frames = differences.get('crop', crop_of(parent)), differences.get('frames', frames_of(parent))
    if path.stem.endswith('vimeo90k'):
        frames = min(frames, 7)
    assert (crop_of(config), frames_of(config)) == (crop, frames)
    expected = loss_of(parent) | differences.get('loss', {})
    assert loss_of(config) == expected
    # Adam's rate follows the square root of the batch.
    batch = differences.get('batch', batch_of(parent, name))
    rate = differences.get('rate', rate_of(parent)) * math.sqrt(batch_of(config, path.stem) / batch)
    assert rate_of(config) == pytest.approx(rate, rel=1e-6)
    for key in ('betas', 'type'):
        wrappers = [c.optim_wrapper.get('optimizer', c.optim_wrapper.get('generator', {}).get('optimizer'))
                    for c in (config, parent)]  # fmt: skip
        assert wrappers[0].get(key) == wrappers[1].get(key)


# Facts of the papers, typed from them: crop, frames, batch, rate, epsilon inside the root; and no paper has a skip.
FACTS = {
    'EDVR': dict(crop=64, frames={5}, batch=32, rate=4e-4, eps=1e-6),
    'BasicVSR': dict(crop=64, frames={15, 7}, batch=8, rate=2e-4),
    'IconVSR': dict(crop=64, frames={15, 7}, batch=8, rate=2e-4),
    'BasicVSR++': dict(crop=64, frames={30, 7}, batch=8, rate=1e-4),
    'RobustVSR': dict(crop=36, frames={5}, batch=64, rate=1e-4),
    'Latent attention': dict(frames={7}, rate=1e-4),
    'Zooming Slow-Mo': dict(crop=32, frames={7, 4}, batch=16, rate=4e-4, eps=1e-6),
}


@pytest.mark.parametrize(
    'path', [path for path in FILES if method_of(path.stem) in NUMBERS], ids=lambda path: path.stem
)
def test_what_departs_from_its_paper_says_so_in_its_label(path):
    method = method_of(path.stem)
    config = load(path)
    label = ', '.join(departures(config, method, path.stem))
    assert ('bicubic skip' in label) == ("'global_residual': True" in str(config.model.to_dict()))
    facts = FACTS.get(method) or next((FACTS[name] for name in ('EDVR',) if method.startswith(name)), None)
    if facts is None or 'two stages' in method or not config.get('train_dataloader'):
        return
    samples = list(leaves(config.train_dataloader.dataset))
    if len(samples) == 1:
        if 'crop' in facts:
            assert ('crops of' in label) == (crop_of(config) != facts['crop'])
        is_whole = path.stem.endswith('vimeo90k') or facts['frames'] != {15, 7} and facts['frames'] != {30, 7}
        frames = facts['frames'] if is_whole else facts['frames'] - {7}
        assert bool(re.search(r'\b\d+ frames', label)) == (frames_of(config) not in frames)
    batch = batch_of(config, path.stem) if 'xb' in path.stem else config.train_dataloader.batch_size
    if 'batch' in facts:
        assert (f'batches of {batch}' in label) == (batch != facts['batch'])
    expected = facts['rate'] * math.sqrt(batch / facts.get('batch', batch))
    assert ('rate' in label) == (not math.isclose(rate_of(config), expected, rel_tol=0.01))
    if 'eps' in facts:
        assert ('loss' in label) == (loss_of(config).get('eps') != facts['eps'])
    is_theirs = bool(re.search('_(reds|vimeo90k)$', path.stem))
    assert ('other data' in label) == (not is_theirs)


@pytest.mark.parametrize(
    ('stem', 'label'),
    [
        ('edvrm_8xb4-600k_reds', ()),
        ('basicvsr_2xb4-300k_vimeo90k', ()),
        ('zooming-slow-mo_c64b5-40_4xb4-600k_vimeo90k', ()),
        ('latent_attn_llsll-c64_1xb4-300k_clips', ('other data',)),
        ('latent_attn_llsll-c64_1xb16-20k_clips', ('bicubic skip', 'rate 0.0005', 'other data')),
        ('robust_vsr_paper-final_1xb64-5000k_clips', ('Adam for SGD', 'other data')),
        (
            'robust_vsr_final-stn_1xb8-2k_clips',
            ('bicubic skip', 'batches of 8', 'Adam for SGD', 'rate 0.0005', '2,000 iterations', 'other data'),
        ),
        ('srcnn_x4k915_1xb4-1000k_clips', ('RGB', 'other data')),
    ],
)
def test_labels(stem, label):
    assert departures_by_name(stem, method_of(stem)) == label


@pytest.mark.parametrize(
    ('change', 'word'),
    [
        ({'model.generator.mid_channels': 32}, 'width 32'),
        ({'model.generator.num_blocks_reconstruction': 5}, '5 blocks of reconstruction'),
        ({'model.generator.with_tsa': False}, 'without tsa'),
        ({'model.pixel_loss.eps': 1e-12}, 'other loss'),
        ({'model.pixel_loss.type': 'L1Loss'}, 'loss L1Loss'),
        ({'train_dataloader.dataset.num_input_frames': 3}, '3 frames'),
        ({'train_dataloader.batch_size': 2}, 'batches of 16'),
        ({'optim_wrapper.optimizer.lr': 2e-4}, 'rate 0.0002'),
        ({'train_cfg.max_iters': 1000}, '1,000 iterations'),
        ({'train_cfg.max_minutes': 10}, '10 minutes'),
        ({'train_dataloader.dataset.data_root': 'data/mine'}, 'other data'),
        ({'train_dataloader.dataset.pipeline.3.gt_patch_size': 128}, 'crops of 32'),
    ],
)
def test_a_change_of_a_setting_is_in_the_label(change, word):
    config = Config.fromfile(CONFIGS / 'edvr' / 'edvrm_8xb4-600k_reds.py')
    assert departures(config, 'EDVR-M', 'edvrm_8xb4-600k_reds') == ()
    config.merge_from_dict(change)
    assert word in departures(config, 'EDVR-M', 'edvrm_8xb4-600k_reds')
    # With weights from elsewhere only the network counts.
    in_network = next(iter(change)).startswith('model.generator')
    assert (word in departures(config, 'EDVR-M', 'edvrm_8xb4-600k_reds', training=False)) == in_network


def test_the_papers_of_reds_and_vimeo_have_configs_that_depart_in_nothing():
    """Their rows for REDS4 and Vimeo-90K-T meet a config that is tested on them."""
    tested = {}
    for path in FILES:
        method = method_of(path.stem)
        if method in NUMBERS and not departures(load(path), method, path.stem):
            for evaluator in as_list(load(path).test_evaluator):
                tested.setdefault(method, set()).add(evaluator.metrics[0].get('prefix'))
    for method in ('EDVR-M', 'EDVR-L', 'BasicVSR', 'IconVSR', 'BasicVSR++'):
        assert {'REDS4-BIx4', 'Vimeo-90K-T-BIx4'} <= tested[method], method
