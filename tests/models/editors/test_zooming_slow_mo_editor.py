"""Space-time editor: the loss computed by hand, windows by their frames, and frame rates by lists."""

import math

import pytest
import torch
from mmagic.registry import MODELS
from mmagic.structures import DataSample
from mmagic.utils import register_all_modules
from torch import nn

from vsr_plugins.datasets import HalveFrameRate
from vsr_plugins.evaluation import VSRMetric
from vsr_plugins.models.editors.zooming_slow_mo import restore_in_windows
from vsr_plugins.temporal_windows import space_time_windows


class Doubling(nn.Module):
    """Repeat pixels, average neighbours in time, and record the inputs."""

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
    arguments = space_time_windows(2 * t - 1), range(0, 2 * t, 2)
    output = restore_in_windows(network, clip, *arguments)
    assert network.given == windows
    assert output.shape == (1, 2 * t - 1, 3, 8, 8)
    assert output[0, :, 0, 0, 0].tolist() == [number / 2 for number in range(2 * t - 1)]
    torch.testing.assert_close(restore_in_windows(nn.Identity(), clip, *arguments), clip)


def test_frames_that_a_window_misses_are_named():
    with pytest.raises(ValueError, match=r'frames \[3, 7\] .*\(last_window=4\)'):
        restore_in_windows(Doubling(), torch.zeros(1, 6, 3, 2, 2), space_time_windows(10), [0, 2, 4, 5, 6, 9])
    with pytest.raises(ValueError, match=r'2 frames \[0, 2\], but got 3'):
        restore_in_windows(Doubling(), torch.zeros(1, 3, 3, 2, 2), [range(3)], [0, 2])


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
    with pytest.raises(ValueError, match=r'\(1, 3, 3, 16, 16\).*\(1, 2, 3, 16, 16\)'):
        build()(torch.rand(1, 2, 3, 4, 4), DataSample(gt_img=torch.rand(1, 2, 3, 16, 16)), mode='loss')


def test_windows_are_used_if_the_config_sets_them(build):
    with pytest.raises(ValueError, match='independent_windows .* got 1'):
        build(test_cfg=dict(independent_windows=1))
    for test_cfg, lengths in ((dict(independent_windows=4), [4, 4]), (dict(), [6])):
        editor = build(test_cfg=test_cfg)
        editor.generator = Doubling()
        predictions = editor.forward_inference(torch.rand(1, 6, 3, 4, 4), DataSample())
        assert [len(window) for window in editor.generator.given] == lengths
        assert predictions.pred_img.shape == (1, 11, 3, 16, 16)


@pytest.mark.parametrize(
    ('test_cfg', 'windows', 'given'),
    [
        (dict(independent_windows=4), [[0, 2, 4, 6], [3, 5, 7, 9]], [0, 2, 4, 6, 7, 9]),
        (dict(), [[0, 2, 4, 6, 8], [3, 5, 7, 9]], [0, 2, 4, 6, 8, 9]),
    ],
)
def test_every_frame_of_an_even_clip_is_measured(build, test_cfg, windows, given):
    """Run from the list of a clip's frames to the results, as mmagic's loops do."""
    frames = [torch.full((3, 16, 16), float(number)) for number in range(10)]
    results = HalveFrameRate(last_window=4)(dict(img=[frame[:, ::4, ::4] for frame in frames], gt=frames))
    sample = DataSample(gt_img=torch.stack(results['gt']))
    sample.set_metainfo(dict(key='walk', given=results['given']))
    editor = build(test_cfg=test_cfg).eval()
    editor.generator = Doubling()
    found = editor.test_step(dict(inputs=[torch.stack(results['img'])], data_samples=[sample]))[0].to_dict()
    assert [[round(255 * value) for value in window] for window in editor.generator.given] == windows
    assert found['output']['pred_img'][:, 0, 0, 0].tolist() == pytest.approx(range(10), abs=1e-4)
    assert found['output']['input_frames'] == given

    metric = VSRMetric('zooming_slow_mo', metrics=['PSNR'])
    # Off by four levels at input frames, by one elsewhere: 12 dB.
    for number in range(10):
        found['output']['pred_img'][number] = number + (4 if number in given else 1)
    metric.process(None, [found])
    results = metric.compute_metrics(metric.results)
    assert results['PSNR/interpolated_frames'] - results['PSNR/input_frames'] == pytest.approx(20 * math.log10(4))
    assert results['PSNR'] == pytest.approx(
        (len(given) * results['PSNR/input_frames'] + (10 - len(given)) * results['PSNR/interpolated_frames']) / 10
    )


@pytest.mark.parametrize(('count', 'given', 'kept'), [(7, 'aceg', 'abcdefg'), (4, 'ac', 'abc'), (1, 'a', 'a')])
def test_half_the_frames_are_given_and_all_between_them_kept(count, given, kept):
    frames = list('abcdefg'[:count])
    results = HalveFrameRate()(dict(img=list(frames), gt=list(frames)))
    assert results == dict(img=list(given), gt=list(kept))


@pytest.mark.parametrize(
    ('count', 'given'),
    [(7, 'aceg'), (8, 'abcdefgh'), (6, 'abcdef'), (12, 'acefghijkl'), (1, 'a'), (2, 'ab')],
)
def test_frames_of_the_last_window_are_given_too(count, given):
    frames = list('abcdefghijkl'[:count])
    results = HalveFrameRate(last_window=4)(dict(img=list(frames), gt=list(frames)))
    assert results == dict(img=list(given), gt=frames, given=[frames.index(frame) for frame in given])
    with pytest.raises(ValueError, match='last_window .* got 1'):
        HalveFrameRate(last_window=1)


def test_lists_of_two_lengths_are_named():
    with pytest.raises(ValueError, match="clip walk: .*{'img': 2, 'gt': 3}"):
        HalveFrameRate()(dict(key='walk', img=[0, 1], gt=[0, 1, 2]))
