"""Upstream's transforms that configs of video super-resolution name, with the installed versions."""

import numpy as np
import pytest
import torch
from mmagic.registry import TRANSFORMS
from mmagic.utils import register_all_modules

import vsr_plugins  # noqa: F401

BLUR = {
    'kernel_size': [7, 9],
    'kernel_list': ['iso', 'aniso', 'generalized_iso', 'generalized_aniso', 'plateau_iso', 'plateau_aniso', 'sinc'],
    'kernel_prob': [0.2, 0.2, 0.1, 0.1, 0.1, 0.1, 0.2],
    'sigma_x': [0.2, 3],
    'sigma_y': [0.2, 3],
    'rotate_angle': [-3.1416, 3.1416],
    'omega': [1.0472, 3.1416],
    'beta_gaussian': [0.5, 4],
    'beta_plateau': [1, 2],
    'sigma_x_step': 0.02,
    'sigma_y_step': 0.02,
    'rotate_angle_step': 0.31416,
    'beta_gaussian_step': 0.05,
    'beta_plateau_step': 0.1,
    'omega_step': 0.0628,
}
RESIZE = {
    'resize_mode_prob': [0.2, 0.7, 0.1],
    'resize_scale': [0.5, 1.5],
    'resize_opt': ['bilinear', 'area', 'bicubic'],
    'resize_prob': [1 / 3.0, 1 / 3.0, 1 / 3.0],
    'resize_step': 0.015,
}
NOISE = {
    'noise_type': ['gaussian', 'poisson'],
    'noise_prob': [0.5, 0.5],
    'gaussian_sigma': [1, 30],
    'gaussian_gray_noise_prob': 0.4,
    'poisson_scale': [0.05, 3],
    'poisson_gray_noise_prob': 0.4,
    'gaussian_sigma_step': 0.1,
    'poisson_scale_step': 0.005,
}
JPEG = {'quality': [30, 95], 'color_type': 'color', 'quality_step': 3}
VIDEO = {'codec': ['libx264', 'h264', 'mpeg4'], 'codec_prob': [1 / 3.0, 1 / 3.0, 1 / 3.0], 'bitrate': [1e4, 1e5]}
SHUFFLED = [
    {'type': 'RandomVideoCompression', 'params': VIDEO, 'keys': ['lq']},
    [{'type': 'RandomResize', 'params': {'target_size': (16, 20), **RESIZE}}],
]


@pytest.fixture(autouse=True)
def scope():
    register_all_modules()
    np.random.seed(0)


def clip(count=5, size=(33, 41)):
    """Smooth motion, (h, w, 3) in [0, 255]; the sides are odd."""
    y, x = np.mgrid[: size[0], : size[1]]
    waves = [127 + 100 * np.sin((x + 2 * i) / 5) * np.cos(y / 7) for i in range(count)]
    return [np.stack([wave, wave, 255 - wave], -1).astype(np.float32) for wave in waves]


@pytest.mark.parametrize('codec', ['libx264', 'h264', 'mpeg4'])
def test_video_compression_keeps_the_clip(codec):
    transform = TRANSFORMS.build(
        {
            'type': 'RandomVideoCompression',
            'params': {'codec': [codec], 'codec_prob': [1], 'bitrate': [2e6, 2e6]},
            'keys': ['lq'],
        }
    )
    frames = clip()
    done = transform({'lq': frames})['lq']
    assert [frame.shape for frame in done] == [frame.shape for frame in frames]
    assert done[0].dtype == np.float32
    for before, after in zip(frames, done, strict=True):
        # Of this bit rate: close, in the same order, with colours in place. 4:2:0 has a quarter of the colour.
        assert np.abs(before - after).mean() < 12
        assert np.abs(before - done[0]).mean() >= np.abs(before - after).mean() - 1e-6


