import json

import numpy as np
import pytest
import torch
from skimage import data

from vsr_plugins.evaluation.metrics import PerceptualIndex
from vsr_plugins.evaluation.metrics.perceptual_index import perceptual_index


def frame(blur=0):
    """Astronaut, (3, 208, 208), BGR."""
    import cv2

    image = data.astronaut()[:208, 150:358, ::-1].copy()
    image = cv2.GaussianBlur(image, (0, 0), blur) if blur else image
    return torch.from_numpy(image).permute(2, 0, 1).float()


def measure(metric, samples):
    for key, prediction in samples.items():
        metric.process(None, [{'key': key, 'output': {'pred_img': prediction}}])
    return metric.evaluate(len(samples))


def test_arithmetic():
    # Published values of EDSR and ESRGAN are 5.243 and 2.040; a perfect score of 10 and 0 gives 0.
    assert perceptual_index(0, 10) == 0
    assert perceptual_index(3.7662, 6.0477) == pytest.approx(3.8593, abs=1e-4)


def test_niqe_is_upstreams_on_rounded_frames_without_the_border():
    from mmagic.evaluation.metrics import NIQE

    sharp = frame()
    upstream = NIQE(crop_border=4, input_order='CHW', convert_to='Y')
    expected = float(upstream.process_image(None, sharp.numpy(), None))
    found = measure(PerceptualIndex(prefix='x'), {'clip/00000000': sharp + 0.3})
    assert found == {'x/NIQE': pytest.approx(expected, abs=1e-4)}


def test_blur_is_worse_and_ma_makes_the_index(tmp_path):
    sharp, blurred = frame(), frame(2)
    clip = torch.stack([sharp, blurred])
    (tmp_path / 'ma.json').write_text(json.dumps({'a': [6.0, 4.0], 'b/0': [9.0]}))
    both = measure(PerceptualIndex(str(tmp_path / 'ma.json')), {'a': clip, 'b/0': sharp})
    single = [measure(PerceptualIndex(), {'b/0': image})['NIQE'] for image in (sharp, blurred)]
    assert single[1] > single[0] + 0.5
    # Each clip counts once: (5 + 9) / 2.
    niqe = np.mean([np.mean(single), single[0]])
    assert both == {'NIQE': pytest.approx(niqe), 'Ma': 7.0, 'PI': pytest.approx((10 - 7 + niqe) / 2)}


def test_impossible_measurements_raise(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'none\.mat'):
        PerceptualIndex(str(tmp_path / 'none.mat'))
    with pytest.raises(ValueError, match='96 pixels'):
        measure(PerceptualIndex(), {'a': torch.zeros(3, 100, 200)})
    (tmp_path / 'ma.json').write_text('{}')
    with pytest.raises(ValueError, match='1 scores for a/0, but has 0'):
        measure(PerceptualIndex(str(tmp_path / 'ma.json')), {'a/0': frame()})
