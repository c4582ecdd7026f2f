import copy
import math
import pickle

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from vsr_plugins.models.blocks.attention import (
    LongRangeAttention,
    ShortRangeAttention,
    SpatialDeconv,
    dot_product_attention,
)
from vsr_plugins.models.blocks.fast.merged_embeddings import merged_embeddings
from vsr_plugins.models.blocks.fast.switch import fast_paths_off
from vsr_plugins.models.blocks.stochastic import LatentHead, latent_heads, without_sampling

BLOCKS = [LongRangeAttention, ShortRangeAttention]


def test_dot_product_attention_equals_the_naive_product():
    query, key, value = torch.randn(2, 30, 8), torch.randn(2, 12, 8), torch.randn(2, 12, 8)
    naive = torch.softmax(0.7 * query @ key.transpose(1, 2), dim=-1) @ value
    torch.testing.assert_close(dot_product_attention(query, key, value, scale=0.7), naive, atol=1e-5, rtol=0)


def test_dot_product_attention_has_no_hidden_scale():
    # One query of (1, 1) against keys (0, 0) and (1, 1): scores 0 and 2, weights 1/(1+e^2) and e^2/(1+e^2).
    query, key = torch.ones(1, 1, 2), torch.tensor([[[0.0, 0.0], [1.0, 1.0]]])
    value = torch.tensor([[[0.0, 0.0], [1.0, 10.0]]])
    torch.testing.assert_close(dot_product_attention(query, key, value), torch.tensor([[[0.880797, 8.80797]]]))


@pytest.mark.parametrize('block', BLOCKS)
@pytest.mark.parametrize('variational', [False, True])
def test_a_block_with_zero_weights_adds_nothing(block, variational):
    block = block(4, variational=variational).eval()
    for parameter in block.parameters():
        torch.nn.init.zeros_(parameter)
    assert not block(torch.rand(1, 4, 3, 8, 12)).any()


@pytest.mark.parametrize('block', BLOCKS)
@pytest.mark.parametrize('pool', ['max', 'avg'])
@pytest.mark.parametrize('size', [(1, 8, 8), (3, 7, 5), (2, 1, 9)])
def test_a_block_keeps_any_size(block, pool, size):
    x = torch.rand(2, 4, *size)
    assert block(4, pool=pool)(x).shape == x.shape


@pytest.mark.parametrize('block', BLOCKS)
def test_blocks_can_be_copied_and_pickled(block):
    block = block(4).eval()
    x = torch.rand(1, 4, 2, 8, 8)
    for other in (copy.deepcopy(block), pickle.loads(pickle.dumps(block))):
        torch.testing.assert_close(other(x), block(x))


def test_long_range_reaches_the_far_corner_and_short_range_does_not():
    # With some weights another value is the largest of the pool in which the change lies.
    torch.manual_seed(0)
    x = torch.rand(1, 4, 7, 32, 32)
    changed = x.clone()
    changed[..., -1, -1, -1] += 1
    long, short = LongRangeAttention(4).eval(), ShortRangeAttention(4).eval()
    assert (long(x) - long(changed))[0, :, 0, :2, :2].abs().max() > 0
    assert not (short(x) - short(changed))[0, :, 0, :2, :2].any()