@pytest.mark.parametrize(
    ('transform', 'key'),
    [
        ({'type': 'RandomBlur', 'params': BLUR, 'keys': ['lq']}, 'lq'),
        ({'type': 'RandomResize', 'params': RESIZE, 'keys': ['lq']}, 'lq'),
        ({'type': 'RandomNoise', 'params': NOISE, 'keys': ['lq']}, 'lq'),
        ({'type': 'RandomJPEGCompression', 'params': JPEG, 'keys': ['lq']}, 'lq'),
        ({'type': 'RandomVideoCompression', 'params': VIDEO, 'keys': ['lq']}, 'lq'),
        ({'type': 'DegradationsWithShuffle', 'degradations': SHUFFLED, 'keys': ['lq']}, 'lq'),
        (
            {'type': 'UnsharpMasking', 'keys': ['lq'], 'kernel_size': 51, 'sigma': 0, 'weight': 0.5, 'threshold': 10},
            'lq_unsharp',
        ),
        ({'type': 'RescaleToZeroOne', 'keys': ['lq']}, 'lq'),
        ({'type': 'Clip', 'keys': ['lq']}, 'lq'),
        ({'type': 'MirrorSequence', 'keys': ['lq']}, 'lq'),
        ({'type': 'TemporalReverse', 'keys': ['lq'], 'reverse_ratio': 1}, 'lq'),
        ({'type': 'Flip', 'keys': ['lq'], 'flip_ratio': 1, 'direction': 'horizontal'}, 'lq'),
        ({'type': 'RandomTransposeHW', 'keys': ['lq'], 'transpose_ratio': 1}, 'lq'),
        ({'type': 'FixedCrop', 'keys': ['lq'], 'crop_size': (16, 16)}, 'lq'),
        ({'type': 'Crop', 'keys': ['lq'], 'crop_size': (16, 16)}, 'lq'),
        ({'type': 'CopyValues', 'src_keys': ['lq'], 'dst_keys': ['img']}, 'img'),
        ({'type': 'SetValues', 'dictionary': {'scale': 4}}, 'lq'),
        ({'type': 'ColorJitter', 'keys': ['lq'], 'channel_order': 'rgb', 'brightness': 0.5}, 'lq'),
        ({'type': 'MATLABLikeResize', 'keys': ['lq'], 'scale': 0.5}, 'lq'),
    ],
    ids=lambda value: value['type'] if isinstance(value, dict) else value,
)
def test_a_transform_of_upstream_works_on_a_clip(transform, key):
    # Colours are jittered on pictures as they are read.
    frames = [frame.astype(np.uint8) for frame in clip()] if transform['type'] == 'ColorJitter' else clip()
    done = TRANSFORMS.build(transform)({'lq': frames, 'lq_path': ['a'] * 5})
    frames = done[key]
    assert len(frames) in (5, 10)
    for frame in frames:
        assert np.isfinite(np.asarray(frame)).all() and np.asarray(frame).shape[2] == 3


def test_indices_crops_and_packing_of_upstream():
    info = {
        'key': '000',
        'img_path': 'img',
        'gt_path': 'gt',
        'sequence_length': 9,
        'num_input_frames': 3,
        'max_frame_num': 9,
    }
    done = TRANSFORMS.build({'type': 'GenerateSegmentIndices', 'interval_list': [1]})(dict(info))
    assert len(done['img_path']) == len(done['gt_path']) == 3
    # The ground truth of a window is its centre.
    window = {**info, 'key': '000/00000004'}
    done = TRANSFORMS.build({'type': 'GenerateFrameIndices', 'interval_list': [1]})(window)
    assert len(done['img_path']) == 3 and len(done['gt_path']) == 1
    pair = {'img': clip(3, (16, 20)), 'gt': clip(3, (64, 80)), 'scale': 4}
    pair = TRANSFORMS.build({'type': 'SetValues', 'dictionary': {'scale': 4}})(pair)
    pair = TRANSFORMS.build({'type': 'PairedRandomCrop', 'gt_patch_size': 32})(pair)
    assert pair['img'][0].shape == (8, 8, 3) and pair['gt'][0].shape == (32, 32, 3)
    packed = TRANSFORMS.build({'type': 'PackInputs'})(pair)
    assert packed['inputs'].shape == (3, 3, 8, 8) and isinstance(packed['inputs'], torch.Tensor)
    assert packed['data_samples'].gt_img.shape == (3, 3, 32, 32)
