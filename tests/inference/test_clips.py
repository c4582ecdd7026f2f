import numpy as np
import pytest
import torch
from mmengine.config import Config

from vsr_plugins.inference.clips import restore_clips
from vsr_plugins.inference.load_model import load_model

PREPROCESSOR = {'type': 'DataPreprocessor', 'mean': [0, 0, 0], 'std': [255, 255, 255], 'input_view': (1, -1, 1, 1)}
PREPROCESSOR['output_view'] = PREPROCESSOR['input_view']


def config(network):
    model = {'type': 'BaseEditModel', 'generator': network, 'pixel_loss': {'type': 'MSELoss'}}
    return Config({'model': {**model, 'data_preprocessor': PREPROCESSOR}})


def test_colours_and_order_of_frames_are_kept(tmp_path):
    """A clip of one red and one blue frame, upscaled by bicubic, is red and blue."""
    import cv2

    for folder, size in (('BIx4', 12), ('GT', 48)):
        (tmp_path / folder / 'clip').mkdir(parents=True)
        for number, bgr in enumerate(((0, 0, 255), (255, 0, 0))):
            frame = np.full((size, size, 3), bgr, np.uint8)
            cv2.imwrite(str(tmp_path / folder / 'clip' / f'{number}.png'), frame)
    keys = ('img', 'gt')
    dataset = {
        'type': 'ClipFramesDataset',
        'data_root': str(tmp_path),
        'data_prefix': {'img': 'BIx4', 'gt': 'GT'},
        'pipeline': [
            *({'type': 'LoadFrames', 'key': key} for key in keys),
            {'type': 'StackFrames', 'keys': list(keys)},
            {'type': 'PackInputs', 'meta_keys': ['key']},
        ],
    }
    model = load_model(config({'type': 'BicubicNet', 'scale': 4}))
    loader = {'batch_size': 1, 'dataset': dataset, 'sampler': {'type': 'DefaultSampler', 'shuffle': False}}
    (clip,) = restore_clips(model, loader)
    assert clip.name == 'clip' and clip.lq.shape == (2, 12, 12, 3) and clip.output.shape == (2, 48, 48, 3)
    for frames in (clip.lq, clip.output, clip.gt):
        assert (frames[0] == (255, 0, 0)).all() and (frames[1] == (0, 0, 255)).all()


def test_weights_are_loaded_completely_or_not_at_all(tmp_path):
    settings = config({'type': 'LatentAttentionNet', 'mid_channels': 4, 'num_layers': 3, 'attn_layout': 'S'})
    model = load_model(settings)
    torch.save({'state_dict': model.state_dict()}, tmp_path / 'right.pth')
    loaded = load_model(settings, tmp_path / 'right.pth')
    assert all(
        torch.equal(a, b) for a, b in zip(model.state_dict().values(), loaded.state_dict().values(), strict=True)
    )
    state = model.state_dict()
    state.pop('generator.convs.0.weight')
    torch.save({'state_dict': state}, tmp_path / 'partial.pth')
    with pytest.raises(ValueError, match='generator.convs.0.weight'):
        load_model(settings, tmp_path / 'partial.pth')
    with pytest.raises(FileNotFoundError, match='none.pth'):
        load_model(settings, tmp_path / 'none.pth')


def test_networks_on_the_cpu_are_measured_in_the_layout_in_which_they_upscale():
    settings = {'type': 'EDVRNet', 'in_channels': 3, 'out_channels': 3, 'mid_channels': 8, 'num_frames': 5}
    model = load_model(
        config({**settings, 'deform_groups': 2, 'num_blocks_extraction': 1, 'num_blocks_reconstruction': 1})
    )
    assert model.generator.conv_first.weight.is_contiguous(memory_format=torch.channels_last)
