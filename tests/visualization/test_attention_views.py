import cv2
import numpy as np
import pytest
import torch
from torch import nn

from vsr_plugins.cli import main
from vsr_plugins.models.blocks.attention import LongRangeAttention, ShortRangeAttention
from vsr_plugins.models.blocks.stochastic import LatentHead
from vsr_plugins.models.networks import LatentAttentionNet
from vsr_plugins.visualization import attention
from vsr_plugins.visualization.attention import Box, LongRangeMaps, attention_maps, mean_attention, strongest_regions
from vsr_plugins.visualization.explain import explain
from vsr_plugins.visualization.video import write_video


class TestRows:
    def test_by_hand(self):
        """Queries 1 and 2 and keys 0, ln 2, ln 3: rows (1, 2, 3) / 6 and (1, 4, 9) / 14."""
        query = torch.tensor([9.0, 1.0, 2.0]).reshape(1, 1, 1, 3)
        key = torch.tensor([1.0, 2.0, 3.0]).log().reshape(1, 3, 1, 1)
        weights = mean_attention(query, key, (0, slice(0, 1), slice(1, 3)))
        expected = torch.tensor([(1 / 6 + 1 / 14) / 2, (2 / 6 + 4 / 14) / 2, (3 / 6 + 9 / 14) / 2])
        torch.testing.assert_close(weights.flatten(), expected)
        assert weights.shape == (3, 1, 1)

    def test_scale(self):
        key = torch.tensor([1.0, 2.0, 3.0]).log().reshape(1, 3, 1, 1)
        weights = mean_attention(torch.ones(1, 1, 1, 1), key, (0, slice(0, 1), slice(0, 1)), scale=2)
        torch.testing.assert_close(weights.flatten(), torch.tensor([1.0, 4.0, 9.0]) / 14)

    def test_the_complete_matrix_is_never_in_memory(self, monkeypatch):
        torch.manual_seed(0)
        query, key = torch.randn(4, 3, 6, 8), torch.randn(4, 3, 3, 4)
        region = (1, slice(1, 6), slice(2, 8))
        rows = torch.softmax(query[:, 1, 1:6, 2:8].reshape(4, 30).T @ key.reshape(4, 36), dim=1)
        sizes = []
        softmax = torch.softmax
        monkeypatch.setattr(torch, 'softmax', lambda x, dim: sizes.append(x.numel()) or softmax(x, dim))
        monkeypatch.setattr(attention, '_MAX_SCORES', 100)
        torch.testing.assert_close(mean_attention(query, key, region).flatten(), rows.mean(0))
        assert max(sizes) <= 100 and len(sizes) == 15


class TestRegions:
    weights = np.zeros((3, 6, 8))
    weights[2, 4:6, 6:8] = 0.1  # the strongest, in a corner
    weights[0, 0:2, 0:2] = 0.05
    weights[0, 0:2, 2:4] = 0.04  # beside it
    weights[1, 3, 3] = 0.1

    def test_strongest_first_without_overlap(self):
        found = strongest_regions(self.weights, Box(0, 0, 8, 8))
        assert [(region.frame, region.box) for region in found] == [
            (2, Box(24, 16, 8, 8)),
            (0, Box(0, 0, 8, 8)),
            (0, Box(8, 0, 8, 8)),
        ]
        assert [round(region.weight, 9) for region in found] == [0.4, 0.2, 0.16]
        assert found[0].ratio == pytest.approx(0.4 / (4 / (3 * 6 * 8)))

    def test_size_is_rounded_up_to_complete_keys(self):
        (region,) = strongest_regions(self.weights, Box(3, 3, 5, 1), count=1)
        assert (region.box.width, region.box.height) == (8, 4)

    def test_a_frame_can_be_excluded(self):
        assert {region.frame for region in strongest_regions(self.weights, Box(0, 0, 8, 8), without=0)} == {1, 2}

    def test_fewer_regions_if_no_more_fit(self):
        assert len(strongest_regions(self.weights, Box(0, 0, 100, 100))) == 3
        assert strongest_regions(self.weights[:1], Box(0, 0, 4, 4), without=0) == []


class OneBlock(nn.Module):
    """A network of a single block on frames of three channels."""

    def __init__(self, block):
        super().__init__()
        self.block = block

    def forward(self, frames):
        x = frames.transpose(1, 2)
        return (x + self.block(x)).transpose(1, 2)