def test_long_range_output_is_the_formula():
    """Eqs. (9)-(11), typed with einsum and without fused kernels."""
    block = LongRangeAttention(4, pool='avg').eval()
    x = torch.randn(1, 4, 2, 8, 8)
    reduced = torch.nn.functional.avg_pool3d(torch.nn.functional.leaky_relu(block.reduce(x), 0.1), (1, 2, 2))
    pooled = [torch.nn.functional.avg_pool3d(embed(reduced), (1, 2, 2)) for embed in (block.key, block.value)]
    key, value = (part.flatten(2) for part in pooled)
    weights = torch.einsum('ncq,nck->nqk', block.query(reduced).flatten(2), key).softmax(dim=-1)
    assert weights.sum(-1).allclose(torch.ones(1, 32))
    attended = torch.einsum('nqk,nck->ncq', weights, value).reshape(1, 4, 2, 4, 4)
    torch.testing.assert_close(block(x), block.restore(attended), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize('layout', [torch.contiguous_format, torch.channels_last_3d])
def test_long_range_always_takes_a_fused_kernel(layout):
    """The context raises if only the unfused product, which stores the matrix, is possible."""
    block = LongRangeAttention(8)
    with sdpa_kernel([SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION]):
        block(torch.rand(2, 8, 3, 9, 12).contiguous(memory_format=layout)).sum().backward()


def test_external_frames_are_keys_and_values():
    block = LongRangeAttention(4).eval()
    x, external = torch.rand(1, 4, 2, 8, 8), torch.rand(1, 4, 3, 8, 8)
    assert block(x, external).shape == x.shape
    assert (block(x, external) - block(x)).abs().max() > 0
    # Attention does not depend on how often the same keys are repeated.
    torch.testing.assert_close(block(x, x), block(x), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(block.attend(x, block.reduced(external)), block(x, external))


def test_short_range_mask_is_between_zero_and_one():
    mask = ShortRangeAttention(4).mask(100 * torch.randn(1, 4, 3, 8, 8))
    assert mask.min() >= 0 and mask.max() <= 1 and mask.shape == (1, 4, 3, 8, 8)


def test_the_deconvolution_drops_the_last_surplus_frame():
    deconv = SpatialDeconv(1)
    torch.nn.init.zeros_(deconv.bias)
    torch.nn.init.zeros_(deconv.weight)
    # Padding 1 at stride 1: kernel frame 1 maps an input frame to the same position.
    deconv.weight.data[0, 0, 1] = 1
    x = torch.zeros(1, 1, 3, 2, 2)
    x[0, 0, 2] = 1
    output = deconv(x)
    assert output.shape == (1, 1, 3, 4, 4)
    assert not output[0, 0, :2].any() and output[0, 0, 2].min() > 0


def test_latent_head_samples_only_in_training_with_sampling_on():
    head = LatentHead(4)
    x = torch.rand(1, 4, 2, 64, 64)
    mean = head.mean(x)
    torch.testing.assert_close(head(x), mean)
    head.sampling = True
    torch.manual_seed(1)
    noise = head(x) - mean
    # Zero weights and bias -6: sigma = exp(-3).
    assert abs(noise.std().item() - 0.0497871) < 0.001 and abs(noise.mean().item()) < 0.002
    torch.manual_seed(1)
    torch.testing.assert_close(head(x) - mean, noise)
    torch.testing.assert_close(head.eval()(x), mean)


def test_latent_head_averages_samples_at_test_time():
    head = LatentHead(4, num_samples=16).eval()
    x = torch.rand(1, 4, 2, 64, 64)
    # The average of 16 samples of sigma exp(-3) has sigma exp(-3) / 4.
    noise = head(x) - head.mean(x)
    assert abs(noise.std().item() - 0.0124468) < 0.0003
    assert abs(head.last_sigma.item() - 0.0497871) < 1e-6 and not head.last_sigma.requires_grad
    with pytest.raises(ValueError, match='num_samples.*-1'):
        LatentHead(4, num_samples=-1)


def test_parts_without_sampling_are_as_before_afterwards():
    block = LongRangeAttention(4, variational=True)
    block.head.sampling = True
    x = torch.rand(1, 4, 2, 8, 8)
    with without_sampling(block):
        mean = block(x)
        torch.testing.assert_close(block(x), mean, atol=0, rtol=0)
    assert block.head.sampling and not torch.equal(block(x), mean)
    assert list(latent_heads(block)) == ['head']


def test_wrong_options_are_named():
    with pytest.raises(ValueError, match="pool .*'avg', 'max'.*'median'"):
        LongRangeAttention(4, pool='median')
    with pytest.raises(ValueError, match="mask_activation .*'relu'"):
        ShortRangeAttention(4, mask_activation='relu')


@pytest.mark.parametrize('size', [(1, 1, 1), (1, 5, 2), (2, 2, 2), (3, 3, 3), (4, 1, 7), (7, 12, 9)])
def test_the_folded_embeddings_of_short_range_attention_are_their_layers(size):
    block = ShortRangeAttention(16).eval()
    for embedding in (block.key, block.query):
        torch.nn.init.normal_(embedding.bias)  # makes the frame's border differ from its interior
    x = torch.randn(2, 16, *size)
    with torch.no_grad():
        merged = merged_embeddings(x, (block.key, block.query), block.down1)
        layers = block.down1(torch.cat((block.key(x), block.query(x)), dim=1))
        torch.testing.assert_close(merged, layers, atol=3e-5, rtol=0)
        without = block(x)
        with fast_paths_off():
            torch.testing.assert_close(block(x), without, atol=3e-5, rtol=0)
    torch.testing.assert_close(block(x), without, atol=3e-5, rtol=0)  # with gradients: layer by layer


@pytest.mark.parametrize('block', BLOCKS)
@pytest.mark.parametrize('variational', [False, True])
def test_a_block_that_starts_at_zero_learns_in_all_its_layers_from_the_second_step(block, variational):
    block = block(4, variational=variational, zero_init=True)
    x = torch.rand(1, 4, 3, 8, 8)
    assert not block(x).any()
    optimizer = torch.optim.Adam(block.parameters(), 1e-2)
    for _ in range(2):
        optimizer.zero_grad()
        (block(x) - x).square().mean().backward()
        optimizer.step()
    without = {name for name, p in block.named_parameters() if p.grad is None or not p.grad.any()}
    # The softmax takes no notice of the bias of the keys; the variance heads are closed.
    assert without <= {'key.bias', 'head.log_variance.weight', 'head.log_variance.bias'}
    assert block(x).any()


def test_the_divergence_of_a_head_is_that_of_two_gaussians():
    """KL of N(mu, exp(-3)) and N(mu, exp(-2)): log(e) + exp(-2) / 2 - 1 / 2."""
    head = LatentHead(4)
    head.sampling = head.keeps_divergence = True
    head(torch.rand(1, 4, 2, 4, 4))
    torch.testing.assert_close(head.divergence, torch.tensor(0.0), atol=1e-6, rtol=0)
    head.prior_sigma = math.exp(-2)
    head(torch.rand(1, 4, 2, 4, 4))
    assert head.divergence.item() == pytest.approx(1 + math.exp(-2) / 2 - 0.5, rel=1e-5)
    # It pulls sigma up where it is below the prior's.
    head.divergence.backward()
    assert (head.log_variance.bias.grad < 0).all()
