import pytest
import torch
from mmagic.registry import MODELS
from torch import nn

import vsr_plugins  # noqa: F401
from vsr_plugins.inference import tiling as tiles
from vsr_plugins.inference.memory import available_memory, is_out_of_memory, peak_memory
from vsr_plugins.inference.predictor import VideoPredictor
from vsr_plugins.inference.receptive_field import measure_receptive_field
from vsr_plugins.inference.tiling import Tiler, choose_tile, restore_tiled, tile_spans

STEP = 1 / 255


class ShuffledConvs(nn.Module):
    """As many 3 x 3 convolutions as its receptive field has pixels, and a pixel shuffle."""

    def __init__(self, radius=3, scale=2):
        super().__init__()
        torch.manual_seed(1)
        self.convs = nn.ModuleList(nn.Conv2d(3, 3, 3, padding=1) for _ in range(radius - 1))
        self.last = nn.Conv2d(3, 3 * scale**2, 3, padding=1)
        self.scale = scale

    def forward(self, frames):
        x = frames.flatten(0, 1)
        for conv in self.convs:
            x = conv(x).relu()
        return nn.functional.pixel_shuffle(self.last(x), self.scale).unflatten(0, frames.shape[:2])


def whole_frame_mean(frames):
    """Depends on the whole frame: brightness relative to the mean."""
    return nn.functional.interpolate(frames[0], scale_factor=2)[None] - frames.mean((-1, -2), keepdim=True)


def clip(t, h, w):
    """Moving waves in [0, 1]."""
    y, x = torch.meshgrid(torch.arange(h), torch.arange(w), indexing='ij')
    frames = [torch.sin((x + 2 * i) * f / 9) * torch.cos((y - i) / (5 * f)) for i in range(t) for f in (1, 2, 3)]
    return torch.stack(frames).reshape(1, t, 3, h, w) * 0.4 + 0.5


@pytest.mark.parametrize(
    ('size', 'tile', 'multiple_of', 'spans'),
    [
        (10, 10, 1, [(0, 10)]),
        (10, 9, 1, [(0, 5), (5, 10)]),
        (33, 16, 4, [(0, 12), (12, 24), (24, 33)]),
        (40, 3, 8, [(0, 8), (8, 16), (16, 24), (24, 32), (32, 40)]),
    ],
)
def test_a_side_is_cut_evenly(size, tile, multiple_of, spans):
    assert tile_spans(size, tile, multiple_of) == spans


@pytest.mark.parametrize(('size', 'tile'), [((40, 50), 16), ((17, 64), 20), ((5, 90), 7)])
def test_tiles_whose_halo_covers_the_receptive_field_are_exact(size, tile):
    network, frames = ShuffledConvs(radius=3), clip(2, *size)
    untiled = network(frames).detach()
    torch.testing.assert_close(restore_tiled(network, frames, 2, tile, halo=3), untiled, atol=1e-6, rtol=0)
    torch.testing.assert_close(restore_tiled(network, frames, 2, tile, halo=3, feather=4), untiled, atol=1e-6, rtol=0)
    # A halo one pixel short makes a difference, so the test above is meaningful.
    short = restore_tiled(network, frames, 2, tile, halo=2, multiple_of=1)
    assert (short - untiled).abs().max() > 1e-4


def test_a_centre_frame_network_keeps_its_four_dimensions():
    network, frames = ShuffledConvs(), clip(3, 30, 40)
    output = restore_tiled(lambda window: network(window)[:, 1], frames, 2, 16, 3)
    torch.testing.assert_close(output, network(frames)[:, 1].detach(), atol=1e-6, rtol=0)


def test_blending_hides_the_seams_of_a_network_that_depends_on_the_whole_frame():
    frames = clip(1, 64, 96)
    hard, soft = (restore_tiled(whole_frame_mean, frames, 2, 32, 0, feather) for feather in (0, 8))
    seam = lambda output: (output - whole_frame_mean(frames)).diff(dim=-1).abs().max()  # noqa: E731
    assert seam(soft) < seam(hard) / 8


