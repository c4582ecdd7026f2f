"""Every dataset config is loaded and yields a batch from a small data set of the same layout."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.config import Config

import vsr_plugins  # noqa: F401  (default_runtime.py does so for whole configs)
from vsr_plugins.datasets.prepare import plan_patches, write_patches

CONFIGS = Path(__file__).parents[2] / 'configs' / '_base_' / 'datasets'

# Shape of the inputs and of the ground truth without the batch, by data set and form.
SHAPES = {
    'vid4_bix4_sequence': ((3, 3, 12, 16), (3, 3, 48, 64)),
    'vid4_bix4_window': ((5, 3, 12, 16), (3, 48, 64)),
    'vid4_bix4_frame': ((3, 12, 16), (3, 48, 64)),
    'vid4_bdx4_sequence': ((3, 3, 12, 16), (3, 3, 48, 64)),
    'vid4_bdx4_window': ((5, 3, 12, 16), (3, 48, 64)),
    'vid4_bdx4_frame': ((3, 12, 16), (3, 48, 64)),
    'spmcs_bix4_sequence': ((3, 3, 12, 16), (3, 3, 48, 64)),
    'spmcs_bix4_window': ((5, 3, 12, 16), (3, 48, 64)),
    'spmcs_bix4_frame': ((3, 12, 16), (3, 48, 64)),
    'set5_bix4_sequence': ((1, 3, 12, 16), (1, 3, 48, 64)),
    'set5_bix4_frame': ((3, 12, 16), (3, 48, 64)),
    'held_out_4_sequence': ((3, 3, 12, 16), (3, 3, 48, 64)),
    'held_out_4_window': ((5, 3, 12, 16), (3, 48, 64)),
    'held_out_4_frame': ((3, 12, 16), (3, 48, 64)),
    'held_out_10_sequence': ((3, 3, 12, 16), (3, 3, 48, 64)),
    'held_out_10_window': ((5, 3, 12, 16), (3, 48, 64)),
    'held_out_10_frame': ((3, 12, 16), (3, 48, 64)),
    'reds_train_sequence': ((15, 3, 64, 64), (15, 3, 256, 256)),
    'reds_train_window': ((5, 3, 64, 64), (3, 256, 256)),
    'reds_train_frame': ((3, 64, 64), (3, 256, 256)),
    'reds4_bix4_sequence': ((4, 3, 72, 80), (4, 3, 288, 320)),
    'reds4_bix4_window': ((5, 3, 72, 80), (3, 288, 320)),
    'reds4_bix4_frame': ((3, 72, 80), (3, 288, 320)),
    'reds4_blur_window': ((5, 3, 288, 320), (3, 288, 320)),
    'vimeo90k_train_sequence': ((14, 3, 64, 64), (14, 3, 256, 256)),
    'vimeo90k_train_window': ((5, 3, 64, 64), (3, 256, 256)),
    'vimeo90k_train_frame': ((3, 64, 64), (3, 256, 256)),
    'vimeo90k_test_sequence': ((14, 3, 64, 112), (3, 256, 448)),
    'vimeo90k_test_window': ((5, 3, 64, 112), (3, 256, 448)),
    'vimeo90k_test_frame': ((3, 64, 112), (3, 256, 448)),
    'clips_train_sequence': ((7, 3, 32, 32), (7, 3, 128, 128)),
    'clips_train_window': ((5, 3, 32, 32), (3, 128, 128)),
    'clips_train_frame': ((3, 32, 32), (3, 128, 128)),
    # Complete frames of 149 x 161, cropped to a multiple of 4.
    'clips_val_sequence': ((4, 3, 37, 40), (4, 3, 148, 160)),
    'clips_val_window': ((5, 3, 37, 40), (3, 148, 160)),
    'clips_val_frame': ((3, 37, 40), (3, 148, 160)),
    'clips_normal_sequence': ((4, 3, 37, 40), (4, 3, 148, 160)),
    # Four key frames after the clip's four.
    'clips_remote_sequence': ((8, 3, 37, 40), (4, 3, 148, 160)),
    'clips_and_photos_train_sequence': ((7, 3, 32, 32), (7, 3, 128, 128)),
    'clips_and_photos_train_window': ((5, 3, 36, 36), (3, 144, 144)),
    'clips_and_photos_train_frame': ((3, 20, 20), (3, 80, 80)),
    'patch_bank_train_sequence': ((7, 3, 32, 32), (7, 3, 128, 128)),
    'patch_bank_train_window': ((5, 3, 24, 24), (3, 96, 96)),
    'patch_bank_train_frame': ((3, 20, 20), (3, 80, 80)),
    'patch_bank_train_half_rate': ((4, 3, 32, 32), (7, 3, 128, 128)),
    'photomotion_train_sequence': ((5, 3, 24, 24), (5, 3, 96, 96)),
    'photomotion_train_window': ((5, 3, 24, 24), (3, 96, 96)),
    'photomotion_train_frame': ((3, 24, 24), (3, 96, 96)),
    'photomotion_val_sequence': ((10, 3, 40, 56), (10, 3, 160, 224)),
    'photomotion_val_window': ((5, 3, 40, 56), (3, 160, 224)),
    'photomotion_val_frame': ((3, 40, 56), (3, 160, 224)),
}
# The four original clips, then ten of other scenes.
HELD_OUT = [
    'davis_dog_0',
    'davis_soapbox_0',
    'davis_soapbox_1',
    'vimeo_00002_0007',
    'davis_kite-surf_0',
    'davis_libby_0',
]
HELD_OUT += ['imageio_cockatoo_0', 'metaex_1_0', 'rerender_antoni_0', 'sam2_blocks_0', 'sam2_dog_0', 'sampt_bees_0']
HELD_OUT += ['vda_tokyo-walk_0', 'vimeo_00001_0001_0']
KEYS = {  # of the first sample of sets that are not drawn at random
    'vid4_bix4_sequence': 'calendar',
    'vid4_bdx4_window': 'calendar/00000000',
    'vid4_bix4_frame': 'calendar/00000000',
    'reds4_bix4_sequence': '000',
    'vimeo90k_test_sequence': '00001/0266',
    'clips_val_window': 'c/00000000',
    'held_out_4_sequence': 'davis_dog_0',
    'held_out_10_frame': 'davis_kite-surf_0/00000000',
    'set5_bix4_sequence': 'baby',
    'photomotion_val_sequence': 'coffee_000',
    'photomotion_val_frame': 'coffee_000/00000000',
}


def write(folder, count, size, name='{:08d}.png', first=0):
    folder.mkdir(parents=True)
    for i in range(count):
        y, x = np.mgrid[: size[0], : size[1]]
        frame = np.stack([x % 196 + 60, y % 256, np.full(size, 40 * i)], axis=2).astype(np.uint8)  # BGR
        assert cv2.imwrite(str(folder / name.format(i + first)), frame)


@pytest.fixture(scope='module')
def small_root(tmp_path_factory):
    """Write the layouts of ``vsr prepare``, with the fewest and smallest frames that the configs take."""
    root = tmp_path_factory.mktemp('data')
    for name, clips in (('Vid4', ('calendar', 'city')), ('SPMCS', ('car05_001',))):
        for clip in clips:
            for folder, size in (('GT', (48, 64)), ('BIx4', (12, 16)), ('BDx4', (12, 16))):
                write(root / name / folder / clip, 3, size)
        lines = '\n'.join(f'{clip} 3 (48,64,3)' for clip in clips)
        (root / name / f'meta_info_{name}_GT.txt').write_text(lines)
    for folder, size in (('GT', (48, 64)), ('BIx4', (12, 16))):
        write(root / 'Set5' / folder / 'baby', 1, size)
        for clip in HELD_OUT:
            write(root / 'clips' / folder / clip, 3, size)
    (root / 'Set5' / 'meta_info_Set5_GT.txt').write_text('baby 1 (48,64,3)')
    for clip in ('000', '001'):
        write(root / 'REDS' / 'train_sharp' / clip, 4, (288, 320))
        write(root / 'REDS' / 'train_sharp_bicubic' / 'X4' / clip, 4, (72, 80))
        write(root / 'REDS' / 'train_blur' / clip, 4, (288, 320))
    for subset, clip in (('train', '001'), ('val', '000')):
        lines = '\n'.join(f'{clip}/{i:08d}.png (288, 320, 3)' for i in range(4))
        (root / 'REDS' / f'meta_info_reds4_{subset}.txt').write_text(lines)
    for folder, size in (('GT', (256, 448)), ('BIx4', (64, 112))):
        write(root / 'vimeo90k' / folder / '00001' / '0266', 7, size, 'im{}.png', first=1)
    for subset in ('train', 'test'):
        (root / 'vimeo90k' / f'meta_info_Vimeo90K_{subset}_GT.txt').write_text('00001/0266 (256, 448, 3)\n')
    for clip in 'ab':
        write(root / 'src' / clip, 4, (160, 164))
    write_patches(plan_patches([root / 'src'], val_fraction=0), [root / 'src'], root)
    for clip in 'abc':
        write(root / 'clips' / 'GT' / clip, 4, (149, 161), '{:08d}.jpg')
    (root / 'clips' / 'meta_info_clips_train.txt').write_text('a 4 (149,161,3)\nb 4 (149,161,3)\n')
    for part in ('val', 'val_normal', 'val_remote'):
        (root / 'clips' / f'meta_info_clips_{part}.txt').write_text('c 4 (149,161,3)\n')
    with (root / 'clips' / 'meta_info_clips_val.txt').open('a') as file:
        file.writelines(f'{clip} 3 (48,64,3)\n' for clip in HELD_OUT)
    return root


@pytest.fixture(scope='module')
def dataloaders(small_root):
    """Return all dataloader configs by name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('VSR_DATA_ROOT', str(small_root))
        patch.delenv('VSR_PHOTOS', raising=False)
        configs = [Config.fromfile(path) for path in sorted(CONFIGS.glob('*.py'))]
    return {
        key.removesuffix('_dataloader'): value
        for config in configs
        for key, value in config.items()
        if key.endswith('_dataloader')
    }


