"""Weights released by others reproduce their published numbers with this package's networks and metrics."""

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from vsr_plugins.checkpoints.matching import load_state_dict_strict
from vsr_plugins.degradation import bicubic_downsample
from vsr_plugins.evaluation.protocols import PROTOCOLS, Protocol
from vsr_plugins.evaluation.scores import score_frame, summarise
from vsr_plugins.models import ESPCNNet, FSRCNNNet
from vsr_plugins.pretrained import load_pretrained

pytestmark = [pytest.mark.golden, pytest.mark.realdata]

# The images of Set5 are cropped to multiples of this.
GRID = 12
FSRCNN_RGB = {'in_channels': 3}
# Network, scale, and PSNR and SSIM as measured by others; published: 37.00/.9568, 33.01/.9145 and
# 30.76/.8721 (ETDS, table 2), 37.12 and 30.50 (yjn870), 30.26 (Lornatang).
SET5 = {
    'fsrcnn_etds_x2': (FSRCNNNet, FSRCNN_RGB, 2, 36.997, 0.9568),
    'fsrcnn_etds_x3': (FSRCNNNet, FSRCNN_RGB, 3, 33.011, 0.9145),
    'fsrcnn_etds_x4': (FSRCNNNet, FSRCNN_RGB, 4, 30.761, 0.8721),
    'fsrcnn_yjn870_x2': (FSRCNNNet, {}, 2, 37.129, None),
    'fsrcnn_yjn870_x4': (FSRCNNNet, {}, 4, 30.502, None),
    'espcn_lornatang_x4': (ESPCNNet, {}, 4, 30.269, None),
}
VID4 = {
    'fsrcnn_etds_x4': (24.834, 0.7020),
    'fsrcnn_yjn870_x4': (24.701, 0.6916),
    'espcn_lornatang_x4': (24.632, 0.6902),
}


def network_of(name, golden_root):
    build, arguments, scale, *_ = SET5[name]
    net = build(**arguments, scale=scale).eval()
    file = golden_root / 'released' / f'{name}.safetensors'
    load_state_dict_strict(net, load_file(file), file.name)
    return net


def upscale(net, images):
    """Upscale images (h, w, 3) uint8 RGB to 8-bit frames, as saved."""
    frames = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2)[None].float() / 255
    with torch.inference_mode():
        return (net(frames)[0].clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).numpy()


def read(path):
    return np.asarray(Image.open(path).convert('RGB'))


@pytest.mark.parametrize('name', SET5)
def test_set5(golden_root, name):
    folder = golden_root.parent / 'data' / 'Set5'
    if not folder.is_dir():
        pytest.skip(f'needs the five images of Set5 in {folder}')
    *_, scale, psnr, ssim = SET5[name]
    net, protocol = network_of(name, golden_root), Protocol('set5', crop_border=scale)
    scores = []
    for path in sorted(folder.glob('*.png')):
        truth = read(path)
        height, width = (size // GRID * GRID for size in truth.shape[:2])
        truth = truth[:height, :width]
        scores.append(score_frame(upscale(net, [bicubic_downsample(truth, scale)])[0], truth, protocol))
    assert len(scores) == 5
    mean = {metric: np.mean([score[metric] for score in scores]) for metric in ('PSNR', 'SSIM')}
    assert mean['PSNR'] == pytest.approx(psnr, abs=0.0006)
    assert ssim is None or mean['SSIM'] == pytest.approx(ssim, abs=0.00006)


@pytest.mark.slow
@pytest.mark.parametrize('name', VID4)
def test_vid4(golden_root, data_root, name):
    net, protocol = network_of(name, golden_root), PROTOCOLS['basicvsr']
    clips = {}
    for clip in sorted((data_root / 'Vid4' / 'BIx4').iterdir()):
        predictions = upscale(net, [read(path) for path in sorted(clip.glob('*.png'))])
        truths = sorted((data_root / 'Vid4' / 'GT' / clip.name).glob('*.png'))
        clips[clip.name] = [score_frame(*pair, protocol) for pair in zip(predictions, map(read, truths), strict=True)]
    mean = summarise(clips, protocol).mean
    assert mean['PSNR'] == pytest.approx(VID4[name][0], abs=0.0006)
    assert mean['SSIM'] == pytest.approx(VID4[name][1], abs=0.00006)


@pytest.mark.slow
def test_basicvsr(data_root):
    """The authors' weights for BIx4 on Vid4's calendar; the average over the four clips is 27.238 / 0.8251."""
    net = load_pretrained('basicvsr')
    inputs, truths = (sorted((data_root / 'Vid4' / kind / 'calendar').glob('*.png')) for kind in ('BIx4', 'GT'))
    predictions = upscale(net, [read(file) for file in inputs])
    protocol = PROTOCOLS['basicvsr']
    scores = [score_frame(*pair, protocol) for pair in zip(predictions, map(read, truths), strict=True)]
    mean = summarise({'calendar': scores}, protocol).mean
    assert mean['PSNR'] == pytest.approx(23.868, abs=0.002)
    assert mean['SSIM'] == pytest.approx(0.8094, abs=0.0002)
