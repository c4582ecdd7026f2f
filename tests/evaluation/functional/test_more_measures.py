"""DISTS, NIQE and VMAF."""

import shutil
import subprocess

import numpy as np
import pytest
import skimage.data
import torch
import torchvision
from torch import nn

from vsr_plugins.evaluation import VSRMetric
from vsr_plugins.evaluation.functional import dists, niqe, vmaf
from vsr_plugins.evaluation.functional.dists import BACKBONE
from vsr_plugins.evaluation.functional.vmaf import find_ffmpeg


@pytest.fixture(scope='module')
def backbone(tmp_path_factory):
    """A file of random VGG16 weights, as the trained ones cannot be redistributed."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp('weights') / BACKBONE
    torch.save(torchvision.models.vgg16(weights=None).state_dict(), path)
    return path


@pytest.fixture(autouse=True)
def no_weights(monkeypatch, tmp_path):
    monkeypatch.setenv('VSR_WEIGHTS_ROOT', str(tmp_path / 'weights'))
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'torch'))


def pair(size=(48, 64)):
    rng = np.random.default_rng(0)
    target = rng.integers(0, 256, (*size, 3), np.uint8)
    return np.clip(target + rng.normal(0, 40, target.shape), 0, 255), target


def dists_by_its_equations(prediction, target, path):
    """Equations 6 to 8 of the paper, with the learned weights of the channels."""
    from torchmetrics.functional.image import dists as package

    learned = torch.load(package._PATH_WEIGHT_DISTS, weights_only=True)
    total = learned['alpha'].sum() + learned['beta'].sum()
    vgg = torchvision.models.vgg16(weights=None)
    vgg.load_state_dict(torch.load(path, weights_only=True))
    hann = torch.tensor([0.5, 1.0, 0.5])
    window = (hann[:, None] * hann / 4)[None, None]
    stages = []
    for image in (prediction, target):
        x = torch.from_numpy(image.astype(np.float32)).permute(2, 0, 1)[None] / 255
        features = [x]
        x = (x - torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)) / torch.tensor([0.229, 0.224, 0.225]).view(
            1, 3, 1, 1
        )
        for layer in vgg.features[:-1]:
            if isinstance(layer, nn.MaxPool2d):
                # L2 pooling in place of the maximum, after every stage.
                features.append(x)
                kernel = window.expand(x.shape[1], 1, 3, 3)
                x = (nn.functional.conv2d(x**2, kernel, stride=2, padding=1, groups=x.shape[1]) + 1e-12).sqrt()
            else:
                x = layer(x)
        stages.append([*features, x])
    similarity, first = 0.0, 0
    for x, y in zip(*stages, strict=True):
        count = x.shape[1]
        mean_x, mean_y = x.mean((2, 3)), y.mean((2, 3))
        var_x, var_y = x.var((2, 3), unbiased=False), y.var((2, 3), unbiased=False)
        covariance = ((x - mean_x[..., None, None]) * (y - mean_y[..., None, None])).mean((2, 3))
        texture = (2 * mean_x * mean_y + 1e-6) / (mean_x**2 + mean_y**2 + 1e-6)
        structure = (2 * covariance + 1e-6) / (var_x + var_y + 1e-6)
        part = slice(first, first + count)
        alpha, beta = (learned[name].flatten()[part] / total for name in ('alpha', 'beta'))
        similarity += float((alpha * texture + beta * structure).sum())
        first += count
    assert first == 1475
    return 1 - similarity


def test_dists_is_that_of_its_equations(backbone):
    prediction, target = pair()
    with torch.no_grad():
        expected = dists_by_its_equations(prediction, target, backbone)
    assert expected > 1e-3
    assert dists(prediction, target, backbone) == pytest.approx(expected, rel=1e-3)


def test_dists_of_equal_images_and_channel_order(backbone):
    prediction, target = pair()
    assert dists(target, target, backbone) == pytest.approx(0, abs=1e-5)
    turned = dists(prediction[..., ::-1], target[..., ::-1], backbone, 'bgr')
    assert turned == pytest.approx(dists(prediction, target, backbone), rel=1e-5)


def test_dists_without_its_backbone(tmp_path, backbone):
    with pytest.raises(FileNotFoundError, match=f'DISTS .*{BACKBONE}'):
        dists(*pair())
    with pytest.raises(ValueError, match=r'16 x 16 .*\(15, 40, 3\)'):
        dists(*pair((15, 40)), backbone)
    torch.save({'features.0.weight': torch.ones(1)}, tmp_path / 'other.pth')
    with pytest.raises(ValueError, match=r'other\.pth .*VGG16'):
        dists(*pair(), tmp_path / 'other.pth')


# Computed by pyiqa 0.1.16, another implementation, with the authors' model of pristine images.
@pytest.mark.parametrize(('name', 'expected'), [('camera', 3.1582), ('chelsea', 2.6255), ('coffee', 4.1143)])
def test_niqe_is_that_of_another_implementation(name, expected):
    image = getattr(skimage.data, name)()
    image = image if image.ndim == 3 else np.stack([image] * 3, axis=-1)
    assert niqe(image) == pytest.approx(expected, rel=2e-3)
    assert niqe(image[..., ::-1], 'bgr') == pytest.approx(expected, rel=2e-3)


def test_niqe_needs_two_blocks():
    with pytest.raises(ValueError, match='two blocks .*100 x 190'):
        niqe(np.zeros((100, 190, 3)))


def has_vmaf():
    program = shutil.which('ffmpeg')
    done = program and subprocess.run([program, '-hide_banner', '-filters'], capture_output=True, text=True)
    return bool(done) and ' libvmaf ' in done.stdout


@pytest.mark.skipif(not has_vmaf(), reason='there is no FFmpeg with libvmaf')
def test_vmaf_falls_with_the_noise():
    image = skimage.data.astronaut()[:256, :256]
    clip = [np.roll(image, 2 * shift, 1) for shift in range(4)]
    rng = np.random.default_rng(0)
    noisy = [np.clip(frame + rng.normal(0, 25, frame.shape), 0, 255) for frame in clip]
    same, worse = vmaf(clip, clip), vmaf(noisy, clip)
    assert len(same) == len(worse) == 4 and min(same) > 95 and max(worse) < min(same) - 10


@pytest.mark.skipif(not has_vmaf(), reason='there is no FFmpeg with libvmaf')
def test_vmaf_of_clips_that_differ_in_size():
    frame = np.zeros((64, 64, 3), np.uint8)
    with pytest.raises(ValueError, match=r'\(2, 64, 64\) and \(1, 64, 64\)'):
        vmaf([frame, frame], [frame])


def test_an_ffmpeg_without_vmaf_is_named(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match='no-such-ffmpeg'):
        find_ffmpeg('no-such-ffmpeg')
    program = tmp_path / 'ffmpeg'
    program.write_text('#!/bin/sh\necho " .. scale V->V"\n')
    program.chmod(0o755)
    monkeypatch.setenv('PATH', str(tmp_path), prepend=':')
    with pytest.raises(ValueError, match=str(program)):
        find_ffmpeg()


def test_vmaf_is_not_a_metric_of_single_samples():
    with pytest.raises(ValueError, match='VMAF .*vsr score'):
        VSRMetric('basicvsr', metrics=['VMAF'])