@pytest.fixture(scope='module')
def preprocessor():
    from mmagic.registry import MODELS
    from mmagic.utils import register_all_modules

    register_all_modules()
    return MODELS.build(dict(type='BatchDataPreprocessor', mean=[0.0, 0.0, 0.0], std=[255.0, 255.0, 255.0]))


def first_batch(dataloader):
    from mmengine.runner import Runner

    here = dict(dataloader, num_workers=0, persistent_workers=False)
    return next(iter(Runner.build_dataloader(here, seed=0)))


def test_every_dataloader_is_in_the_table(dataloaders):
    assert set(dataloaders) == set(SHAPES)


@pytest.mark.parametrize('name', SHAPES)
def test_a_batch_through_the_preprocessor(name, dataloaders, preprocessor):
    training = '_train_' in name
    dataloader = dataloaders[name]
    batch = preprocessor(first_batch(dataloader), training=training)
    inputs, sample = batch['inputs'], batch['data_samples']
    n = dataloader.batch_size
    of_bank = name.startswith('patch_bank')
    large = of_bank or name in ('clips_and_photos_train_window', 'clips_and_photos_train_frame')
    assert n == (16 if large else 4 if training else 1)
    assert tuple(inputs.shape) == (n, *SHAPES[name][0])
    assert tuple(sample.gt_img.shape) == (n, *SHAPES[name][1])
    assert inputs.min() >= 0 and 0.1 < inputs.max() <= 1
    assert sample.gt_img.max() > (0.1 if training else 10)
    assert of_bank or len(sample.metainfo['key']) == n
    if name in KEYS:
        assert sample.metainfo['key'] == [KEYS[name]]


