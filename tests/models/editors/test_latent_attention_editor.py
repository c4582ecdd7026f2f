import math

import pytest
import torch
from mmagic.structures import DataSample
from mmagic.utils import register_all_modules

from vsr_plugins.models import LatentAttention
from vsr_plugins.models.blocks.stochastic import stochastic_parts


def editor(**arguments):
    register_all_modules()
    torch.manual_seed(0)
    return LatentAttention(
        generator=dict(
            type='LatentAttentionNet', mid_channels=4, num_layers=4, attn_layout='LS', chunk_length=3, variational=True
        ),
        pixel_loss=dict(type='EuclideanLoss'),
        data_preprocessor=dict(type='DataPreprocessor', mean=[0.0] * 3, std=[255.0] * 3),
        **arguments,
    ).train()


def batch(key_frames=None):
    generator = torch.Generator().manual_seed(1)
    meta = {} if key_frames is None else dict(num_key_frames=key_frames)
    samples = [
        DataSample(gt_img=torch.rand(3, 3, 32, 32, generator=generator), metainfo=dict(key='clip', **meta))
        for _ in range(2)
    ]
    return torch.rand(2, 3 + (key_frames or 0), 3, 8, 8, generator=generator), DataSample.stack(samples)


def activate_heads(model):
    for module in model.modules():
        if hasattr(module, 'sampling'):
            module.sampling = True


def parameters_without_gradient(model, losses):
    model.zero_grad()
    sum(losses.values()).backward()
    return {name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()}


def test_stage_1_trains_all_but_the_variance_heads():
    model = editor()
    losses = model(*batch(), mode='loss')
    assert list(losses) == ['loss_re']
    without = parameters_without_gradient(model, losses)
    assert without == {
        f'generator.attention.{number}.head.log_variance.{kind}' for number in (2, 4) for kind in ('weight', 'bias')
    }


@pytest.mark.parametrize('dual_pass', [False, True])
def test_stage_2_trains_every_parameter(dual_pass):
    model = editor(dual_pass=dual_pass)
    activate_heads(model)
    losses = model(*batch(), mode='loss')
    assert list(losses) == ['loss_re', 'loss_vae', 'latent_share']
    del losses['latent_share']
    assert not parameters_without_gradient(model, losses)


def test_the_literal_reading_samples_once_and_dual_pass_takes_the_means_for_l_re():
    inputs, samples = batch()
    model = editor(latent_weight=0.5)
    expected = model(inputs, samples, mode='loss')['loss_re']
    activate_heads(model)
    torch.manual_seed(3)
    output = model.generator(inputs)
    torch.manual_seed(3)
    literal = model(inputs, samples, mode='loss')
    squared = (output - samples.gt_img).square()
    torch.testing.assert_close(literal['loss_vae'], 0.5 * squared.mean())
    torch.testing.assert_close(literal['loss_re'], squared.mean((2, 3, 4)).sqrt().mean())
    model.dual_pass = True
    torch.manual_seed(3)
    dual = model(inputs, samples, mode='loss')
    torch.testing.assert_close(dual['loss_vae'], literal['loss_vae'])
    torch.testing.assert_close(dual['loss_re'], expected)
    assert dual['loss_re'] != literal['loss_re']


def test_frames_behind_the_clip_go_to_the_network_as_key_frames():
    inputs, samples = batch(key_frames=2)
    model = editor().eval()
    output = model(inputs, samples, mode='tensor')
    torch.testing.assert_close(output, model.generator(inputs[:, :3], inputs[:, 3:]))
    predictions = model(inputs, samples, mode='predict')
    assert predictions[0].output.pred_img.shape == (3, 3, 32, 32)
    assert predictions[0].input.shape == (3, 3, 8, 8)
    samples.set_metainfo(dict(num_key_frames=[2, 1]))
    with pytest.raises(ValueError, match=r'key frames, but got \[1, 2\]'):
        model(inputs, samples, mode='tensor')


def test_on_the_papers_scale_the_variational_term_counts():
    """RMSE r and MSE r * r on [0, 255] at lambda 0.1: at 29 dB r is 9.05 and the share 0.905 / 1.905."""
    inputs, samples = batch()
    shares = []
    for value_range in (1.0, 255.0):
        model = editor(value_range=value_range)
        activate_heads(model)
        torch.manual_seed(3)
        output = model.generator(inputs).detach()
        # A target that is 29 dB off.
        samples.gt_img = output + 10 ** (-29 / 20)
        torch.manual_seed(3)
        losses = model(inputs, samples, mode='loss')
        shares.append(losses['latent_share'].item())
        torch.testing.assert_close(losses['loss_re'].item(), value_range * 0.0354813, rtol=1e-3, atol=0)
    assert shares == pytest.approx([0.00353, 0.475], rel=0.01)


def test_the_divergence_is_a_loss_of_stage_2():
    model = editor(kl_weight=0.5)
    assert list(model(*batch(), mode='loss')) == ['loss_re']
    activate_heads(model)
    for head in (part for part in model.modules() if hasattr(part, 'sampling')):
        head.prior_sigma = 0.2
    losses = model(*batch(), mode='loss')
    ratio = math.exp(-3) / 0.2
    expected = 0.5 * 2 * (ratio**2 / 2 - math.log(ratio) - 0.5)  # two heads
    assert losses['loss_kl'].item() == pytest.approx(expected, rel=1e-4)
    with pytest.raises(ValueError, match='-1'):
        editor(kl_weight=-1)


def test_the_policy_loss_is_that_of_equation_7():
    model = editor(policy_weight=2.0)
    assert list(model(*batch(), mode='loss')) == ['loss_re']
    activate_heads(model)
    inputs, samples = batch()
    torch.manual_seed(3)
    losses = model(inputs, samples, mode='loss')
    torch.manual_seed(3)
    output = model.generator(inputs)
    log_prob = sum(head.log_prob for head in stochastic_parts(model))
    means = model.eval().generator(inputs)
    error, of_means = (
        (images - samples.gt_img).square().mean((1, 2, 3, 4)).sqrt().detach() for images in (output, means)
    )
    torch.testing.assert_close(losses['loss_policy'], 2 * ((error - of_means) * log_prob).mean())
    assert list(losses) == ['loss_re', 'loss_vae', 'latent_share', 'loss_policy']
    del losses['latent_share']
    assert not parameters_without_gradient(model.train(), losses)


def test_hard_attention_trains_its_queries_and_keys_by_the_policy_loss():
    register_all_modules()
    torch.manual_seed(0)
    generator = dict(
        type='LatentAttentionNet', mid_channels=4, num_layers=4, attn_layout='LS', chunk_length=3, hard_attention=True
    )
    pixel_loss = dict(type='EuclideanLoss')
    with pytest.raises(ValueError, match='policy_weight'):
        LatentAttention(generator=generator, pixel_loss=pixel_loss)
    model = LatentAttention(generator=generator, pixel_loss=pixel_loss, policy_weight=1.0).train()
    losses = model(*batch(), mode='loss')
    assert list(losses) == ['loss_re', 'loss_policy']
    # The softmax takes no notice of the bias of the keys.
    assert parameters_without_gradient(model, losses) <= {'generator.attention.2.key.bias'}


def test_factors_below_zero_are_refused():
    with pytest.raises(ValueError, match='-1'):
        editor(policy_weight=-1)
