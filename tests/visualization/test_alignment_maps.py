"""EDVR's alignment and attention, drawn."""

import cv2
import numpy as np
import torch

from vsr_plugins.cli import main
from vsr_plugins.models.networks import EDVRAblatedNet
from vsr_plugins.visualization.alignment_maps import AlignmentMaps, alignment_figure, alignment_maps, flow_colors

NARROW = dict(
    in_channels=3, out_channels=3, mid_channels=8, deform_groups=2, num_blocks_extraction=1, num_blocks_reconstruction=1
)


def moving(size=64):
    """Texture that moves two pixels to the right from frame to frame, (1, 5, 3, size, size)."""
    texture = np.random.default_rng(0).random((size, size + 20, 3)).astype(np.float32)
    texture = cv2.GaussianBlur(texture, (0, 0), 2)
    texture = (texture - texture.min()) / np.ptp(texture)
    frames = [texture[:, 10 - 2 * i : 10 - 2 * i + size] for i in range(5)]
    return torch.from_numpy(np.stack(frames)).permute(0, 3, 1, 2)[None]


def test_without_alignment_the_flow_is_that_of_the_frames_before_and_after():
    torch.manual_seed(0)
    net = EDVRAblatedNet('none', with_tsa=True, **NARROW).eval()
    with torch.no_grad():
        maps = alignment_maps(net, moving())
    np.testing.assert_array_equal(maps.before, maps.after)
    inner = maps.before[:, :, 16:-16, 16:-16].mean(axis=(2, 3))
    # Frame i is 2 * (i - 2) pixels further right.
    np.testing.assert_allclose(inner[:, 0], [-4, -2, 0, 2, 4], atol=0.5)
    np.testing.assert_allclose(inner[:, 1], 0, atol=0.5)
    assert maps.attention.shape == (5, 64, 64) and maps.attention.min() > 0 and maps.attention.max() < 1


def test_attention_is_the_sigmoid_of_the_similarity_of_embeddings():
    net = EDVRAblatedNet('none', with_tsa=True, **NARROW).eval()
    for part in (net.fusion.temporal_attn1, net.fusion.temporal_attn2):
        torch.nn.init.zeros_(part.weight)
        torch.nn.init.constant_(part.bias, 0.5)
    with torch.no_grad():
        maps = alignment_maps(net, moving(16))
    # Eight channels of 0.25: sigmoid(2).
    np.testing.assert_allclose(maps.attention, 1 / (1 + np.exp(-2)), rtol=1e-5)


def test_no_motion_is_white_and_directions_differ():
    still = flow_colors(np.zeros((2, 1, 1)), 1.0)
    assert still.tolist() == [[[255, 255, 255]]]
    right, left = (flow_colors(np.array([[[dx]], [[0.0]]]), 1.0)[0, 0] for dx in (1.0, -1.0))
    assert right.tolist() == [255, 0, 0] and left.tolist() == [0, 255, 255]


def test_a_figure_has_a_row_less_without_attention():
    flow = np.zeros((3, 2, 4, 4))
    frames = [np.zeros((4, 4, 3), np.uint8)] * 3
    without = alignment_figure(AlignmentMaps(flow, flow, None), frames)
    with_attention = alignment_figure(AlignmentMaps(flow, flow, np.zeros((3, 4, 4))), frames)
    assert len(without.axes) == 9 and len(with_attention.axes) == 12 + 1


def test_the_command_draws_them(tmp_path, monkeypatch, capsys):
    for i, frame in enumerate(moving(32)[0]):
        path = tmp_path / 'clip' / f'{i}.png'
        path.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(path), (frame.permute(1, 2, 0).numpy()[..., ::-1] * 255).astype(np.uint8))
    network = dict(type='EDVRAblatedNet', with_tsa=True, **NARROW)
    model = dict(
        type='EDVR', generator=network, pixel_loss=dict(type='L1Loss'), train_cfg=dict(tsa_iter=0),
        data_preprocessor=dict(type='DataPreprocessor', mean=[0.0] * 3, std=[255.0] * 3),
    )  # fmt: skip
    (tmp_path / 'edvr.py').write_text(f'model = {model}\n')
    assert main(['explain', str(tmp_path / 'edvr.py'), str(tmp_path / 'clip'), '--out', str(tmp_path / 'out')]) == 0
    assert (tmp_path / 'out' / 'alignment.png').stat().st_size > 5000
