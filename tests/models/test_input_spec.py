import pytest
import torch
from mmagic.registry import MODELS
from mmagic.utils import register_all_modules
from torch import nn

from vsr_plugins.inference.predictor import VideoPredictor
from vsr_plugins.models import alignment
from vsr_plugins.models.input_spec import CLIP_LEN, OVERLAP, input_spec
from vsr_plugins.models.reduced import REDUCED, build_reduced, network_names

register_all_modules()

# Networks that cannot restore a video alone: aligners, optical flow, interpolation between two frames.
PARTS = {*alignment.__all__, 'LinearBlendNet'} - {'AlignedNet'}
# Of networks that take no argument for it and do not upsample by 4.
SCALES = {'EDVRStage2Net': 1}


def scale_of(name):
    """The scale that a reduced network is built for."""
    arguments = REDUCED[name]
    given = [arguments[key] for key in ('scale', 'upscale_factor', 'upscale') if key in arguments]
    return given[0] if given else SCALES.get(name, 4)


# At upstream's own width, which is fixed.
SLOW = ('IconVSRNet',)


def test_every_network_has_a_reduced_one():
    missing = {*network_names()} - {*REDUCED}
    assert not missing, f'add arguments for a small network to REDUCED in vsr_plugins/models/reduced.py: {missing}'


@pytest.mark.parametrize(
    'name',
    [
        pytest.param(n, marks=pytest.mark.slow) if n in SLOW else n
        for n in sorted({*network_names()} & {*REDUCED} - PARTS)
    ],
)
def test_networks_of_all_kinds_restore_a_clip_of_odd_size(name):
    torch.manual_seed(0)
    network = build_reduced(name)
    generator = torch.Generator().manual_seed(1)
    frames = [torch.randint(0, 255, (17, 22, 3), dtype=torch.uint8, generator=generator).numpy() for _ in range(3)]
    predictor = VideoPredictor(network)
    made = list(predictor.restore(iter(frames)))
    scale = scale_of(name)
    assert predictor.spec.scale == scale
    assert [len(pictures) for pictures in made] == (
        [2, 2, 1] if name in ('ZoomingSlowMoNet', 'TwoStageNet') else [1, 1, 1]
    )
    for pictures in made:
        for picture in pictures:
            assert picture.shape == (3, 17 * scale, 22 * scale)
            assert picture.isfinite().all() and picture.min() >= 0 and picture.max() <= 1


def test_needs_come_from_attributes():
    spec = input_spec(MODELS.build(dict(type='LatentAttentionNet', mid_channels=4, chunk_length=5, chunk_overlap=2)))
    assert (spec.output, spec.window, spec.clip_len, spec.overlap, spec.scale) == ('all', None, 5, 2, 4)
    spec = input_spec(MODELS.build(dict(type='DUFNet', scale=2)))
    assert (spec.output, spec.window, spec.scale, spec.temporal_context) == ('center', 7, 2, 3)
    spec = input_spec(MODELS.build(dict(type='ZoomingSlowMoNet', mid_channels=8, num_blocks_reconstruction=1)))
    assert (spec.temporal_scale, spec.clip_len, spec.overlap) == (2, 24, 8)
    spec = input_spec(MODELS.build(dict(type='BicubicNet', scale=3)))
    assert (spec.scale, spec.clip_len, spec.overlap) == (3, 1, 0)
    spec = input_spec(MODELS.build(dict(type='BasicVSRNet', mid_channels=4, num_blocks=1)))
    assert (spec.clip_len, spec.overlap, spec.min_size) == (CLIP_LEN, OVERLAP, 64)
    spec = input_spec(MODELS.build(dict(type='IconVSRNet', **REDUCED['IconVSRNet'])))
    assert (spec.clip_len, spec.min_size, spec.min_frames) == (CLIP_LEN, 64, 5)
    edvr = dict(type='EDVRNet', **REDUCED['EDVRNet'])
    spec = input_spec(MODELS.build(dict(type='AlignedNet', network=edvr)))
    assert (spec.output, spec.window, spec.multiple_of) == ('center', 5, 1)  # it pads the frames itself


def test_a_network_without_declaration_is_named():
    with pytest.raises(ValueError, match='Linear'):
        input_spec(nn.Linear(1, 1))


class Remember(nn.Module):
    """A minimal network with upstream's contract that records its inputs."""

    scale, window, output, temporal_context = 1, None, 'all', 0

    def forward(self, lqs):
        self.seen = lqs
        return lqs * 2


@pytest.mark.parametrize(
    ('mean', 'std', 'order'), [((10, 20, 30), (50, 100, 200), None), ((0, 0, 0), (255,) * 3, 'BGR')]
)
def test_the_normalisation_of_a_model_is_respected(mean, std, order):
    model = nn.Module()
    model.generator = Remember()
    model.data_preprocessor = MODELS.build(
        dict(type='DataPreprocessor', mean=list(mean), std=list(std), output_channel_order=order)
    )
    frame = torch.tensor([60, 70, 80], dtype=torch.uint8).expand(4, 4, 3).numpy()
    (made,) = next(VideoPredictor(model).restore(iter([frame])))
    seen = model.generator.seen[0, 0, :, 0, 0]
    ordered = (60, 70, 80) if order is None else (80, 70, 60)
    expected = [(value - m) / s for value, m, s in zip(ordered, mean, std, strict=True)]
    assert seen.tolist() == pytest.approx(expected, rel=1e-5)
    doubled = [min(2 * e * s + m, 255) / 255 for e, m, s in zip(expected, mean, std, strict=True)]
    assert made[:, 0, 0].tolist() == pytest.approx(doubled if order is None else doubled[::-1], rel=1e-5)


class Averages(nn.Module):
    """A streaming network that runs out of memory at one frame."""

    scale, window, output, temporal_context, window_length = 1, None, 'all', 1, 2

    def forward(self, lqs):
        return lqs / 2

    def stream(self, lqs):
        for number, frame in enumerate(lqs):
            if number == 5:
                raise torch.OutOfMemoryError('CUDA out of memory')
            yield frame / 2


def test_a_stream_that_runs_out_of_memory_continues_in_tiles():
    frames = [torch.full((40, 40, 3), 10 * i, dtype=torch.uint8).numpy() for i in range(12)]
    made = [picture[0, 0, 0] * 255 for (picture,) in VideoPredictor(Averages()).restore(iter(frames))]
    assert made == pytest.approx([5 * i for i in range(12)], abs=1e-4)


class Overflows(Remember):
    """Return non-finite values under autocast, as networks with large features do in half precision."""

    def forward(self, lqs):
        return lqs * (float('inf') if torch.is_autocast_enabled('cpu') else 1)


def test_overflow_in_half_precision_falls_back_to_float32():
    frames = [torch.full((8, 8, 3), 51, dtype=torch.uint8).numpy()] * 3
    predictor = VideoPredictor(Overflows(), precision='half')
    assert predictor.half
    made = list(predictor.restore(iter(frames)))
    assert not predictor.half
    assert all((picture == 51 / 255).all() for (picture,) in made)
