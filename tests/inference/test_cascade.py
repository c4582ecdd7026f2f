"""The frames between two stages."""

import json

import cv2
import numpy as np
import pytest

import vsr_plugins.inference.cascade as module
from vsr_plugins.inference.cascade import cache_first_stage
from vsr_plugins.inference.clips import load_model

DATA = dict(type='ClipFramesDataset', data_prefix=dict(img='BIx4', gt='GT'))


@pytest.fixture
def second(tmp_path, monkeypatch):
    """Bicubic as a first stage that has been trained, and a second stage that wants its frames in two ways."""
    for folder, size in (('BIx4', 8), ('GT', 32)):
        (tmp_path / 'data' / folder / 'street').mkdir(parents=True)
        for number in range(3):
            frame = np.full((size, size, 3), (10 * number, 0, 200), np.uint8)
            cv2.imwrite(str(tmp_path / 'data' / folder / 'street' / f'frame{number}.png'), frame)
    preprocessor = dict(type='DataPreprocessor', mean=[0.0] * 3, std=[255.0] * 3)
    model = dict(type='BaseEditModel', generator=dict(type='BicubicNet'), pixel_loss=dict(type='MSELoss'))
    (tmp_path / 'first.py').write_text(f'model = dict({model}, data_preprocessor={preprocessor})')
    load = [dict(type='LoadFrames', key='img'), dict(type='LoadFrames', key='gt')]
    stack = [dict(type='StackFrames', keys=['img', 'gt']), dict(type='PackInputs', meta_keys=['key'])]
    data = {**DATA, 'data_root': str(tmp_path / 'data'), 'pipeline': load + stack}
    outputs = [dict(dataset=data, folder=str(tmp_path / 'data' / 'first'))]
    (tmp_path / 'second.py').write_text(f"cascade = dict(config='first.py', outputs={outputs})")
    (tmp_path / 'out' / 'first').mkdir(parents=True)
    (tmp_path / 'out' / 'first' / 'best_clips_PSNR_iter_3.pth').write_bytes(b'weights')
    monkeypatch.setattr(module, 'load_model', lambda config, checkpoint, device: load_model(config))
    return tmp_path / 'second.py'


def test_frames_are_those_of_the_first_stage_and_made_once(second, tmp_path):
    assert cache_first_stage(second, tmp_path / 'out') == 3
    folder = tmp_path / 'data' / 'first' / 'street'
    assert sorted(path.name for path in folder.iterdir()) == [f'{number:08d}.png' for number in range(3)]
    for number in range(3):
        frame = cv2.imread(str(folder / f'{number:08d}.png'))
        assert frame.shape == (32, 32, 3) and (frame == (10 * number, 0, 200)).all()
    assert cache_first_stage(second, tmp_path / 'out') == 0
    (folder / '00000001.png').unlink()
    # A clip is restored as one.
    assert cache_first_stage(second, tmp_path / 'out') == 3


def test_frames_of_other_weights_are_made_anew(second, tmp_path):
    cache_first_stage(second, tmp_path / 'out')
    (tmp_path / 'out' / 'first' / 'best_clips_PSNR_iter_3.pth').write_bytes(b'better')
    assert cache_first_stage(second, tmp_path / 'out') == 3
    assert json.loads((tmp_path / 'data' / 'first' / 'restored_by.json').read_text())['config'] == 'first'


def test_what_stands_in_the_way_is_named(second, tmp_path):
    (tmp_path / 'data' / 'first').mkdir()
    (tmp_path / 'data' / 'first' / 'mine.png').touch()
    with pytest.raises(ValueError, match='holds files that no stage of a cascade made'):
        cache_first_stage(second, tmp_path / 'out')
    with pytest.raises(FileNotFoundError, match='train that stage first'):
        cache_first_stage(second, tmp_path / 'elsewhere')
    (tmp_path / 'first.py').unlink()
    with pytest.raises(FileNotFoundError, match='the stage before second.py'):
        cache_first_stage(second, tmp_path / 'out')
    (tmp_path / 'alone.py').write_text('x = 1')
    assert cache_first_stage(tmp_path / 'alone.py', tmp_path / 'out') == 0
