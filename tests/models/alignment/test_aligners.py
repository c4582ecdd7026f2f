import copy

import pytest
import torch
import torch.nn.functional as F
from checks import assert_vsr_net
from mmagic.models import TDANNet
from mmagic.models.editors.basicvsr.basicvsr_net import SPyNet
from mmagic.registry import MODELS
from mmagic.structures import DataSample

from vsr_plugins.models import (
    AlignedNet,
    DeformableAlignment,
    DISFlow,
    FlowWarpAlignment,
    RectifiedFlowAlignment,
    SpatialAlignmentNet,
    SPyNetFlow,
)

NARROW = {'type': 'TemporalAdaptiveNet', 'branch': {'type': 'ESPCNNet', 'mid_channels': (4, 3)}}
SMALL_STN = {'type': 'SpatialAlignmentNet', 'patch_size': 12, 'keep_size': 8, 'mid_channels': 4, 'hidden': 5}
EDVR = {
    'type': 'EDVRNet',
    'in_channels': 3,
    'out_channels': 3,
    'mid_channels': 8,
    'deform_groups': 2,
    'num_blocks_extraction': 1,
    'num_blocks_reconstruction': 1,
    'with_tsa': True,
}
ALIGNERS = {
    'none': None,
    'flow': {'type': 'FlowWarpAlignment'},
    'rectified': {'type': 'RectifiedFlowAlignment'},
    'stn': SMALL_STN,
    'affine': {**SMALL_STN, 'transform': 'affine'},
    'deformable': {'type': 'DeformableAlignment', 'mid_channels': 8, 'num_blocks': 1},
}
every_aligner = pytest.mark.parametrize('name', ALIGNERS)


def texture(n, h, w, seed=0, channels=1):
    """Smooth random images in [0, 1]."""
    generator = torch.Generator().manual_seed(seed)
    taps = torch.exp(-(torch.arange(-4, 5.0) ** 2) / 4.5)
    kernel = (taps[:, None] * taps / taps.sum() ** 2).expand(channels, 1, 9, 9)
    noise = F.conv2d(torch.randn(n, channels, h + 8, w + 8, generator=generator), kernel, groups=channels)
    return (0.5 + 0.15 * noise / noise.std()).clamp(0, 1)


def moved_pair(dx, dy, h=72, w=60, channels=3):
    """Return a reference and a neighbour shifted by (dx, dy): reference(p) = neighbour(p + (dx, dy))."""
    scene = texture(1, h + 20, w + 20, channels=channels)
    reference = scene[..., 10 : 10 + h, 10 : 10 + w]
    neighbour = scene[..., 10 - dy : 10 - dy + h, 10 - dx : 10 - dx + w]
    return reference, neighbour


SHIFTS = [(0, 0), (2, -1), (-3, 2), (5, 4)]


@pytest.mark.parametrize(('dx', 'dy'), SHIFTS)
def test_rectified_flow_recovers_whole_pixels_exactly(dx, dy):
    reference, neighbour = moved_pair(dx, dy)
    aligner = RectifiedFlowAlignment()
    translations = aligner.translations(neighbour, reference)
    assert torch.equal(translations, torch.tensor([dx, dy]).reshape(1, 2, 1, 1).expand(1, 2, 3, 2).float())
    inside = (..., slice(5, -5), slice(5, -5))
    assert torch.equal(aligner(neighbour, reference)[inside], reference[inside])


@pytest.mark.parametrize(('dx', 'dy'), SHIFTS)
def test_flow_warp_recovers_whole_pixels(dx, dy):
    reference, neighbour = moved_pair(dx, dy)
    flow = DISFlow()(reference, neighbour)[..., 8:-8, 8:-8]
    assert (flow - torch.tensor([dx, dy]).reshape(2, 1, 1)).abs().max() < 0.25
    error = (FlowWarpAlignment()(neighbour, reference) - reference)[..., 8:-8, 8:-8]
    assert error.square().mean().sqrt() < 0.004  # one grey level of 255
    if (dx, dy) != (0, 0):
        assert (neighbour - reference)[..., 8:-8, 8:-8].square().mean().sqrt() > 0.05


