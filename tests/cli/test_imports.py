"""Imports of the commands: the fast ones import no PyTorch, the restoring ones no MMagic."""

import subprocess
import sys

import pytest

from vsr_plugins.media.images.image_files import encode_png

# Modules that take longer to import than the command takes to run.
TRAINING = ('mmengine.runner', 'mmengine.optim', 'mmcv', 'mmagic', 'diffusers', 'transformers', 'mediapipe', 'jax')
PYTORCH = ('torch', 'mmengine', 'scipy', 'matplotlib', 'skimage', *TRAINING)

PROBE = """
import sys
from vsr_plugins.cli import main
try:
    status = main(sys.argv[2:])
except SystemExit as exit:
    status = exit.code or 0
found = [name for name in sys.argv[1].split(',') if name in sys.modules]
sys.exit(f'imported: {found}' if found else status)
"""


def run(forbidden, *arguments):
    """Run a command in a fresh interpreter and return its output; fail if it imported a forbidden module."""
    command = [sys.executable, '-c', PROBE, ','.join(forbidden), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope='module')
def frames(tmp_path_factory):
    import numpy as np

    folder = tmp_path_factory.mktemp('frames')
    for i in range(2):
        image = np.random.default_rng(i).integers(0, 256, (24, 32, 3), dtype=np.uint8)
        (folder / f'{i}.png').write_bytes(encode_png(image))
    return folder


@pytest.mark.parametrize(
    'arguments',
    [
        ('--help',),
        ('--version',),
        ('upscale', '--help'),
        ('upscale', '--list-models'),
        ('score', '--list-protocols'),
        ('prepare', '--help'),
        ('table', '--help'),
    ],
    ids=' '.join,
)
def test_commands_that_only_print_import_no_pytorch(arguments):
    assert run((*PYTORCH, 'cv2', 'numpy', 'av'), *arguments)


def test_scoring_imports_no_pytorch(frames):
    assert 'PSNR' in run(PYTORCH, 'score', frames, frames)


@pytest.mark.parametrize('model', ['bicubic', 'espcn', 'latent-attention', 'robust-vsr-stn'])
def test_upscaling_imports_neither_mmagic_nor_torchvision(frames, tmp_path, model):
    forbidden = (*TRAINING, 'mmengine', 'torchvision', 'matplotlib', 'skimage', 'scipy')
    run(forbidden, 'upscale', frames, tmp_path / 'out', '--model', model)
    assert len(list((tmp_path / 'out').glob('*.png'))) == 2


def test_upscaling_by_a_config_of_our_networks_imports_no_mmagic(frames, tmp_path):
    config = tmp_path / 'c.py'
    config.write_text(
        "custom_imports = dict(imports=['vsr_plugins'])\n"
        "model = dict(type='BaseEditModel', generator=dict(type='BasicVSRNet', mid_channels=4, num_blocks=1),\n"
        "    data_preprocessor=dict(type='DataPreprocessor', mean=[0., 0., 0.], std=[255., 255., 255.]))\n"
    )
    import torch

    from vsr_plugins.models.networks import BasicVSRNet

    weights = {f'generator.{key}': value for key, value in BasicVSRNet(4, 1).state_dict().items()}
    torch.save(dict(state_dict=weights), tmp_path / 'w.pth')
    files = ('--config', config, '--checkpoint', tmp_path / 'w.pth')
    run((*TRAINING, 'torchvision'), 'upscale', frames, tmp_path / 'out', *files)
    assert len(list((tmp_path / 'out').glob('*.png'))) == 2
