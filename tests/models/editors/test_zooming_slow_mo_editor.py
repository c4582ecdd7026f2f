"""The loss by hand, windows by their frames, and frame rates by lists."""

import math

import pytest
import torch
from mmagic.registry import MODELS
from mmagic.structures import DataSample
from mmagic.utils import register_all_modules
from torch import nn

from vsr_plugins.datasets import HalveFrameRate
from vsr_plugins.models.editors.zooming_slow_mo import restore_in_windows


class Doubling(nn.Module):
    """Repeats pixels, averages neighbours in time, and remembers what it was given."""

    def __init__(self):
        super().__init__()
        self.given = []

    def forward(self, lqs):
        self.given.append(lqs[0, :, 0, 0, 0].tolist())
        frames = [lqs[:, :1]]
        for before, after in zip(lqs[:, :-1].split(1, 1), lqs[:, 1:].split(1, 1), strict=True):
            frames += [(before + after) / 2, after]
        return torch.cat(frames, dim=1).repeat_interleave(4, -1).repeat_interleave(4, -2)


@pytest.mark.parametrize(
    ('t', 'windows'),
    [
        (2, [[0, 1]]),
        (4, [[0, 1, 2, 3]]),
        (7, [[0, 1, 2, 3], [3, 4, 5, 6]]),
        (9, [[0, 1, 2, 3], [3, 4, 5, 6], [5, 6, 7, 8]]),  # the last one ends with the clip
        (5, [[0, 1, 2, 3], [1, 2, 3, 4]]),
    ],
)
def test_windows_of_the_authors_test_script(t, windows):
    network = Doubling()
    clip = torch.arange(float(t)).reshape(1, t, 1, 1, 1).expand(1, t, 3, 2, 2)
    output = restore_in_windows(network, clip, 4)
    assert network.given == windows
    assert output.shape == (1, 2 * t - 1, 3, 8, 8)
    assert output[0, :, 0, 0, 0].tolist() == [number / 2 for number in range(2 * t - 1)]
    torch.testing.assert_close(restore_in_windows(nn.Identity(), clip, 4), clip)


@pytest.fixture(scope='module')
def build():
    register_all_modules()

    def build_editor(**arguments):
        small = dict(mid_channels=4, deform_groups=1, num_blocks_extraction=0, num_blocks_reconstruction=0)
        return MODELS.build(
            dict(
                type='ZoomingSlowMo',
                generator=dict(type='ZoomingSlowMoNet', **small),
                pixel_loss=dict(type='CharbonnierLoss', reduction='sum', eps=1e-6),
                data_preprocessor=dict(type='DataPreprocessor', mean=[0.0] * 3, std=[255.0] * 3),
                **arguments,
            )
        )

    return build_editor


def test_the_loss_is_the_sum_over_all_frames(build):
    editor = build()
    editor.generator = Doubling()
    frames = torch.zeros(1, 2, 3, 2, 2)
    # Exact in the first frame, off by 0.5 in one value of the second.
    gt = torch.zeros(1, 3, 3, 8, 8)
    gt[0, 1, 0, 0, 0] = 0.5
    loss = editor(frames, DataSample(gt_img=gt), mode='loss')['loss']
    assert loss.item() == pytest.approx((3 * 3 * 64 - 1) * 1e-3 + math.sqrt(0.25 + 1e-6), rel=1e-5)


def test_ground_truth_of_another_length_is_named(build):
    with pytest.raises(ValueError, match=r'of 2 frames .*\(1, 3, 3, 16, 16\).*\(1, 2, 3, 16, 16\); HalveFrameRate'):
        build()(torch.rand(1, 2, 3, 4, 4), DataSample(gt_img=torch.rand(1, 2, 3, 16, 16)), mode='loss')


def test_windows_are_used_where_the_config_says_so(build):
    with pytest.raises(ValueError, match='at least 2, but got 1'):
        build(test_cfg=dict(independent_windows=1))
    for test_cfg, lengths in ((dict(independent_windows=4), [4, 4]), (dict(), [6])):
        editor = build(test_cfg=test_cfg)
        editor.generator = Doubling()
        predictions = editor.forward_inference(torch.rand(1, 6, 3, 4, 4), DataSample())
        assert [len(window) for window in editor.generator.given] == lengths
        assert predictions.pred_img.shape == (1, 11, 3, 16, 16)


@pytest.mark.parametrize(('count', 'given', 'kept'), [(7, 'aceg', 'abcdefg'), (4, 'ac', 'abc'), (1, 'a', 'a')])
def test_half_the_frames_are_given_and_all_between_them_kept(count, given, kept):
    frames = list('abcdefg'[:count])
    results = HalveFrameRate()(dict(img=list(frames), gt=list(frames)))
    assert results == dict(img=list(given), gt=list(kept))


def test_lists_of_two_lengths_are_named():
    with pytest.raises(ValueError, match="clip walk: expected lists of one length, but got {'img': 2, 'gt': 3}"):
        HalveFrameRate()(dict(key='walk', img=[0, 1], gt=[0, 1, 2]))
