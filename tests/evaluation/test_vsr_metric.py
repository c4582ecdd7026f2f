import cv2
import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator

from vsr_plugins.evaluation import VSRMetric
from vsr_plugins.evaluation.functional import tof, warping_error


def sample(key, prediction, target):
    return {'key': key, 'output': {'pred_img': prediction}, 'gt_img': target}


def clips(t=5):
    torch.manual_seed(0)
    target = {name: torch.randint(0, 256, (t + extra, 3, 32, 36)).float() for extra, name in enumerate(('b', 'a'))}
    return {name: (frames + 8 * torch.randn_like(frames), frames) for name, frames in target.items()}


def run(metric, samples):
    metric.dataset_meta = None
    for one in samples:
        metric.process(None, [one])
    return metric.evaluate(len(samples))


@pytest.mark.parametrize('protocol', ['basicvsr', 'tdan', 'latent_attention'])
def test_clips_and_frames_as_samples_give_the_same(protocol):
    """Upstream's mean depends on whether a sample is a clip or a frame."""
    whole = [sample(name, *pair) for name, pair in clips().items()]
    single = [
        sample(f'{name}/{number:08d}', prediction, target)
        for name, pair in clips().items()
        for number, (prediction, target) in enumerate(zip(*pair, strict=True))
    ]
    a, b = (run(VSRMetric(protocol, prefix='x'), samples) for samples in (whole, single[::-1]))
    assert a == b
    assert set(a) == {f'x/{metric}{clip}' for metric in ('PSNR', 'SSIM') for clip in ('', '/a', '/b')}


def test_values_are_those_of_scikit_image_on_y_of_rounded_bgr():
    import mmcv
    from skimage.metrics import peak_signal_noise_ratio

    prediction, target = clips(2)['b']
    expected = []
    for images in zip(prediction, target, strict=True):
        first, second = (image.round().permute(1, 2, 0).numpy() / 255 for image in images)
        y = [mmcv.bgr2ycbcr(image.astype(np.float32), y_only=True) * 255 for image in (second, first)]
        expected.append(peak_signal_noise_ratio(*y, data_range=255))
    found = run(VSRMetric('basicvsr', metrics=['PSNR']), [sample('b', prediction, target)])
    assert found['PSNR'] == pytest.approx(np.mean(expected), abs=1e-3)


def test_each_sample_is_a_clip_if_the_data_set_selected_the_frame():
    target = torch.zeros(3, 16, 16)
    samples = [sample('00001/0266', target + 1, target), sample('00001/0267', target + 10, target)]
    results = run(VSRMetric('vimeo90k', metrics=['PSNR'], selected=True), samples)
    assert results == {'PSNR': pytest.approx((48.1308 + 28.1308) / 2 + 1.3219, abs=1e-3)}


def test_it_works_under_both_evaluators():
    from mmagic.evaluation import Evaluator as MMagicEvaluator
    from mmengine.structures import BaseDataElement

    samples = [sample(name, *pair) for name, pair in clips().items()]
    mmengine_evaluator = Evaluator(VSRMetric('basicvsr'))
    mmengine_evaluator.process([BaseDataElement(metainfo={}).set_data(one) or one for one in samples])
    ours = MMagicEvaluator([VSRMetric('basicvsr')])

    class Loader:
        dataset = samples

    for metric in ours.metrics:
        metric.prepare(None, Loader)
    ours.process(samples, None, ours.metrics)
    assert ours.evaluate() == mmengine_evaluator.evaluate(len(samples))


def moving(t, size=(52, 60)):
    """Return a clip that moves one pixel per frame, and a noisy, unrounded version: (t, 3, h, w)."""
    rng = np.random.default_rng(t)
    picture = cv2.GaussianBlur(rng.random((size[0] + t, size[1] + t, 3)), (0, 0), 2)
    picture = np.round(255 * (picture - picture.min()) / np.ptp(picture))
    target = np.stack([picture[i : i + size[0], i : i + size[1]] for i in range(t)])
    prediction = np.clip(target + rng.normal(0, 3, target.shape), 0, 255)
    return tuple(torch.from_numpy(frames).permute(0, 3, 1, 2).float() for frames in (prediction, target))


def in_frames(clip, pair):
    return [sample(f'{clip}/{i:08d}', *frames) for i, frames in enumerate(zip(*pair, strict=True))]


@pytest.mark.parametrize(
    ('protocol', 'kept'), [('basicvsr', slice(None)), ('latent_attention', slice(1, -2)), ('tdan', slice(None))]
)
@pytest.mark.parametrize('as_frames', [False, True])
def test_measures_of_pairs_of_frames(protocol, kept, as_frames):
    """Pairs of measured frames, averaged over clips, or over the frames of all clips."""
    pairs = {'a': moving(5), 'b': moving(7)}
    samples = [
        one for name, pair in pairs.items() for one in (in_frames(name, pair) if as_frames else [sample(name, *pair)])
    ]
    found = run(VSRMetric(protocol, metrics=['PSNR', 'tOF', 'Ewarp']), samples)
    bgr = {
        name: [list(frames[kept].round().permute(0, 2, 3, 1).numpy()) for frames in pair]
        for name, pair in pairs.items()
    }
    weights = [len(clip[1]) - 1 for clip in bgr.values()] if protocol == 'tdan' else [1, 1]
    expected = {
        'tOF': [tof(*clip, 'bgr') for clip in bgr.values()],
        'Ewarp': [warping_error(*clip, 'bgr') for clip in bgr.values()],
        'Ewarp_GT': [warping_error(clip[1], clip[1], 'bgr') for clip in bgr.values()],
    }
    for name, values in expected.items():
        assert found[name] == pytest.approx(np.average(values, weights=weights), rel=1e-6)
        assert found[f'{name}/b'] == pytest.approx(values[1], rel=1e-6)
    assert found['PSNR'] == run(VSRMetric(protocol, metrics=['PSNR']), samples)['PSNR']