def attend_to_equal_colours(scale=60.0):
    """Queries and keys are the colours minus 0.5, so that the inner product is greatest for equal ones."""
    block = LongRangeAttention(3, scale=scale)
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.zero_()
        for channel in range(3):
            block.reduce.weight[channel, channel, 1, 1, 1] = 1
            for embed in (block.query, block.key):
                embed.weight[channel, channel] = 1
                embed.bias[channel] = -0.5
    return OneBlock(block)


class TestLongRange:
    def scene(self):
        """Grey frames; a green square at (16, 8) of frame 0, at (4, 20) of frame 2 and, paler, in frame 1."""
        frames = torch.full((3, 3, 32, 40), 0.5)
        green = torch.tensor([0.0, 1.0, 0.0])[:, None, None]
        frames[0, :, 8:16, 16:24] = green
        frames[2, :, 20:28, 4:12] = green
        frames[1, :, 16:24, 24:32] = 0.7 * green + 0.15
        return frames

    def test_the_strongest_keys_are_known(self):
        (found,) = attention_maps(attend_to_equal_colours(), self.scene(), 0, Box(16, 8, 8, 8))
        assert isinstance(found, LongRangeMaps) and found.name == 'block'
        assert {(region.frame, region.box) for region in found.regions[:2]} == {
            (0, Box(16, 8, 8, 8)),
            (2, Box(4, 20, 8, 8)),
        }
        assert (found.regions[2].frame, found.regions[2].box) == (1, Box(24, 16, 8, 8))
        assert found.regions[0].weight == pytest.approx(0.5, abs=0.01)
        assert found.weights.shape == (3, 8, 10) and found.weights.sum() == pytest.approx(1, abs=1e-5)

    def test_in_other_frames_only(self):
        (found,) = attention_maps(attend_to_equal_colours(), self.scene(), 0, Box(16, 8, 8, 8), other_frames=True)
        assert [region.frame for region in found.regions][0] == 2
        assert 0 not in [region.frame for region in found.regions]

    def test_against_the_naive_matrix(self):
        """Recomputed from the weights; odd sizes, where the last keys cover fewer pixels."""
        torch.manual_seed(0)
        block = LongRangeAttention(3, scale=0.7)
        frames = torch.rand(4, 3, 13, 18)
        (found,) = attention_maps(OneBlock(block), frames, 2, Box(5, 4, 7, 6))
        with torch.no_grad():
            x = frames.transpose(0, 1)[None]
            x = nn.functional.leaky_relu(
                nn.functional.conv3d(x, block.reduce.weight, block.reduce.bias, padding=1), 0.1
            )
            x = nn.functional.max_pool3d(x, (1, 2, 2), ceil_mode=True)
            query = nn.functional.conv3d(x, block.query.weight, block.query.bias)[0]
            key = nn.functional.conv3d(x, block.key.weight, block.key.bias)
            key = nn.functional.max_pool3d(key, (1, 2, 2), ceil_mode=True)[0]
            rows = torch.softmax(0.7 * torch.einsum('cthw,cuij->thwuij', query, key).flatten(3), dim=3)
        # Pixels 5 to 11 lie in the cells 2 to 5 of two pixels, pixels 4 to 9 in 2 to 4.
        expected = rows[2, 2:5, 2:6].mean((0, 1)).unflatten(0, key.shape[1:])
        np.testing.assert_allclose(found.weights, expected.numpy(), rtol=1e-4, atol=1e-7)

    def test_the_network_is_restored(self):
        network = attend_to_equal_colours().train()
        attention_maps(network, self.scene(), 0, Box(16, 8, 8, 8))
        assert network.training and network.block.training
        assert not any(module._forward_hooks for module in network.modules())

    @pytest.mark.parametrize('box', [Box(-1, 0, 4, 4), Box(0, 0, 41, 4), Box(38, 30, 4, 4), Box(0, 0, 0, 4)])
    def test_a_region_beyond_the_frame(self, box):
        with pytest.raises(ValueError, match='40x32'):
            attention_maps(attend_to_equal_colours(), self.scene(), 0, box)

    def test_a_network_without_attention(self):
        with pytest.raises(ValueError, match='Identity'):
            attention_maps(nn.Identity(), self.scene(), 0, Box(0, 0, 4, 4))


