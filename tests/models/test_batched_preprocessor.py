"""Complete batches, and low resolution computed on the device."""

import numpy as np
import pytest
import torch
from mmagic.models import DataPreprocessor
from mmagic.structures import DataSample

from vsr_plugins.degradation import BD_CONVENTIONS, bicubic_downsample, blur_downsample
from vsr_plugins.models.data_preprocessors import BatchDataPreprocessor

NORMALISED = dict(mean=[0.0, 10.0, 20.0], std=[255.0, 200.0, 100.0])
RNG = np.random.default_rng(0)


def images(*shape):
    return torch.from_numpy(RNG.integers(0, 256, shape, np.uint8))


def samples(inputs, gt):
    made = []
    for image in gt:
        sample = DataSample(metainfo=dict(img_channel_order='rgb', gt_channel_order='rgb'))
        sample.gt_img = image
        made.append(sample)
    return dict(inputs=list(inputs), data_samples=made)


@pytest.mark.parametrize('frames', [(), (3,)])
def test_a_complete_batch_equals_upstreams_batch_of_its_samples(frames):
    inputs, gt = images(2, *frames, 3, 4, 5), images(2, *frames, 3, 16, 20)
    whole = BatchDataPreprocessor(**NORMALISED)(dict(inputs=inputs, data_samples=dict(gt_img=gt)), True)
    view = dict(input_view=(1, -1, 1, 1), output_view=(1, -1, 1, 1)) if frames else {}
    expected = DataPreprocessor(**NORMALISED, **view)(samples(inputs, gt), True)
    torch.testing.assert_close(whole['inputs'], expected['inputs'], rtol=0, atol=0)
    torch.testing.assert_close(whole['data_samples'].gt_img, expected['data_samples'].gt_img, rtol=0, atol=0)


def test_single_samples_are_passed_to_upstream():
    inputs, gt = images(1, 3, 4, 4), images(1, 3, 16, 16)
    ours, theirs = (
        kind(**NORMALISED)(samples(inputs, gt), False) for kind in (BatchDataPreprocessor, DataPreprocessor)
    )
    assert torch.equal(ours['inputs'], theirs['inputs'])
    assert torch.equal(ours['data_samples'].gt_img, theirs['data_samples'].gt_img)


@pytest.mark.parametrize(
    ('kind', 'bd', 'scale'), [('BI', 'duf', 2), ('BI', 'duf', 4), ('BD', 'duf', 4), ('BD', 'mmagic', 4)]
)
def test_degraded_on_the_device_as_on_the_cpu(kind, bd, scale):
    """Within 1 of 255, for a crop from the centre of a frame larger than the margin."""
    preprocessor = BatchDataPreprocessor(dict(kind=kind, scale=scale, bd=bd), mean=[0.0], std=[1.0])
    margin = preprocessor.degrade['margin']
    frame = RNG.integers(0, 256, (96, 80, 3), np.uint8)
    top, left, h, w = 16, 24, 32, 16
    around = frame[top - margin : top + h + margin, left - margin : left + w + margin]
    batch = torch.from_numpy(np.ascontiguousarray(around.transpose(2, 0, 1)))[None, None]
    made = preprocessor(dict(inputs=batch, data_samples={}), True)
    blurred = blur_downsample(frame, scale, **BD_CONVENTIONS[bd])
    low = bicubic_downsample(frame, scale) if kind == 'BI' else blurred
    expected = low[top // scale : (top + h) // scale, left // scale : (left + w) // scale].transpose(2, 0, 1)
    difference = np.abs(made['inputs'][0, 0].numpy() - expected)
    assert difference.max() <= 1 and (difference > 0).mean() < 0.01
    truth = frame[top : top + h, left : left + w].transpose(2, 0, 1)
    np.testing.assert_array_equal(made['data_samples'].gt_img[0, 0].numpy(), truth)


@pytest.mark.parametrize(
    ('degrade', 'value'),
    [
        (dict(kind='JPEG'), 'JPEG'),
        (dict(margin=6), '6'),
        (dict(margin=4), '4'),
        (dict(sigma=2), 'sigma'),
        (dict(kind='BD', bd='gauss'), 'gauss'),
    ],
)
def test_degradations_that_do_not_fit(degrade, value):
    with pytest.raises(ValueError, match=value):
        BatchDataPreprocessor(degrade)


def test_batches_that_do_not_fit():
    low, gt = images(1, 3, 4, 4), images(1, 3, 16, 16)
    degrading = BatchDataPreprocessor(dict(kind='BI'))
    with pytest.raises(ValueError, match='degrade=None'):
        degrading(dict(inputs=low, data_samples=dict(gt_img=gt)), True)
    with pytest.raises(ValueError, match='16x16'):
        degrading(dict(inputs=gt, data_samples={}), True)
    with pytest.raises(ValueError, match='set degrade'):
        BatchDataPreprocessor()(dict(inputs=gt, data_samples={}), True)