def test_channel_order_for_networks_and_metrics(dataloaders, preprocessor):
    """Red is 40 times the frame's number: first for the network (RGB), last for the metric (BGR)."""
    for name in ('vid4_bix4_sequence', 'clips_val_sequence'):
        batch = preprocessor(first_batch(dataloaders[name]), training=False)
        red = batch['inputs'][0, :, 0].mean(dim=(1, 2)) * 255
        np.testing.assert_allclose(red[:3], [0, 40, 80], atol=1)
        gt = batch['data_samples'].gt_img[0, :, 2].float().mean(dim=(1, 2))
        np.testing.assert_allclose(gt[:3], [0, 40, 80], atol=1)


def test_no_two_configs_share_a_name():
    """mmengine rejects two bases with a common key, and a method may combine any."""
    configs = [Config.fromfile(path) for path in CONFIGS.glob('*.py') if '_base_' not in path.read_text()]
    keys = [key for config in configs for key in config]
    assert len(keys) == len(set(keys))
    assert not {'train_dataloader', 'val_dataloader', 'test_dataloader'} & set(keys)


def test_the_groups_of_held_out_clips(dataloaders):
    groups = [dataloaders[f'held_out_{count}_sequence'].dataset.clips for count in (4, 10)]
    assert groups[0] + groups[1] == HELD_OUT and [len(group) for group in groups] == [4, 10]


