import pytest
import torch
from mmagic.registry import MODELS
from mmagic.structures import DataSample

from vsr_plugins.models import FlowSmoothnessLoss

MSE = dict(type='MSELoss')


def losses_of(generator, inputs, target, **options):
    editor = MODELS.build(
        dict(type='MotionCompensatedVSR', generator=generator, pixel_loss=MSE, motion_loss=MSE, **options)
    )
    return editor, editor.forward_train(inputs, DataSample(gt_img=target))


def test_flow_smoothness_of_typed_values():
    flow = torch.zeros(1, 2, 3, 3)
    flow[0, 0] = torch.tensor([0.0, 1.0, 2.0])  # dx grows by one to the right
    flow[0, 1] = torch.tensor([[0.0], [3.0], [6.0]])  # dy by three downwards
    assert FlowSmoothnessLoss('tv', loss_weight=2)(flow).item() == pytest.approx(2 * (3 / 2 + 1 / 2))
    assert FlowSmoothnessLoss('huber', eps=0.24)(flow).item() == pytest.approx((1 + 9 + 0.24) ** 0.5)
    assert FlowSmoothnessLoss('tv', unit=4)(flow).item() == pytest.approx((3 / 2 + 1 / 2) / 4)
    with pytest.raises(ValueError, match='unit'):
        FlowSmoothnessLoss(unit=0)
    with pytest.raises(ValueError, match="'l2'"):
        FlowSmoothnessLoss('l2')


def test_losses_of_frames_neighbours_and_flow():
    torch.manual_seed(0)
    clip, target = torch.rand(2, 3, 3, 8, 8), torch.rand(2, 3, 32, 32)
    generator = dict(type='VESPCNNet')
    editor, losses = losses_of(generator, clip, target, flow_loss=dict(type='FlowSmoothnessLoss', kind='huber'))
    output, motion = editor.generator.forward_with_motion(clip)
    assert losses['loss_pix'].item() == pytest.approx((output - target).square().mean().item())
    assert losses['loss_motion'].item() == pytest.approx((motion.warped - motion.target).square().mean().item())
    assert losses['loss_flow'].item() == pytest.approx(FlowSmoothnessLoss('huber')(motion.flow).item())
    sum(losses.values()).backward()
    assert all(parameter.grad is not None for parameter in editor.parameters())


def test_later_steps_count_more():
    torch.manual_seed(0)
    clip, target = torch.rand(1, 3, 3, 8, 8), torch.rand(1, 3, 16, 16)
    editor, losses = losses_of(dict(type='SPMCNet', scale=2, mid_channels=4), clip, target)
    steps = editor.generator.forward_with_motion(clip)[0]
    errors = [(step - target).square().mean().item() for step in steps.unbind(1)]
    assert losses['loss_pix'].item() == pytest.approx(0.5 * errors[0] + 0.75 * errors[1] + errors[2])
    assert 'loss_flow' not in losses


def test_clips_of_a_recurrent_network():
    clip, target = torch.rand(1, 3, 3, 8, 8), torch.rand(1, 3, 3, 32, 32)
    editor, losses = losses_of(dict(type='FRVSRNet', mid_channels=4, num_blocks=1), clip, target)
    assert losses['loss_pix'].item() == pytest.approx((editor.generator(clip) - target).square().mean().item())


def test_a_network_without_motion_raises():
    with pytest.raises(ValueError, match='but got FSRCNNNet'):
        losses_of(dict(type='FSRCNNNet'), torch.rand(1, 1, 3, 8, 8), torch.rand(1, 1, 3, 32, 32))
