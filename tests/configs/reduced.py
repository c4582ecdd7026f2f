"""Reduce configs to a size that tests can train: narrow networks, few iterations, few small frames."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from mmengine.config import Config, ConfigDict

from vsr_plugins.datasets.prepare import BankSpec, plan_patches, write_patches
from vsr_plugins.degradation import bicubic_downsample, blur_downsample

CONFIGS = Path(__file__).parents[2] / 'configs'
FILES = sorted(path for path in CONFIGS.rglob('*.py') if '_base_' not in path.parts)
NAMES = [path.relative_to(CONFIGS).as_posix() for path in FILES]

# Arguments that make a network fast. Networks not listed here are tested at their own width.
NARROW = {
    'SRCNNNet': {'channels': (3, 4, 4, 3)},
    'MSRResNet': {'mid_channels': 4, 'num_blocks': 1},
    'RRDBNet': {'mid_channels': 4, 'num_blocks': 1, 'growth_channels': 2},
    'EDVRNet': {'mid_channels': 8, 'num_blocks_extraction': 1, 'num_blocks_reconstruction': 1},
    'TDANNet': {'mid_channels': 8, 'num_blocks_before_align': 1, 'num_blocks_after_align': 1},
    'BasicVSRNet': {'mid_channels': 4, 'num_blocks': 1},
    'IconVSRNet': {'mid_channels': 64, 'num_blocks': 1},
    'RealBasicVSRNet': {'mid_channels': 4, 'num_propagation_blocks': 1, 'num_cleaning_blocks': 1},
    'BasicVSRPlusPlusNet': {'mid_channels': 8, 'num_blocks': 1},
    'ModifiedVGG': {'mid_channels': 4},
    'ZoomingSlowMoNet': {
        'mid_channels': 8,
        'deform_groups': 2,
        'num_blocks_extraction': 1,
        'num_blocks_reconstruction': 1,
    },
    'DUFNet': {'num_layers': 16},
    'VESPCNNet': {'mid_channels': 4, 'num_layers': 3},
    'SPMCNet': {'mid_channels': 4},
    'FRVSRNet': {'mid_channels': 4, 'num_blocks': 1},
    'EDVRAblatedNet': {'mid_channels': 8, 'num_blocks_extraction': 1, 'num_blocks_reconstruction': 1},
    'EDVRStage2Net': {'mid_channels': 8, 'num_blocks_extraction': 1, 'num_blocks_reconstruction': 1},
    'CAINNet': {'num_block_groups': 1, 'num_block_layers': 1},
    'FLAVRNet': {'mid_channels_list': [32, 16, 8, 4], 'encoder_layers_list': [1, 1, 1, 1]},
    'LatentAttentionNet': {'mid_channels': 4, 'num_layers': 5},
}


def write_clip(folder, frames, size, seed):
    """Write a clip of smooth moving texture, (h, w) = size."""
    folder.mkdir(parents=True)
    texture = np.random.default_rng(seed).random((size[0] + frames, size[1] + frames, 3))
    texture = cv2.GaussianBlur(texture, (0, 0), 2)
    texture = (255 * (texture - texture.min()) / np.ptp(texture)).astype(np.uint8)
    for number in range(frames):
        frame = texture[number : number + size[0], number : number + size[1]]
        cv2.imwrite(str(folder / f'{number:08d}.png'), frame)
    return folder


def write_data(root):
    """Write a data root with clips and Vid4 for the configs: two training clips, and one test clip of each."""
    # SPyNet needs 64 pixels at low resolution, IconVSR five frames; EDVR gets a width that is not a multiple of four.
    for number, (clip, frames) in enumerate({'street_0': 5, 'street_1': 5, 'garden_0': 5}.items()):
        write_clip(root / 'clips' / 'GT' / clip, frames, (256, 260), number)
    (root / 'clips' / 'meta_info_clips_train.txt').write_text('street_0 5 (256,260,3)\nstreet_1 5 (256,260,3)\n')
    write_patches(plan_patches([root / 'clips'], BankSpec(patch_size=256)), [root / 'clips'], root)
    for part in ('val', 'val_normal', 'val_remote'):
        (root / 'clips' / f'meta_info_clips_{part}.txt').write_text('garden_0 5 (256,260,3)\n')
    truth = write_clip(root / 'Vid4' / 'GT' / 'walk', 5, (256, 260), 7)
    for kind, degrade in (('BIx4', bicubic_downsample), ('BDx4', blur_downsample)):
        (root / 'Vid4' / kind / 'walk').mkdir(parents=True)
        for frame in truth.iterdir():
            cv2.imwrite(str(root / 'Vid4' / kind / 'walk' / frame.name), degrade(cv2.imread(str(frame)), 4))
    (root / 'Vid4' / 'meta_info_Vid4_GT.txt').write_text('walk 5 (256,260,3)\n')
    write_vimeo90k(root / 'vimeo90k')
    write_reds(root / 'REDS')
    # The output of a first stage.
    for name in ('clips', 'Vid4'):
        shutil.copytree(root / name / 'GT', root / name / 'edvrl_c128b40_1xb4-600k_clips')
    return root


def write_vimeo90k(root):
    """Write one septuplet that is in every list."""
    truth = write_clip(root / 'GT' / '00001' / '0266', 7, (256, 264), 8)
    (root / 'BIx4' / '00001' / '0266').mkdir(parents=True)
    for number, frame in enumerate(sorted(truth.iterdir()), start=1):
        low = bicubic_downsample(cv2.imread(str(frame)), 4)
        cv2.imwrite(str(root / 'BIx4' / '00001' / '0266' / f'im{number}.png'), low)
        frame.rename(truth / f'im{number}.png')
    for part in ('train', 'test', 'test_fast', 'test_medium', 'test_slow'):
        (root / f'meta_info_Vimeo90K_{part}_GT.txt').write_text('00001/0266 (256,264,3)\n')


def write_reds(root):
    """Write one clip that is trained and measured on."""
    truth = write_clip(root / 'train_sharp' / '000', 5, (256, 260), 9)
    shutil.copytree(root / 'train_sharp', root / 'train_blur')
    low = root / 'train_sharp_bicubic' / 'X4' / '000'
    low.mkdir(parents=True)
    for frame in truth.iterdir():
        cv2.imwrite(str(low / frame.name), bicubic_downsample(cv2.imread(str(frame)), 4))
    for part in ('train', 'val'):
        (root / f'meta_info_reds4_{part}.txt').write_text('000 5 (256,260,3)\n')


def reduced(path: Path, work_dir: Path, iterations: int) -> Config:
    """Return the config with a narrow network, trained for some iterations."""
    config = Config.fromfile(path)
    config.work_dir = str(work_dir)
    config.experiment_name = f'{path.stem}_{iterations}_{work_dir.name}'
    for network in ('generator', 'discriminator'):
        if network in config.model:
            config.model[network].update(NARROW.get(config.model[network].type, {}))
    for part in ('interpolator', 'restorer', 'network'):
        if part in config.model.generator:
            config.model.generator[part].update(NARROW.get(config.model.generator[part].type, {}))
    for block in config.model.generator.get('blocks', {}).values():
        block.channels = config.model.generator.network.mid_channels
    for switch in ('tsa_iter', 'fix_iter'):
        if switch in (config.model.get('train_cfg') or {}):
            config.model.train_cfg[switch] = 1
    if config.get('train_dataloader'):
        config.train_dataloader.update(batch_size=2)
        for dataset in leaves(config.train_dataloader.dataset):
            # The window has the number of frames of its network.
            is_window = any(step.type == 'KeepCenterFrame' for step in dataset.get('pipeline', ()))
            if dataset.get('num_input_frames') and dataset.get('samples') != 'frames' and not is_window:
                dataset.num_input_frames = min(5, dataset.num_input_frames)
        config.train_cfg.pop('max_minutes', None)
        config.train_cfg.update(max_iters=iterations, val_interval=iterations)
        config.default_hooks.checkpoint.interval = 1
    for loaders in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        for loader in as_list(config.get(loaders)):
            loader.update(num_workers=0, persistent_workers=False)
            for dataset in leaves(loader.dataset):
                if dataset.type == 'PhotoMotionDataset':
                    dataset.update(clips_per_image=1, num_frames=min(5, dataset.num_frames), cache_mb=0)
    # Pretrained features and previous stages, whose weights do not exist in tests.
    if config.model.get('perceptual_loss'):
        config.model.perceptual_loss = None
    for part in ('interpolator_weights', 'restorer_weights'):
        if part in config.model.generator:
            config.model.generator[part] = None
    hooks = config.get('custom_hooks') or []
    config.custom_hooks = [hook for hook in hooks if hook.type != 'LoadPartsHook']
    for hook in config.custom_hooks:
        if hook.type == 'LatentStageHook':
            hook.switch_iter = min(hook.switch_iter, 1)
    return config


def leaves(dataset: ConfigDict) -> Iterator[ConfigDict]:
    """Yield the datasets that a dataset repeats or concatenates, or the dataset itself."""
    inner = dataset.get('datasets') or as_list(dataset.get('dataset'))
    if not inner:
        yield dataset
    for part in inner:
        yield from leaves(part)


def as_list(value: list | ConfigDict | None) -> list:
    """Return one or several values as a list."""
    return value if isinstance(value, list) else [value] if value else []
