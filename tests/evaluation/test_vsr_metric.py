import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator

from vsr_plugins.evaluation import VSRMetric


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
def test_trap_clips_and_frames_as_samples_give_the_same(protocol):
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


def test_each_sample_is_a_clip_where_the_data_set_chose_the_frame():
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


@pytest.mark.parametrize(('prediction', 'target'), [((3, 8, 8), (3, 16, 16)), ((4, 3, 16, 16), (5, 3, 16, 16))])
def test_outputs_that_do_not_fit_are_named(prediction, target):
    with pytest.raises(ValueError, match='walk/3: the network returned'):
        VSRMetric('basicvsr').process(None, [sample('walk/3', torch.zeros(prediction), torch.zeros(target))])


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match='LPIPS'):
        VSRMetric('basicvsr', metrics=['LPIPS'])
    with pytest.raises(ValueError, match="no protocol 'vid4'"):
        VSRMetric('vid4')


def test_samples_with_a_black_frame_can_be_left_out(caplog):
    torch.manual_seed(0)
    target = torch.randint(0, 256, (3, 3, 16, 16)).float()
    black = target.clone()
    black[1] = 0
    samples = [sample('00001/0266', target + 1, target), sample('00002/0001', black, black)]
    metric = {'protocol': 'zooming_slow_mo', 'metrics': ['PSNR']}
    assert run(VSRMetric(**metric), samples)['PSNR'] == np.inf
    results = run(VSRMetric(**metric, skip_blank=True), samples)
    assert results['PSNR'] == results['PSNR/00001/0266'] < 60
    assert 'PSNR/00002/0001' not in results
    with pytest.raises(ValueError, match='no clip to average over'):
        run(VSRMetric(**metric, skip_blank=True), samples[1:])


def test_of_thousands_of_clips_the_log_has_the_mean_alone(monkeypatch):
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