class TestShortRange:
    def test_by_hand(self):
        """With zero weights the mask is sigmoid(0) = 0.5, so half of the values (the frames) passes."""
        block = ShortRangeAttention(3)
        with torch.no_grad():
            for parameter in block.parameters():
                parameter.zero_()
            for channel in range(3):
                block.value.weight[channel, channel] = 1
        frames = torch.full((2, 3, 9, 14), 0.6)
        frames[1, 0], frames[1, 1], frames[1, 2] = 0.2, 0.4, 0.6
        (found,) = attention_maps(OneBlock(block), frames, 1, Box(0, 0, 4, 4))
        np.testing.assert_array_equal(found.mask, np.full((9, 14), 0.5, np.float32))
        np.testing.assert_allclose(found.response, np.sqrt((0.01 + 0.04 + 0.09) / 3), rtol=1e-6)
        assert found.sampled_masks.shape == (0, 9, 14)

    def test_samples_of_the_heads(self):
        torch.manual_seed(0)
        network = LatentAttentionNet(mid_channels=4, num_layers=4, attn_layout='SS', variational=True, num_samples=5)
        for module in network.modules():
            if isinstance(module, LatentHead):
                nn.init.constant_(module.log_variance.bias, 0.0)
        frames = torch.rand(7, 3, 12, 16)
        state = torch.get_rng_state()
        first, second = attention_maps(network, frames, 3, Box(0, 0, 8, 8), num_samples=4, seed=1)
        assert torch.equal(torch.get_rng_state(), state)
        assert {head.num_samples for head in network.modules() if isinstance(head, LatentHead)} == {5}
        # The first block's mask precedes any sampling; its response and the second block's mask are sampled.
        for sample in first.sampled_masks:
            np.testing.assert_array_equal(sample, first.mask)
        for samples in (first.sampled_responses, second.sampled_masks, second.sampled_responses):
            assert samples.shape == (4, 12, 16)
            assert len({sample.tobytes() for sample in samples}) == 4
        again = attention_maps(network, frames, 3, Box(0, 0, 8, 8), num_samples=4, seed=1)[1]
        np.testing.assert_array_equal(again.sampled_masks, second.sampled_masks)

    def test_the_deterministic_map_equals_that_of_the_network(self):
        torch.manual_seed(0)
        network = LatentAttentionNet(mid_channels=4, num_layers=2, attn_layout='S').eval()
        frames = torch.rand(7, 3, 12, 16)
        (found,) = attention_maps(network, frames, 2, Box(0, 0, 8, 8))
        with torch.no_grad():
            x = frames.transpose(0, 1)[None]
            for conv in network.convs:
                x = nn.functional.leaky_relu(conv(x), 0.1)
            mask = network.attention['2'].mask(x)
        np.testing.assert_allclose(found.mask, mask[0, :, 2].mean(0).numpy(), rtol=1e-5)


@pytest.fixture
def clip(tmp_path):
    """Ten frames, frame i with a bright square of 8 pixels at (2 i, 4)."""
    folder = tmp_path / 'clip'
    folder.mkdir()
    for i in range(10):
        image = np.random.default_rng(i).integers(90, 110, (24, 32, 1), np.uint8).repeat(3, axis=2)
        image[4:12, 2 * i : 2 * i + 8] = np.indices((8, 8)).sum(0)[..., None] % 2 * 255
        cv2.imwrite(str(folder / f'{i}.png'), image)
    return folder


def network(layout='LS', **kwargs):
    torch.manual_seed(0)
    return LatentAttentionNet(mid_channels=4, num_layers=4, attn_layout=layout, **dict(chunk_length=4, **kwargs)).eval()


class TestExplain:
    def test_the_middle_of_the_first_chunk_and_the_most_detail(self, clip):
        found = explain(network(), clip)
        assert found.captions == ['frame 0', 'frame 1', 'frame 2', 'frame 3']
        assert found.frame == 2 and found.box.width == found.box.height == 8
        assert abs(found.box.left - 4) <= 1 and abs(found.box.top - 4) <= 1

    def test_the_last_chunk_is_shown_without_its_padding(self, clip):
        found = explain(network(), clip, frame=9)
        assert found.captions == ['frame 8', 'frame 9'] and found.frame == 1
        assert found.blocks[0].weights.shape == (2, 6, 8)
        assert 0 < found.blocks[0].weights.sum() < 1

    def test_overlapping_chunks(self, clip):
        """Chunks 0-3, 3-6 and 6-9; the output of a frame that two chunks share is that of the later one."""
        assert explain(network(chunk_overlap=1), clip, frame=3).captions == [f'frame {i}' for i in range(3, 7)]
        assert explain(network(chunk_overlap=1), clip, frame=9).captions == [f'frame {i}' for i in range(6, 10)]

    def test_a_complete_clip(self, clip):
        found = explain(OneBlock(ShortRangeAttention(3)), clip)
        assert len(found.frames) == 10 and found.frame == 5

    def test_a_video_is_its_frames(self, clip, tmp_path):
        frames = [cv2.imread(str(clip / f'{i}.png'))[..., ::-1] for i in range(10)]
        video = write_video(map(np.ascontiguousarray, frames), tmp_path / 'clip.mp4', 25, crf=0)
        found = explain(network(), video, frame=5)
        assert found.captions == [f'frame {i}' for i in range(4, 8)]
        assert np.abs(found.frames[1].astype(int) - frames[5]).max() <= 3

    def test_key_frames(self, clip):
        found = explain(network(), clip, frame=1, num_key_frames=2)
        assert found.captions[4:] == ['key frame 5', 'key frame 8'] and len(found.frames) == 6
        assert found.blocks[0].weights.shape == (6, 6, 8)
        assert found.blocks[0].weights.sum() == pytest.approx(1, abs=1e-5)

    def test_a_network_without_key_frames(self, clip):
        with pytest.raises(ValueError, match='OneBlock.*num_key_frames=2'):
            explain(OneBlock(ShortRangeAttention(3)), clip, num_key_frames=2)

    def test_ground_truth_is_downsampled(self, clip):
        found = explain(network(), clip, downscale=2, box=(0, 0, 8, 8))
        assert found.frames[0].shape == (12, 16, 3)

    def test_a_frame_out_of_range(self, clip):
        with pytest.raises(ValueError, match='frame 10'):
            explain(network(), clip, frame=10)
        with pytest.raises(ValueError, match='-1'):
            explain(network(), clip, frame=-1)
        with pytest.raises(FileNotFoundError):
            explain(network(), clip / 'nowhere')