@pytest.mark.parametrize(('operator', 'radius'), [('conv5', 2), ('dilated', 6), ('strided', 5), ('dead', 3)])
def test_the_receptive_field_is_that_of_the_operators_whatever_the_weights(operator, radius):
    """Counted by hand: half the kernel, times the dilation; strided 3, then 4 x 4 transposed; zero weights."""
    layers = {
        'conv5': [nn.Conv2d(3, 3, 5, padding=2)],
        'dilated': [nn.Conv2d(3, 3, 5, padding=6, dilation=3)],
        'strided': [nn.Conv2d(3, 3, 3, 2, 1), nn.Conv2d(3, 3, 3, padding=1), nn.ConvTranspose2d(3, 3, 4, 2, 1)],
        'dead': [nn.Conv2d(3, 3, 7, padding=3)],
    }[operator]
    if operator == 'dead':
        nn.init.zeros_(layers[0].weight)
    network = nn.Sequential(*layers)
    measured = measure_receptive_field(lambda frames: network(frames[0])[None], clip(1, 96, 80), scale=1, multiple_of=1)
    assert measured.pixels == pytest.approx(radius, abs=1 if operator == 'strided' else 0)
    assert measured.halo >= radius - 1 and measured.covered and measured.difference == pytest.approx(0, abs=1e-6)


def test_an_unbounded_receptive_field_is_reported_with_the_error_of_tiles():
    field = measure_receptive_field(whole_frame_mean, clip(1, 100, 128), scale=2)
    assert field.pixels is None and not field.covered
    assert f'{field.difference * 255:.2g}/255' in str(field)