def test_every_evaluator_can_be_built():
    from vsr_plugins.evaluation.metrics import VSRMetric

    found = {}
    for path in CONFIGS.glob('*.py'):
        for key, value in Config.fromfile(path).items():
            if key.endswith('_evaluator'):
                (metric,) = (VSRMetric(**{k: v for k, v in m.items() if k != 'type'}) for m in value.metrics)
                found[key.removesuffix('_evaluator')] = (metric.protocol.name, metric.protocol.color)
    assert found == {
        'vid4_bix4': ('basicvsr', 'Y'),
        'vid4_bdx4': ('basicvsr', 'Y'),
        'spmcs_bix4': ('spmcs', 'Y'),
        'set5_bix4': ('sisr', 'Y'),
        'held_out_4': ('basicvsr', 'Y'),
        'held_out_10': ('basicvsr', 'Y'),
        'reds4_bix4': ('reds4_rgb', 'RGB'),
        'reds4_blur': ('reds4_rgb', 'RGB'),
        'vimeo90k_test': ('vimeo90k', 'Y'),
        'clips_val': ('basicvsr', 'Y'),
        'clips_normal': ('basicvsr', 'Y'),
        'clips_remote': ('basicvsr', 'Y'),
        'photomotion_val': ('basicvsr', 'Y'),
    }


def test_the_data_root_moves_every_path_and_photographs_have_their_own(monkeypatch):
    monkeypatch.setenv('VSR_DATA_ROOT', '/elsewhere')
    monkeypatch.setenv('VSR_PHOTOS', '/photographs')
    roots = set()
    for path in CONFIGS.glob('*.py'):
        config = Config.fromfile(path)
        loaders = [value for key, value in config.items() if key.endswith('_dataloader')]
        roots |= {loader.dataset.data_root for loader in loaders if 'data_root' in loader.dataset}
    names = {'Vid4', 'SPMCS', 'Set5', 'REDS', 'vimeo90k', 'clips', 'patches'}
    assert roots == {f'/elsewhere/{name}' for name in names} | {'/photographs'}


def test_missing_data_raise_before_anything_is_loaded(monkeypatch, tmp_path):
    from mmagic.utils import register_all_modules
    from mmengine.runner import Runner

    register_all_modules()
    monkeypatch.setenv('VSR_DATA_ROOT', str(tmp_path))
    config = Config.fromfile(CONFIGS / 'reds.py')
    with pytest.raises(FileNotFoundError, match=f'{tmp_path}/REDS.*prepare reds SRC {tmp_path}'):
        Runner.build_dataloader(config.reds_train_sequence_dataloader)


def test_a_method_may_change_sizes(small_root, monkeypatch, tmp_path, preprocessor):
    monkeypatch.setenv('VSR_DATA_ROOT', str(small_root))
    child = tmp_path / 'child.py'
    child.write_text(
        f"_base_ = ['{CONFIGS}/clips.py', '{CONFIGS}/vid4_bix4.py']\n"
        'train_dataloader = _base_.clips_train_sequence_dataloader\n'
        'train_dataloader.update(batch_size=2)\n'
        'train_dataloader.dataset.update(num_input_frames=3)\n'
        'train_dataloader.dataset.pipeline = [\n'
        '    _base_.clips_sample,\n'
        '    _base_.clips_load,\n'
        "    dict(_base_.clips_patch, gt_patch_size=64, kind='BD'),\n"
        '    *_base_.clips_sequence_end,\n'
        ']\n'
    )
    config = Config.fromfile(child)
    batch = preprocessor(first_batch(config.train_dataloader), training=True)
    assert tuple(batch['inputs'].shape) == (2, 3, 3, 16, 16)


@pytest.mark.realdata
def test_vid4_has_its_frames(data_root, monkeypatch):
    from mmagic.utils import register_all_modules
    from mmengine.runner import Runner

    register_all_modules()
    config = Config.fromfile(CONFIGS / 'vid4_bix4.py')
    here = dict(config.vid4_bix4_sequence_dataloader, num_workers=0)
    lengths = {
        sample.metainfo['key']: tuple(batch['inputs'][0].shape)
        for batch in Runner.build_dataloader(here)
        for sample in batch['data_samples']
    }
    assert lengths == {
        'calendar': (41, 3, 144, 180),
        'city': (34, 3, 144, 176),
        'foliage': (49, 3, 120, 180),
        'walk': (47, 3, 120, 180),
    }