def test_frames_out_of_their_order_are_named():
    metric = VSRMetric('basicvsr', metrics=['tOF'])
    with pytest.raises(ValueError, match=r'00000001 of a .* 00000000'):
        run(metric, in_frames('a', moving(3))[::-1])


def test_two_runs_of_one_metric_are_independent():
    metric, samples = VSRMetric('basicvsr', metrics=['tOF']), in_frames('a', moving(3))
    assert run(metric, samples) == run(metric, samples)


def test_lpips_is_measured_on_rgb_inside_the_border(monkeypatch):
    seen = []

    def lpips(prediction, target, channel_order):
        seen.append((prediction.shape, channel_order))
        return 0.25

    monkeypatch.setattr('vsr_plugins.evaluation.measures.lpips', lpips)
    found = run(VSRMetric('tdan', metrics=['lpips']), [sample('a', *moving(2))])
    assert found == {'LPIPS': 0.25, 'LPIPS/a': 0.25} and seen == [((36, 44, 3), 'bgr')] * 2


def test_groups_of_a_space_time_network_have_no_pairs():
    found = run(VSRMetric('zooming_slow_mo', metrics=['PSNR', 'tOF']), [sample('a', *moving(5))])
    assert found.keys() == {'PSNR', 'tOF', 'PSNR/input_frames', 'PSNR/interpolated_frames', 'PSNR/a', 'tOF/a'}


@pytest.mark.parametrize(('prediction', 'target'), [((3, 8, 8), (3, 16, 16)), ((4, 3, 16, 16), (5, 3, 16, 16))])
def test_outputs_that_do_not_fit_are_named(prediction, target):
    with pytest.raises(ValueError, match='^walk/3: '):
        VSRMetric('basicvsr').process(None, [sample('walk/3', torch.zeros(prediction), torch.zeros(target))])


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="'sharpness'.*PSNR, SSIM, LPIPS, DISTS, NIQE, VMAF, tOF, Ewarp"):
        VSRMetric('basicvsr', metrics=['PSNR', 'sharpness'])
    with pytest.raises(ValueError, match='metrics'):
        VSRMetric('basicvsr', metrics=[])
    for arguments in ({'protocol': 'vimeo90k'}, {'protocol': 'basicvsr', 'selected': True}):
        with pytest.raises(ValueError, match=r'tOF .*(protocol vimeo90k|selected=True)'):
            VSRMetric(metrics=['tof'], **arguments)
    with pytest.raises(ValueError, match="'vid4'"):
        VSRMetric('vid4')


def test_samples_with_a_black_frame_can_be_skipped(caplog):
    torch.manual_seed(0)
    target = torch.randint(0, 256, (3, 3, 16, 16)).float()
    black = target.clone()
    black[1] = 0
    samples = [sample('00001/0266', target + 1, target), sample('00002/0001', black, black)]
    metric = {'protocol': 'zooming_slow_mo', 'metrics': ['PSNR']}
    with_black = run(VSRMetric(**metric), samples)
    results = run(VSRMetric(**metric, skip_blank=True), samples)
    # Equal frames count 100 dB.
    assert with_black['PSNR/00002/0001'] == 100
    assert with_black['PSNR'] == pytest.approx((100 + results['PSNR']) / 2)
    assert results['PSNR'] == results['PSNR/00001/0266'] < 60
    assert 'PSNR/00002/0001' not in results
    with pytest.raises(ValueError, match='no clip'):
        run(VSRMetric(**metric, skip_blank=True), samples[1:])


def test_of_thousands_of_clips_the_log_has_the_mean_only(monkeypatch):
    logged = []
    monkeypatch.setattr('vsr_plugins.evaluation.metrics.vsr_metric.print_log', lambda text, **_: logged.append(text))
    target = torch.zeros(3, 3, 16, 16)
    samples = [sample(f'00001/{number:04d}', target + 1, target) for number in range(41)]
    few, many = (run(VSRMetric('zooming_slow_mo', metrics=['PSNR']), samples[:count]) for count in (40, 41))
    groups = {'PSNR', 'PSNR/input_frames', 'PSNR/interpolated_frames'}
    assert few.keys() == groups | {f'PSNR/{one["key"]}' for one in samples[:40]}
    assert many.keys() == groups
    assert '00001/0039' in logged[0] and '00001' not in logged[2]
    assert '│ mean                │    123 │ 49.' in logged[2]
