"""Trainings and tests by several processes."""

import cv2
import numpy as np
import processes
import pytest
import torch
import training
from mmengine.config import Config

from vsr_plugins.datasets.shared_samples import shares_of_clips
from vsr_plugins.engine.sample_stream import SampleStream

pytestmark = pytest.mark.skipif(torch.cuda.is_available(), reason='the processes would use the GPUs')


class TestTraining:
    def test_clocks_that_differ_give_one_training(self, tmp_path):
        first, second = processes.run(processes.timed, tmp_path)
        # Validations take a tenth of a second for each of six samples.
        assert 20 < first['iterations'] <= 30
        assert first == second
        assert first['rates'][0] > first['rates'][-1]

    @pytest.mark.parametrize('wrapper', [None, {'accumulative_counts': 3}])
    def test_a_resumed_training_ends_in_the_same_weights(self, tmp_path, wrapper):
        """With noise, dropout and a seed as large as mmengine draws."""
        (whole, half), (other, other_half) = processes.run(processes.resumed, tmp_path, wrapper)
        assert whole['weights'] == half['weights'] == other['weights'] == other_half['weights']
        for full, rest in ((whole, half), (other, other_half)):
            assert full['draws'][3:] == rest['draws'] and full['indices'][9:] == rest['indices']
        # Together they take the samples that one process with all of the batch takes.
        both = [index for pair in zip(whole['indices'], other['indices'], strict=True) for index in pair]
        stream = SampleStream(training.Augmented())
        stream.seed = processes.SEED
        assert both == [stream.index(position) for position in range(len(both))]
        assert not set(whole['draws']) & set(other['draws'])

    def test_all_processes_measure_the_buffers_that_are_saved(self, tmp_path):
        first, second = processes.run(processes.validated, tmp_path)
        saved = torch.load(tmp_path / 'work' / 'iter_2.pth', weights_only=False)['state_dict']
        assert first == second == saved['layer.0.running_mean'].tolist()

    @pytest.mark.parametrize(('value', 'word'), [(float('nan'), 'NaN'), (float('inf'), 'infinite')])
    def test_a_loss_that_is_not_finite_in_one_process_stops_all(self, tmp_path, value, word):
        for error in processes.run(processes.poisoned, tmp_path, value, []):
            assert f'is {word} at iteration 2' in error

    def test_a_step_is_skipped_by_all(self, tmp_path):
        hook = {'type': 'FiniteLossHook', 'action': 'skip'}
        first, second = processes.run(processes.poisoned, tmp_path, float('nan'), [hook])
        assert isinstance(first, dict) and first == second


STEPS = [
    {'type': 'LoadFrames', 'key': 'gt'},
    {'type': 'DegradeFrames', 'kind': 'BI', 'scale': 4},
    {'type': 'StackFrames', 'keys': ['img', 'gt']},
    {'type': 'PackInputs', 'meta_keys': ['key']},
]
FRAME_STEPS = [STEPS[0], STEPS[1], STEPS[3]]
CLIPS = {'long': 40, 'middle': 6, 'short': 5}


@pytest.fixture(scope='module', autouse=True)
def server(tmp_path_factory):
    """Start it before the first test, as it takes seconds."""
    assert processes.run(processes.nothing, tmp_path_factory.mktemp('server')) == [0, 1]


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp('clips')
    texture = cv2.GaussianBlur(np.random.default_rng(0).random((160, 208, 3)), (0, 0), 2)
    texture = (255 * (texture - texture.min()) / np.ptp(texture)).astype(np.uint8)
    for name, count in CLIPS.items():
        (root / 'GT' / name).mkdir(parents=True)
        for number in range(count):
            cv2.imwrite(str(root / 'GT' / name / f'{number:08d}.png'), texture[number : number + 104, :200])
    return root


def settings(root, work_dir, clips, generator, **options):
    dataset = {'type': 'ClipFramesDataset', 'data_root': str(root), 'clips': clips, **options}
    metrics = [{'type': 'PerceptualIndex'}, {'type': 'VSRMetric', 'protocol': 'basicvsr', 'metrics': METRICS}]
    return Config(
        {
            'model': {
                'type': 'BaseEditModel',
                'generator': {'type': generator, 'scale': 4},
                'pixel_loss': {'type': 'MSELoss'},
                'data_preprocessor': {'type': 'DataPreprocessor', 'mean': [0.0] * 3, 'std': [255.0] * 3},
            },
            'test_dataloader': {
                'num_workers': 0,
                'batch_size': 1,
                'sampler': {'type': 'DefaultSampler', 'shuffle': False},
                'dataset': dataset,
            },
            'test_evaluator': {'type': 'Evaluator', 'metrics': metrics},
            'test_cfg': {'type': 'MultiTestLoop'},
            'default_hooks': {'pictures': {'type': 'FramePicturesHook', 'test': True}},
            'work_dir': str(work_dir),
            'launcher': 'pytorch',
            'default_scope': 'mmagic',
            'randomness': {'seed': 0},
        }
    )


METRICS = ['PSNR', 'SSIM', 'tOF']


@pytest.mark.parametrize(
    ('clips', 'generator', 'options', 'in_parts'),
    [
        (['long', 'middle', 'short'], 'ESPCNNet', {'pipeline': STEPS}, False),
        (['middle'], 'ESPCNNet', {'pipeline': STEPS}, False),
        (['middle', 'short'], 'ESPCNNet', {'pipeline': FRAME_STEPS, 'samples': 'frames'}, False),
        (['short', 'long'], 'BicubicNet', {'pipeline': STEPS}, True),
    ],
    ids=['an odd number of clips', 'fewer clips than processes', 'frames', 'parts of clips, nothing to train'],
)
def test_processes_measure_together_what_one_measures(root, tmp_path, clips, generator, options, in_parts):
    """Also of neighbouring frames, and no sample twice."""
    found = []
    for count in (1, 2):
        work_dir = tmp_path / str(count)
        config = settings(root, work_dir, clips, generator, **options)
        found.append(processes.run(processes.measured, work_dir, config, in_parts, processes=count))
        pictures = sorted(path.relative_to(path.parents[1]) for path in work_dir.rglob('*.png'))
        assert len(pictures) == sum(CLIPS[clip] for clip in clips)
        assert len(list(work_dir.glob('*/*.json'))) == 1
    ((expected, samples),), ((first, some), (second, others)) = found
    assert first == second == expected and {'PSNR', 'SSIM', 'tOF', 'NIQE'} <= expected.keys()
    assert sorted(some + others) == sorted(samples)


@pytest.mark.parametrize(
    ('clips', 'count', 'expected'),
    [
        ('aabbbc', 2, [[2, 3, 4], [0, 1, 5]]),
        ('aaa', 2, [[0, 1, 2], []]),
        ('abc', 3, [[0], [1], [2]]),
        ('abab', 2, [[0, 2], [1, 3]]),
    ],
)
def test_clips_stay_in_one_process(clips, count, expected):
    assert shares_of_clips(clips, count) == expected


def test_processes_write_one_file_at_once(tmp_path):
    processes.run(processes.written, tmp_path)
    assert (tmp_path / 'file.json').read_text() == 'x' * 1000
    assert not list(tmp_path.glob('.file*'))
