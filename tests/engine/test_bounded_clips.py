"""Long clips are measured in parts, with the scores of complete clips."""

import cv2
import numpy as np
import pytest
import torch
from mmagic.registry import DATASETS, METRICS, MODELS
from mmagic.utils import register_all_modules
from mmengine.runner import Runner

from vsr_plugins.apis.measuring import measure
from vsr_plugins.datasets import clip_frames
from vsr_plugins.engine.bounded_clips import bounded, bounded_all

FRAMES = 100
STEPS = [
    {'type': 'LoadFrames', 'key': 'gt'},
    {'type': 'DegradeFrames', 'kind': 'BI', 'scale': 4},
    {'type': 'StackFrames', 'keys': ['img', 'gt']},
    {'type': 'PackInputs', 'meta_keys': ['key']},
]
PREPROCESSOR = {'type': 'DataPreprocessor', 'mean': [0.0, 0.0, 0.0], 'std': [255.0, 255.0, 255.0]}


@pytest.fixture(scope='module', autouse=True)
def scope():
    register_all_modules()


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    """A clip of 100 frames of drifting texture, and one of seven."""
    root = tmp_path_factory.mktemp('clips')
    texture = cv2.GaussianBlur(np.random.default_rng(0).random((160, 80, 3)), (0, 0), 2)
    texture = (255 * (texture - texture.min()) / np.ptp(texture)).astype(np.uint8)
    for name, count in (('long', FRAMES), ('short', 7)):
        (root / 'GT' / name).mkdir(parents=True)
        for number in range(count):
            cv2.imwrite(str(root / 'GT' / name / f'{number:08d}.png'), texture[number : number + 48, :56])
    return root


def loader(root, **options):
    dataset = {'type': 'ClipFramesDataset', 'data_root': str(root), 'data_prefix': {'gt': 'GT'}, 'pipeline': STEPS}
    sampler = {'type': 'DefaultSampler', 'shuffle': False}
    return {'num_workers': 0, 'batch_size': 1, 'sampler': sampler, 'dataset': {**dataset, **options}}


def model(generator):
    torch.manual_seed(0)
    return MODELS.build(
        {
            'type': 'BaseEditModel',
            'generator': generator,
            'pixel_loss': {'type': 'MSELoss'},
            'data_preprocessor': PREPROCESSOR,
        }
    ).eval()


def scores(editor, config):
    metric = {'type': 'VSRMetric', 'protocol': 'duf', 'metrics': ['PSNR', 'SSIM', 'tOF']}
    (found,) = measure(editor, Runner.build_dataloader(config), [METRICS.build(metric)])
    return found


LATENT = {'type': 'LatentAttentionNet', 'mid_channels': 4, 'num_layers': 5, 'attn_layout': 'LS', 'chunk_length': 7}


@pytest.mark.parametrize(
    'generator',
    [
        {'type': 'BicubicNet'},
        {'type': 'ESPCNNet', 'in_channels': 1, 'scale': 4},
        {**LATENT, 'chunk_overlap': 2},
    ],
    ids=lambda generator: generator['type'],
)
def test_the_scores_are_those_of_complete_clips(root, generator, monkeypatch):
    editor = model(generator)
    whole = scores(editor, loader(root))
    monkeypatch.setattr(clip_frames, 'PART_BYTES', 0)
    config = bounded(loader(root), editor.generator)
    data = config['dataset']
    sizes = [len(data[i]['inputs']) for i in range(len(data))]
    # Flat: no sample grows with the clip.
    assert len(sizes) > 3 and max(sizes) < 48
    parts = scores(editor, config)
    assert parts.frames == whole.frames == {'long': FRAMES - 4, 'short': 3}
    for clip, values in whole.clips.items():
        assert parts.clips[clip] == pytest.approx(values, abs=2e-4)


def test_a_recurrent_network_gets_long_parts(root, monkeypatch):
    editor = model({'type': 'BicubicNet'})
    for name in ('temporal_context', 'halo'):
        monkeypatch.setattr(type(editor.generator), name, None, raising=False)
    default = bounded(loader(root), editor.generator)['dataset']
    # Small frames fit as they are.
    assert len(default) == 2


def test_a_budget_limits_the_bytes_of_a_part(root):
    data = DATASETS.build(loader(root)['dataset'])
    data.bound(8, 2, budget=48 * 56 * clip_frames.FRAME_BYTES * 40)
    sizes = [len(data.get_data_info(i)['gt_path']) for i in range(len(data))]
    # 38 = 8 + 5 * 6 frames fit; neighbours share two.
    assert sizes == [38, 64, 7]
    # Cutting again changes nothing.
    before = [data.get_data_info(i)['gt_path'] for i in range(len(data))]
    data.bound(8, 2, budget=48 * 56 * clip_frames.FRAME_BYTES * 40)
    assert [data.get_data_info(i)['gt_path'] for i in range(len(data))] == before


def test_what_needs_complete_clips_is_not_cut(root, monkeypatch):
    monkeypatch.setattr(clip_frames, 'PART_BYTES', 0)
    network = model({'type': 'BicubicNet'}).generator
    steps = [{'type': 'AppendKeyFrames', 'num_key_frames': 4}, *STEPS]
    assert bounded(loader(root, pipeline=steps), network)['dataset']['pipeline'] == steps
    config = loader(root)
    # A metric that does not know of parts measures complete clips.
    assert bounded_all(config, {'metrics': [{'type': 'PSNR'}]}, network) is config
    (cut,) = bounded_all([config], [{'metrics': [{'type': 'VSRMetric'}]}], network)
    assert len(cut['dataset']) > 2