@pytest.mark.parametrize('finest_scale', [2, 3, 5])
@pytest.mark.parametrize('size', [(31, 90), (5, 7), (33, 70)])
def test_a_flow_that_stops_at_a_coarse_level_on_small_frames(finest_scale, size):
    """Without the limit, OpenCV crashes the process."""
    flow = DISFlow(finest_scale=finest_scale)(texture(1, *size), texture(1, *size, seed=1))
    assert flow.shape == (1, 2, *size) and flow.isfinite().all()


@pytest.mark.parametrize('preset', ['ultrafast', 'medium'])
def test_nothing_moves_between_a_texture_and_a_frame_of_one_color(preset):
    flow, image = DISFlow(preset), texture(1, 72, 90, channels=3)
    for value in (0.0, 0.5):
        flat = torch.full_like(image, value)
        assert not flow(image, flat).any() and not flow(flat, image).any()


@pytest.mark.slow
def test_the_stn_learns_motion_to_a_tenth_of_a_pixel():
    """Trained on pairs of patches with motion of up to two whole pixels, measured on unseen pairs."""
    torch.manual_seed(0)
    aligner = SpatialAlignmentNet(patch_size=16, keep_size=10, mid_channels=16)
    steps = 2000
    optimizer = torch.optim.Adam(aligner.parameters(), 3e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
    for step in range(steps):
        neighbours, references, motion = moved_patches(32, max_shift=2, size=16, seed=step)
        theta = aligner.motion(neighbours, references).flatten(1)
        optimizer.zero_grad()
        (theta - motion).square().mean().backward()
        optimizer.step()
        schedule.step()
    neighbours, references, motion = moved_patches(200, max_shift=2, size=16, seed=-1)
    with torch.no_grad():
        theta = aligner.motion(neighbours, references).flatten(1)
        aligned = aligner(neighbours, references)
    assert motion.abs().mean() > 1
    assert (theta - motion).abs().mean() < 0.1
    inside = (..., slice(3, -3), slice(3, -3))
    before, after = ((frames - references)[inside].square().mean() for frames in (neighbours, aligned))
    assert after < before / 20


def moved_patches(n, max_shift, size, seed):
    """Return patches, their references, and the motion (n, 2) that aligns them."""
    scenes = texture(n, size + 2 * max_shift, size + 2 * max_shift, seed)
    motion = torch.randint(-max_shift, max_shift + 1, (n, 2), generator=torch.Generator().manual_seed(seed))
    crops = [
        scene[:, max_shift - y : max_shift - y + size, max_shift - x : max_shift - x + size]
        for scene, (x, y) in zip(scenes, motion.tolist(), strict=True)
    ]
    return torch.stack(crops), scenes[..., max_shift : max_shift + size, max_shift : max_shift + size], motion.float()


def test_the_stn_on_a_frame_equals_the_stn_on_its_patches():
    torch.manual_seed(0)
    aligner = SpatialAlignmentNet(patch_size=12, keep_size=8, mid_channels=4, hidden=5).eval()
    torch.nn.init.uniform_(aligner.localization.regression[-1].bias, -1, 1)
    torch.nn.init.normal_(aligner.localization.regression[-1].weight, std=0.02)
    reference, neighbour = moved_pair(1, -1, 16, 24)
    with torch.no_grad():
        theta = aligner.motion(neighbour, reference)
        whole = aligner(neighbour, reference)
        assert theta.shape == (1, 2, 2, 3) and 0.1 < theta.abs().max() < 2 and theta.flatten(2).std(-1).min() > 1e-4
        framed = [F.pad(image, (2, 2, 2, 2), mode='replicate') for image in (neighbour, reference)]
        for row in range(2):
            for column in range(3):
                patch = (..., slice(8 * row, 8 * row + 12), slice(8 * column, 8 * column + 12))
                pair = [image[patch] for image in framed]
                torch.testing.assert_close(aligner.motion(*pair)[..., 0, 0], theta[..., row, column])
                middle = aligner(*pair)[..., 2:-2, 2:-2]
                tile = whole[..., 8 * row : 8 * row + 8, 8 * column : 8 * column + 8]
                torch.testing.assert_close(middle, tile, atol=1e-5, rtol=0)


def test_a_translation_of_hand_typed_values():
    aligner = SpatialAlignmentNet(patch_size=4, keep_size=2)
    neighbour = torch.arange(20.0).reshape(1, 1, 4, 5)
    theta = torch.zeros(1, 2, 2, 3)
    theta[0, :, 0, 1] = torch.tensor([1.0, 0.0])
    theta[0, :, 1, 2] = torch.tensor([-0.5, -1.0])
    expected = [[0, 1, 3, 4, 4], [5, 6, 8, 9, 9], [10, 11, 12, 13, 8.5], [15, 16, 17, 18, 13.5]]
    torch.testing.assert_close(aligner.align(neighbour, theta), torch.tensor(expected)[None, None], atol=1e-5, rtol=0)


def test_an_affine_motion_like_torch():
    """Scaling and shear about the centre of a patch equal PyTorch's affine grid, where 1 is the edge of the patch."""
    theta = torch.tensor([0.5, -1.0, 0.4, -0.3, 0.2, 0.6])
    patch = texture(1, 8, 8)
    aligner = SpatialAlignmentNet(patch_size=8, keep_size=4, transform='affine')
    (dx, dy), (xx, xy, yx, yy) = theta[:2] / 4, theta[2:] / 4
    matrix = torch.stack((1 + xx, xy, dx, yx, 1 + yy, dy)).reshape(1, 2, 3)
    grid = F.affine_grid(matrix, patch.shape, align_corners=False)
    expected = F.grid_sample(patch, grid, padding_mode='border', align_corners=False)
    torch.testing.assert_close(aligner.align(patch, theta.reshape(1, 6, 1, 1)), expected, atol=1e-5, rtol=0)


@every_aligner
def test_contract(name):
    torch.manual_seed(0)
    net = AlignedNet(NARROW, ALIGNERS[name])
    for offsets in (module for part, module in net.named_modules() if part.endswith('conv_offset')):
        torch.nn.init.normal_(offsets.weight, std=0.01)
    assert_vsr_net(net, t=5, size=(20, 24))


@every_aligner
@pytest.mark.parametrize('shape', [(1, 1, 3, 16, 9), (1, 2, 3, 7, 31), (2, 5, 3, 1, 3), (1, 5, 3, 12, 12)])
def test_any_size_and_length(name, shape):
    net = AlignedNet(NARROW, ALIGNERS[name]).eval()
    n, _, c, h, w = shape
    with torch.no_grad():
        assert net(torch.rand(shape)).shape == (n, c, 4 * h, 4 * w)


@every_aligner
@pytest.mark.parametrize('value', [0.0, 1.0])
def test_frames_of_one_color_have_no_motion_and_no_error(name, value):
    net = AlignedNet(NARROW, ALIGNERS[name]).eval()
    frames = torch.full((1, 5, 3, 40, 30), value)
    with torch.no_grad():
        assert net(frames).isfinite().all()
        if name not in ('none', 'deformable'):
            aligned = net.aligner(*net.pairs(frames))
            torch.testing.assert_close(aligned, torch.full_like(aligned, value))
    if name == 'rectified':
        assert not net.aligner.translations(*net.pairs(frames)).any()


@pytest.mark.parametrize('name', [name for name in ALIGNERS if name != 'none'])
def test_frames_that_differ_in_size(name):
    with pytest.raises(ValueError, match=r'got \(1, 3, 8, 9\) and \(1, 3, 8, 8\)'):
        MODELS.build(ALIGNERS[name])(torch.rand(1, 3, 8, 9), torch.rand(1, 3, 8, 8))


def test_each_neighbour_is_warped_onto_the_centre_frame():
    scene = texture(1, 80, 80, channels=3)[0]
    frames = torch.stack(
        [scene[:, 10 - dy : 70 - dy, 10 - dx : 70 - dx] for dx, dy in [(4, 1), (2, 0), (0, 0), (-2, 1)]]
    )
    net = AlignedNet(NARROW, {'type': 'RectifiedFlowAlignment'})
    aligned = net.join(frames[None], net.aligner(*net.pairs(frames[None])))[0]
    assert torch.equal(aligned[..., 6:-6, 6:-6], frames[2:3].expand(4, -1, -1, -1)[..., 6:-6, 6:-6])


def test_without_an_aligner_it_is_the_network():
    net = AlignedNet(NARROW)
    frames = torch.rand(1, 5, 3, 8, 8)
    assert torch.equal(net(frames), net.network(frames))
    output, weights = net(frames, return_weights=True)
    assert output.shape == (1, 3, 32, 32) and weights.shape == (1, 3, 32, 32)


def test_before_the_networks_of_upstream():
    tdan = {'type': 'TDANNet', 'mid_channels': 8, 'num_blocks_before_align': 1, 'num_blocks_after_align': 1}
    net = AlignedNet(tdan, {'type': 'RectifiedFlowAlignment'})
    output, aligned = net(torch.rand(1, 5, 3, 16, 16))
    assert output.shape == (1, 3, 64, 64) and aligned.shape == (1, 5, 3, 16, 16)
    assert (net.scale, net.window, net.multiple_of) == (4, 5, 1)


def test_edvr_of_any_size_behind_an_aligner():
    net = AlignedNet(EDVR, {'type': 'RectifiedFlowAlignment'}).eval()
    assert (net.scale, net.window, net.multiple_of, net.tile_multiple, net.tile_halo) == (4, 5, 4, 60, 3)
    frames = texture(5, 15, 21, channels=3)[None]
    with torch.no_grad():
        output = net(frames)
        aligned = net.join(frames, net.aligner(*net.pairs(frames)))
        expected = net.network(F.pad(aligned, (0, 3, 0, 1, 0, 0), mode='replicate'))
    assert torch.equal(output, expected[..., :60, :84])


@pytest.mark.parametrize(
    ('network', 'message'),
    [
        ({'type': 'BicubicNet'}, "BicubicNet returns 'all'"),
        ({'type': 'BasicVSRNet', 'mid_channels': 4, 'num_blocks': 1}, "BasicVSRNet returns 'all'"),
        ({'type': 'MSRResNet', 'in_channels': 3, 'out_channels': 3, 'num_blocks': 1}, "MSRResNet returns 'all'"),
        ({'type': 'TOFlowVSRNet'}, 'TOFlowVSRNet takes pre-upsampled'),
        ({'type': 'DISFlow'}, 'DISFlow'),
    ],
)
def test_networks_that_no_aligner_fits_raise(network, message):
    with pytest.raises(ValueError, match=message):
        AlignedNet(network, {'type': 'RectifiedFlowAlignment'})


def test_upstreams_editor_trains_the_fusion_of_an_edvr_behind_an_aligner_alone_at_first():
    generator = {'type': 'AlignedNet', 'network': EDVR, 'with_tsa': True}
    editor = MODELS.build(
        {
            'type': 'EDVR',
            'generator': generator,
            'pixel_loss': {'type': 'CharbonnierLoss'},
            'train_cfg': {'tsa_iter': 1},
        }
    )
    samples = DataSample.stack([DataSample(gt_img=torch.rand(3, 32, 32))])
    trained = []
    for _ in range(2):
        editor.forward_train(torch.rand(1, 5, 3, 8, 8), samples)
        trained.append({name for name, parameter in editor.generator.named_parameters() if parameter.requires_grad})
    assert trained[0] and all(name.startswith('network.fusion.') for name in trained[0])
    assert trained[1] == {name for name, _ in editor.generator.named_parameters()}
    with pytest.raises(ValueError, match='with_tsa of EDVRNet, but got False'):
        AlignedNet(EDVR, with_tsa=False)


def test_deformable_alignment_is_that_of_tdan():
    tdan = TDANNet(mid_channels=8, num_blocks_before_align=1, num_blocks_after_align=1).eval()
    for parameter in tdan.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    aligner = DeformableAlignment(mid_channels=8, num_blocks=1).eval()
    left_over = aligner.load_state_dict(tdan.state_dict(), strict=False)
    assert not left_over.missing_keys and all(key.startswith('reconstruct.') for key in left_over.unexpected_keys)
    frames = torch.rand(1, 5, 3, 12, 16)
    with torch.no_grad():
        _, expected = tdan(frames)
        aligned = aligner(frames[:, 4], frames[:, 2])
    torch.testing.assert_close(aligned, expected[:, 4])
    assert (aligned - frames[:, 4]).abs().max() > 0.01


def test_spynet_from_a_local_file(tmp_path):
    weights = {key: value for key, value in SPyNet(None).state_dict().items() if key not in ('mean', 'std')}
    torch.save(weights, tmp_path / 'spynet.pth')
    flow = SPyNetFlow(str(tmp_path / 'spynet.pth'))
    assert torch.equal(
        flow.spynet.basic_module[0].basic_module[0].conv.weight,
        torch.load(tmp_path / 'spynet.pth')['basic_module.0.basic_module.0.conv.weight'],
    )
    reference, neighbour = moved_pair(1, 0, 33, 40)
    assert flow(reference, neighbour).shape == (1, 2, 33, 40)
    expected = flow.spynet(reference, neighbour)
    assert torch.equal(flow(reference, neighbour), expected)
    frozen = SPyNetFlow(str(tmp_path / 'spynet.pth'), frozen=True)
    assert torch.equal(frozen(reference, neighbour), expected)
    assert expected.requires_grad and not frozen(reference.requires_grad_(), neighbour).requires_grad
    assert not any(parameter.requires_grad for parameter in frozen.parameters())
    aligner = RectifiedFlowAlignment({'type': 'SPyNetFlow', 'pretrained': str(tmp_path / 'spynet.pth')})
    assert aligner(neighbour, reference).shape == neighbour.shape
    with pytest.raises(FileNotFoundError, match='nothing.pth'):
        SPyNetFlow(str(tmp_path / 'nothing.pth'))


def test_any_registered_flow():
    @MODELS.register_module(name='FlowOfThisTest', force=True)
    class TwoDown(torch.nn.Module):
        def forward(self, references, neighbours):
            return (
                references.new_tensor([0.0, 1.6]).reshape(1, 2, 1, 1).expand(len(references), 2, *references.shape[2:])
            )

    neighbour = torch.arange(6.0).reshape(1, 1, 6, 1)
    for name, expected in [
        ('RectifiedFlowAlignment', [2, 3, 4, 5, 5, 5]),
        ('FlowWarpAlignment', [1.6, 2.6, 3.6, 4.6, 5, 5]),
    ]:
        aligned = MODELS.build({'type': name, 'flow': {'type': 'FlowOfThisTest'}})(neighbour, neighbour)
        torch.testing.assert_close(aligned.flatten(), torch.tensor(expected, dtype=torch.float32), atol=1e-5, rtol=0)


def test_an_aligner_can_be_copied():
    copy.deepcopy(AlignedNet(NARROW, ALIGNERS['rectified']))


@pytest.mark.parametrize(
    ('config', 'message'),
    [
        ({'type': 'SpatialAlignmentNet', 'transform': 'projective'}, "'projective'"),
        ({'type': 'SpatialAlignmentNet', 'patch_size': 36, 'keep_size': 31}, 'keep_size=31'),
        ({'type': 'SpatialAlignmentNet', 'color': 'hsv'}, "'hsv'"),
        ({'type': 'DISFlow', 'preset': 'slow'}, "'slow'"),
        ({'type': 'DISFlow', 'finest_scale': -1}, '-1'),
    ],
)
def test_wrong_arguments_are_named(config, message):
    with pytest.raises(ValueError, match=message):
        MODELS.build(config)


def test_an_aligner_on_rgb_requires_rgb():
    with pytest.raises(ValueError, match='3 channels'):
        SpatialAlignmentNet(color='rgb')(torch.rand(1, 1, 36, 36), torch.rand(1, 1, 36, 36))
