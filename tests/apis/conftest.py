"""Configs of methods and a small test set to measure them on."""

import cv2
import numpy as np
import pytest

from vsr_plugins.degradation import bicubic_downsample

CONFIG = """
custom_imports = dict(imports=['vsr_plugins'], allow_failed_imports=False)
default_scope = 'mmagic'
experiment_name = {name!r}
pre = dict(type='DataPreprocessor', mean=[0.0, 0.0, 0.0], std=[255.0, 255.0, 255.0])
model = dict(type='BaseEditModel', generator={network}, pixel_loss=dict(type='MSELoss'), data_preprocessor=pre)
keys = ['img', 'gt']
load = [dict(type='LoadFrames', key='img'), dict(type='LoadFrames', key='gt')]
pack = [dict(type='StackFrames', keys=keys), dict(type='PackInputs', meta_keys=['key'])]
test_dataloader = [dict(
    num_workers=0, batch_size=1, sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='ClipFramesDataset', data_root={root!r}, data_prefix=dict(img='BIx4', gt='GT'), pipeline=load + pack
    ),
)]
test_evaluator = [
    dict(type='Evaluator', metrics=[dict(type='VSRMetric', protocol={protocol!r}, prefix='Vid4-BIx4')])
]
"""


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    """One clip of noise and its bicubic downsampling by 4; the last frame is grey."""
    root = tmp_path_factory.mktemp('data')
    for folder in ('BIx4', 'GT'):
        (root / folder / 'clip').mkdir(parents=True)
    noise = np.random.default_rng(0).integers(0, 256, (4, 48, 56, 3), dtype=np.uint8)
    for number, frame in enumerate([*noise, np.full((48, 56, 3), 77, np.uint8)]):
        cv2.imwrite(str(root / 'GT' / 'clip' / f'{number}.png'), frame)
        cv2.imwrite(str(root / 'BIx4' / 'clip' / f'{number}.png'), bicubic_downsample(frame, 4))
    return root


@pytest.fixture
def write(root, tmp_path):
    def write(name, network, protocol='basicvsr', root=root):
        path = tmp_path / f'{name}.py'
        path.write_text(CONFIG.format(name=name, network=network, root=str(root), protocol=protocol))
        return path

    return write