class TestPictures:
    def test_one_picture_per_block(self, clip, tmp_path):
        found = explain(network('LS', variational=True), clip, num_key_frames=6)
        paths = found.save(tmp_path / 'out', 'a title')
        assert [path.name for path in paths] == ['1_long_range.png', '2_short_range.png']
        for path in paths:
            image = cv2.imread(str(path))
            assert min(image.shape[:2]) > 300 and image.std() > 10
        with pytest.raises(FileExistsError, match='1_long_range.png'):
            found.save(tmp_path / 'out')

    @pytest.mark.parametrize('size', [(3000, 1), (7, 7)])
    def test_pictures_of_any_size(self, tmp_path, size):
        """Pictures have a bounded size for frames of any size."""
        frames = [np.random.default_rng(i).integers(0, 256, (*size, 3), np.uint8) for i in range(2)]
        (tmp_path / 'clip').mkdir()
        for i, frame in enumerate(frames):
            cv2.imwrite(str(tmp_path / f'clip/{i}.png'), frame)
        for path in explain(network('LS'), tmp_path / 'clip').save(tmp_path / 'out'):
            assert max(cv2.imread(str(path)).shape) < 2600

    def test_the_figure_shows_the_regions_in_their_frames(self, clip):
        found = explain(network('L'), clip)
        (one,) = found.blocks
        figure = attention_figure(found)
        shown = {axes.get_title(): axes for axes in figure.axes}
        for number, region in enumerate(one.regions, 1):
            axes = shown[f'{number}: {found.captions[region.frame]}']
            np.testing.assert_array_equal(axes.images[0].get_array(), found.frames[region.frame])
            corners = {(patch.get_x() + 0.5, patch.get_y() + 0.5) for patch in axes.patches}
            assert (region.box.left, region.box.top) in corners

    def test_command(self, clip, tmp_path, capsys):
        config = tmp_path / 'config.py'
        config.write_text(
            "model = dict(type='BaseEditModel', data_preprocessor=dict(type='DataPreprocessor'),\n"
            "  pixel_loss=dict(type='MSELoss'),\n"
            "  generator=dict(type='LatentAttentionNet', mid_channels=4, num_layers=2, attn_layout='L'))\n"
        )
        command = ['explain', str(config), str(clip), '--out', str(tmp_path / 'out')]
        assert main([*command, '--frame', '8', '--box', '4', '4', '8', '8', '--regions', '2']) == 0
        out, err = capsys.readouterr()
        lines = out.splitlines()
        assert 'query: frame 8, 8x8 pixels at (4, 4)' in lines
        assert str(tmp_path / 'out/1_long_range.png') in lines
        assert sum('x an equal share' in line for line in lines) == 2
        assert '--checkpoint' in err
        assert main(command) == 2
        assert '1_long_range.png' in capsys.readouterr().err
        assert main([*command, '--force', '--box', '40', '4', '8', '8']) == 2
        assert '32x24' in capsys.readouterr().err


def attention_figure(found):
    from vsr_plugins.visualization.attention_figures import long_range_figure

    return long_range_figure(found.blocks[0], found.frames, found.captions, found.frame, found.box)
