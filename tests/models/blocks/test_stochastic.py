"""Gradients of samples by their log-probability (eq. 7), against those that are known."""

import math

import pytest
import torch

from vsr_plugins.models.blocks.attention import LongRangeAttention, dot_product_attention
from vsr_plugins.models.blocks.stochastic import HardAttention, LatentHead, stochastic_parts, without_sampling


def test_the_score_gradient_of_a_head_is_that_of_the_expected_error():
    """For N(mu, s) and the error (z - 1)^2: E = (mu - 1)^2 + s^2, dE/dmu = 2 (mu - 1), dE/dlog(s^2) = s^2."""
    torch.manual_seed(0)
    head = LatentHead(1).train()
    head.sampling = head.keeps_log_prob = True
    mu, sigma = 0.3, 0.5
    with torch.no_grad():
        head.mean.weight.zero_(), head.mean.bias.fill_(mu), head.log_variance.bias.fill_(2 * math.log(sigma))
    sample = head(torch.zeros(400_000, 1, 1, 1, 1))
    assert not sample.requires_grad
    error = (sample - 1).square().flatten(1).mean(1)
    # As the editor does, less the error of the mean.
    ((error - (mu - 1) ** 2) * head.log_prob).mean().backward()
    assert head.mean.bias.grad.item() == pytest.approx(2 * (mu - 1), abs=0.02)
    assert head.log_variance.bias.grad.item() == pytest.approx(sigma**2, abs=0.02)


def test_the_log_probability_of_a_head_is_that_of_a_gaussian():
    head = LatentHead(2).train()
    head.sampling = head.keeps_log_prob = True
    x = torch.rand(3, 2, 2, 4, 4)
    sample = head(x)
    expected = torch.distributions.Normal(head.mean(x), head.sigma(x)).log_prob(sample)
    torch.testing.assert_close(head.log_prob, expected.flatten(1).mean(1))


def test_keys_are_drawn_by_their_softmax():
    torch.manual_seed(0)
    probabilities = torch.tensor([0.1, 0.6, 0.3])
    query, key = torch.ones(1, 30_000, 1), probabilities.log().reshape(1, 3, 1)
    value = torch.tensor([10.0, 20.0, 30.0]).reshape(1, 3, 1)
    attention = HardAttention().train()
    taken = attention(query, key, value)
    shares = torch.stack([(taken == one).float().mean() for one in value.flatten()])
    torch.testing.assert_close(shares, probabilities, atol=0.01, rtol=0)
    torch.testing.assert_close(attention.log_prob, (shares * probabilities.log()).sum().reshape(1))


@pytest.mark.parametrize('scores', [1 << 24, 7])
def test_outside_training_the_most_probable_value_is_taken(scores, monkeypatch):
    monkeypatch.setattr(HardAttention, 'MAX_SCORES', scores)
    torch.manual_seed(0)
    query, key, value = torch.randn(2, 9, 4), torch.randn(2, 5, 4), torch.randn(2, 5, 4)
    # The softmax of very large scores is hard.
    expected = dot_product_attention(query, key, value, scale=1e4)
    for attention in (HardAttention().eval(), HardAttention().train()):
        with without_sampling(attention):
            torch.testing.assert_close(attention(query, key, value, 0.5), expected)


def test_hard_attention_learns_which_key_to_take():
    """The error is 0 for the third key and 1 for the others; nothing but the log-probability says so."""
    torch.manual_seed(0)
    key = torch.zeros(1, 4, 1, requires_grad=True)
    value = torch.tensor([1.0, 1.0, 0.0, 1.0]).reshape(1, 4, 1).expand(64, 4, 1)
    attention = HardAttention().train()
    optimizer = torch.optim.Adam([key], 0.1)
    for _ in range(100):
        error = attention(torch.ones(64, 8, 1), key.expand(64, 4, 1), value).flatten(1).mean(1)
        optimizer.zero_grad()
        ((error - error.mean()) * attention.log_prob).mean().backward()
        optimizer.step()
    assert key.flatten().softmax(0)[2] > 0.8


def test_blocks_with_hard_attention_have_the_parameters_of_the_soft_one():
    soft, hard = LongRangeAttention(4), LongRangeAttention(4, hard=True)
    hard.load_state_dict(soft.state_dict())
    assert [type(part) for part in stochastic_parts(hard)] == [HardAttention] and not stochastic_parts(soft)
    x = torch.rand(1, 4, 3, 9, 8)
    assert hard.eval()(x).shape == x.shape and not torch.equal(hard(x), soft.eval()(x))
