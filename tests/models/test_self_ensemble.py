import pytest
import torch
from torch import nn

from vsr_plugins.models.self_ensemble import self_ensemble


class Shifted(nn.Module):
    """Upsamples by 2 and shifts one pixel down, one to the right and one frame back: no flip commutes with it."""

    def forward(self, frames):
        output = frames.repeat_interleave(2, -1).repeat_interleave(2, -2)
        output = output.roll((1, 2), (-2, -1))
        return output.roll(-1, 1) if frames.ndim == 5 else output


def by_hand(frames, reverse):
    """The eight orientations, typed one by one."""
    network = Shifted()
    orientations = [
        (lambda x: x, lambda y: y),
        (lambda x: x.flip(-1), lambda y: y.flip(-1)),
        (lambda x: x.flip(-2), lambda y: y.flip(-2)),
        (lambda x: x.rot90(2, (-2, -1)), lambda y: y.rot90(2, (-2, -1))),
        (lambda x: x.rot90(1, (-2, -1)), lambda y: y.rot90(-1, (-2, -1))),
        (lambda x: x.rot90(-1, (-2, -1)), lambda y: y.rot90(1, (-2, -1))),
        (lambda x: x.transpose(-1, -2), lambda y: y.transpose(-1, -2)),
        (lambda x: x.rot90(2, (-2, -1)).transpose(-1, -2), lambda y: y.transpose(-1, -2).rot90(2, (-2, -1))),
    ]
    outputs = [undo(network(apply(frames))) for apply, undo in orientations]
    if reverse:
        outputs += [undo(network(apply(frames.flip(1)))).flip(1) for apply, undo in orientations]
    return torch.stack(outputs).mean(0)


@pytest.mark.parametrize('kind', ['x8', 'x16'])
def test_the_mean_of_the_orientations(kind):
    frames = torch.rand(2, 3, 1, 4, 6)
    network = Shifted()
    with self_ensemble(network, kind):
        output = network(frames)
    assert output.shape == (2, 3, 1, 8, 12)
    assert torch.allclose(output, by_hand(frames, kind == 'x16'), atol=1e-6)
    assert torch.equal(network(frames), Shifted()(frames))


def test_time_reversed():
    frames = torch.rand(1, 4, 1, 2, 2)
    network = Shifted()
    with self_ensemble(network, 'reverse'):
        output = network(frames)
    assert torch.allclose(output, (network(frames) + network(frames.flip(1)).flip(1)) / 2)


def test_single_images_and_centre_frames():
    image = torch.rand(1, 3, 4, 6)
    network = Shifted()
    with self_ensemble(network):
        assert torch.allclose(network(image), by_hand(image, False), atol=1e-6)
    with pytest.raises(ValueError, match=r'\(1, 3, 4, 6\)'), self_ensemble(network, 'x16'):
        network(image)

    class Centre(nn.Module):
        def forward(self, frames):
            return frames[:, 0]

    centre, frames = Centre(), torch.rand(1, 3, 1, 2, 2)
    with self_ensemble(centre, 'reverse'):
        assert torch.allclose(centre(frames), (frames[:, 0] + frames[:, 2]) / 2)


def test_an_unknown_kind():
    with pytest.raises(ValueError, match="'x4'"), self_ensemble(nn.Identity(), 'x4'):
        pass