def test_a_cut_is_probed_at_the_top_and_the_left_too():
    """A grid of eight pixels, which is shifted in a tile that begins between two of its lines."""

    def checked(frames):
        return frames * (1 + 0.1 * (torch.arange(frames.shape[-1]) // 4 % 2))

    off, on = (
        measure_receptive_field(checked, clip(1, 100, 100), scale=1, multiple_of=multiple) for multiple in (4, 8)
    )
    assert not off.covered and off.farther and str(off) != str(on)
    assert on.covered and on.difference == 0 and not on.farther


def test_on_frames_too_small_to_probe_the_difference_is_that_of_the_result():
    frames = clip(1, 40, 64)
    tiler = Tiler(whole_frame_mean, 2, tile=16, multiple_of=4)
    tiled = tiler(frames)
    difference = (tiled - whole_frame_mean(frames)).abs().max().item()
    assert difference > STEP
    assert tiler.receptive_field.difference == pytest.approx(difference)
    assert f'{difference * 255:.2g}/255' in str(tiler.receptive_field)


NETWORKS = {
    'espcn': (dict(type='ESPCNNet'), 2),
    'temporal adaptive': (dict(type='TemporalAdaptiveNet'), 5),
    'edvr': (
        dict(
            type='EDVRNet',
            in_channels=3,
            out_channels=3,
            mid_channels=8,
            num_frames=3,
            deform_groups=2,
            num_blocks_extraction=1,
            num_blocks_reconstruction=1,
            center_frame_idx=1,
        ),
        3,
    ),
    'zooming slow-mo': (
        dict(
            type='ZoomingSlowMoNet',
            mid_channels=8,
            deform_groups=2,
            num_blocks_extraction=1,
            num_blocks_reconstruction=1,
        ),
        2,
    ),
    'short-range attention': (dict(type='LatentAttentionNet', mid_channels=4, num_layers=2, attn_layout='S'), 2),
}


@pytest.mark.parametrize('name', NETWORKS)
def test_tiles_of_bounded_networks_differ_by_less_than_a_step(name):
    config, t = NETWORKS[name]
    torch.manual_seed(0)
    network = MODELS.build(config).eval()
    for part_name, part in network.named_parameters():
        if 'offset' in part_name:  # zero at first: nothing would move
            nn.init.normal_(part, std=0.02)
    frames = clip(t, 80, 72)
    tiler = Tiler(network, 4, tile=40)
    with torch.inference_mode():
        output, untiled = tiler(frames), network(frames)
    assert output.shape == untiled.shape and tiler.receptive_field.covered
    assert (output - untiled).abs().max() < STEP
    assert tiler.receptive_field.halo < 40


ALIGNED = {
    'stn': dict(
        network=dict(type='TemporalBranchNet', num_frames=3, branch=dict(type='ESPCNNet', mid_channels=(4, 3))),
        aligner=dict(type='SpatialAlignmentNet', patch_size=16, keep_size=10, mid_channels=4, hidden=5),
    ),
    'edvr': dict(network=NETWORKS['edvr'][0]),
}


@pytest.mark.parametrize(('name', 'multiple', 'halo'), [('stn', 10, 3), ('edvr', 4, 0)])
def test_tiles_fall_on_the_patches_of_an_aligner_and_the_strides_behind_it(name, multiple, halo):
    torch.manual_seed(0)
    network = MODELS.build(dict(type='AlignedNet', **ALIGNED[name])).eval()
    for part in network.network.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight)
    if network.aligner is not None:
        nn.init.normal_(network.aligner.localization.regression[-1].weight, std=0.6)
    predictor = VideoPredictor(network, precision='float32', tile=26)
    frames = [(frame.permute(1, 2, 0) * 255).byte().numpy() for frame in clip(3, 90, 92)[0]]
    tiled = torch.stack([picture for (picture,) in predictor.restore(iter(frames))])
    untiled = torch.stack(
        [picture for (picture,) in VideoPredictor(network, precision='float32', tile=0).restore(iter(frames))]
    )
    tiler = predictor._tiler
    assert (tiler.multiple_of, tiler.min_halo) == (multiple, halo) and tiler.receptive_field.halo >= halo
    assert (tiled - untiled).abs().max() < STEP and untiled.std() > 0.05


def test_the_receptive_field_of_long_range_attention_is_unbounded():
    torch.manual_seed(0)
    network = MODELS.build(dict(type='LatentAttentionNet', mid_channels=4, num_layers=2, attn_layout='L')).eval()
    frames = clip(2, 96, 88)
    with torch.inference_mode():
        field = measure_receptive_field(network, frames, 4)
    assert field.pixels is None


class LittleMemory:
    """Raises ``error`` above a number of input pixels, as an allocator does."""

    def __init__(self, pixels, error):
        self.network, self.pixels, self.error, self.failures = ShuffledConvs(), pixels, error, 0

    def __call__(self, frames):
        if frames.shape[-1] * frames.shape[-2] > self.pixels:
            self.failures += 1
            raise self.error
        return self.network(frames)


ERRORS = [
    torch.OutOfMemoryError('CUDA out of memory.'),
    RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried to allocate"),
    RuntimeError('GET was unable to find an engine to execute this computation'),
    MemoryError(),
]


@pytest.mark.parametrize('error', ERRORS, ids=['torch', 'cpu', 'cudnn', 'python'])
def test_out_of_memory_halves_the_tile_and_continues(error):
    frames, network = clip(1, 160, 200), LittleMemory(12_500, error)
    tiler = Tiler(network, 2, tile=0, multiple_of=4)
    torch.testing.assert_close(tiler(frames), network.network(frames).detach(), atol=1e-6, rtol=0)
    assert tiler.tile == 25 and network.failures
    failures = network.failures
    tiler(frames)
    assert network.failures == failures, 'a tile that did not fit was tried again'
    torch.testing.assert_close(restore_tiled(network, frames, 2, None, 3), network.network(frames).detach())


def test_other_errors_do_not_count_as_out_of_memory():
    network = LittleMemory(0, RuntimeError('mat1 and mat2 shapes cannot be multiplied'))
    with pytest.raises(RuntimeError, match='mat1'):
        Tiler(network, 2, tile=0)(clip(1, 90, 120))
    assert network.failures == 1
    assert not is_out_of_memory(ValueError('out of memory'))


def test_memory_error_if_no_tile_fits():
    with pytest.raises(MemoryError, match='16'):
        restore_tiled(LittleMemory(0, MemoryError()), clip(1, 90, 120), 2, None, 3)


@pytest.mark.parametrize('numbers', [dict(tile=0, halo=3), dict(tile=8, halo=-1), dict(tile=8, halo=1, feather=-1)])
def test_numbers_out_of_range_are_refused(numbers):
    with pytest.raises(ValueError, match=f'halo={numbers["halo"]}'):
        restore_tiled(ShuffledConvs(), clip(1, 8, 8), 2, **numbers)
    with pytest.raises(ValueError, match='-4'):
        Tiler(ShuffledConvs(), 2, tile=-4)


def test_the_tile_is_chosen_by_the_memory_of_a_probe(monkeypatch):
    """At 1000 bytes a pixel, 200 x 200 pixels fit into 40 MB, halo included."""
    monkeypatch.setattr(tiles, 'peak_memory', lambda run, device: run().numel() and 1000 * 128 * 128)
    frames = clip(1, 300, 300)
    output = 2 * frames.numel() * 4 * 4
    assert choose_tile(ShuffledConvs(), frames, 2, memory=40_000_000 + output) == 128
    assert choose_tile(ShuffledConvs(), frames, 2, memory=90_000_000 + output) is None
    assert choose_tile(ShuffledConvs(), frames, 2, memory=0) == 16


def test_the_memory_of_a_run_is_measured():
    if available_memory() is None:
        pytest.skip('this system does not report its memory')
    peak = peak_memory(lambda: torch.ones(16 * 2**20))
    assert 60 * 2**20 < peak < 100 * 2**20
    assert available_memory() > 100 * 2**20
