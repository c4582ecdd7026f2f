import contextlib
from types import MethodType

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from vsr_plugins.inference.cost import count_flops, measure_cost
from vsr_plugins.models.blocks.deform import BACKENDS, deform_backend, deform_conv2d


def test_fsrcnn_takes_two_operations_per_weight_and_input_pixel(tmp_path):
    """12,464 weights (FSRCNN, ECCV 2016, section 3.3), each applied once at each pixel of the input."""
    from mmengine.config import Config

    from vsr_plugins.inference.load_model import load_model

    preprocessor = {'type': 'DataPreprocessor', 'mean': [0.0] * 3, 'std': [255.0] * 3}
    network = {'type': 'FSRCNNNet', 'in_channels': 1, 'scale': 4}
    settings = {'type': 'BaseEditModel', 'generator': network, 'pixel_loss': {'type': 'MSELoss'}}
    model = load_model(Config({'model': {**settings, 'data_preprocessor': preprocessor}}))
    cost = measure_cost(model, (3, 3, 10, 12))
    assert cost.flops == 2 * 12464 * 10 * 12
    assert cost.frames == (3, 3) and cost.size == (10, 12) and cost.seconds > 0
    assert cost.memory is None or cost.memory > 12464 * 4


@pytest.mark.parametrize('backend', BACKENDS)
def test_deformable_convolution_counts_like_any_other(backend):
    x, offset, weight = torch.rand(2, 4, 6, 7), torch.rand(2, 18, 6, 7), torch.rand(5, 4, 3, 3)

    def call():
        with deform_backend(backend), torch.no_grad():
            return deform_conv2d(x, offset, weight, padding=1)

    flops, output = count_flops(call)
    assert output.shape == (2, 5, 6, 7)
    assert flops == 2 * (2 * 6 * 7) * 5 * 4 * 9


# Kernels of PyTorch by name; a device may lack some. None is PyTorch's own choice.
KERNELS = [None, 'MATH', 'FLASH_ATTENTION', 'EFFICIENT_ATTENTION', 'CUDNN_ATTENTION']
MODES = [torch.no_grad, torch.inference_mode, torch.enable_grad]


@pytest.mark.parametrize('kernel', KERNELS)
@pytest.mark.parametrize('device', ['cpu', *(['cuda'] if torch.cuda.is_available() else [])])
def test_attention_counts_the_same_by_every_kernel(kernel, device):
    """2 heads, 8 queries, 6 keys, 4 channels of the keys: 2 * 8 * 6 * 4 products each for the scores and the values."""

    def attend():
        with sdpa_kernel(getattr(SDPBackend, kernel)) if kernel else contextlib.nullcontext():
            return F.scaled_dot_product_attention(query, key, key)

    counts = []
    for dtype in (torch.float32, torch.bfloat16):
        query, key = (torch.rand(1, 2, n, 4, device=device, dtype=dtype) for n in (8, 6))
        with contextlib.suppress(RuntimeError):
            attend()
            for mode in MODES:
                with mode():
                    counts.append(count_flops(attend)[0])
    if not counts:
        pytest.skip(f'{device} has no such kernel')
    assert counts in ([1536] * 3, [1536] * 6)


def test_attention_is_counted_by_the_shapes_of_its_arguments():
    query, key, value = torch.rand(3, 2, 8, 4), torch.rand(1, 2, 6, 4), torch.rand(1, 2, 6, 5)
    mask = torch.zeros(8, 6)
    calls = [
        lambda: F.scaled_dot_product_attention(query=query, key=key, value=value),
        lambda: F.scaled_dot_product_attention(query, key, value, mask),
        lambda: F.scaled_dot_product_attention(query, key, value, is_causal=True),
    ]
    # 3 clips, 2 heads, 8 queries, 6 keys, 4 + 5 channels.
    assert [count_flops(call)[0] for call in calls] == [5184] * 3


@pytest.mark.parametrize('need_weights', [True, False])
@pytest.mark.parametrize('mode', [torch.no_grad, torch.enable_grad])
def test_attention_inside_a_module_of_pytorch_is_counted(need_weights, mode):
    attention = nn.MultiheadAttention(8, 2, batch_first=True).eval()
    x = torch.rand(3, 5, 8)
    with mode():
        flops, _ = count_flops(lambda: attention(x, x, x, need_weights=need_weights)[0])
        # 15 tokens of 8 channels to 24 and back from 8; 3 clips, 2 heads, 5 queries, 5 keys, 4 + 4 channels.
        assert flops == 2 * 15 * 8 * 24 + 2 * 15 * 8 * 8 + 2400
    assert not isinstance(F.scaled_dot_product_attention, MethodType)


def test_transposed_convolution_is_counted():
    with torch.no_grad():
        flops, _ = count_flops(lambda: nn.ConvTranspose2d(3, 2, 4, stride=2)(torch.rand(1, 3, 5, 6)))
    assert flops == 2 * (5 * 6) * 3 * 2 * 16


def test_a_matrix_product_beside_attention_is_counted():
    query, key, value, weight = (torch.rand(shape) for shape in ((3, 2, 8, 4), (3, 2, 6, 4), (3, 2, 6, 5), (5, 7)))
    with torch.no_grad():
        flops, _ = count_flops(lambda: F.scaled_dot_product_attention(query, key, value) @ weight)
    assert flops == 3 * 2 * (2 * 8 * 6 * (4 + 5) + 2 * 8 * 5 * 7)


def test_attention_inside_a_module_is_counted():
    module = nn.MultiheadAttention(4, 2, batch_first=True).train()
    x = torch.rand(1, 6, 4)
    # Projections of queries, keys, values and output, then two heads of two channels.
    expected = 4 * 2 * 6 * 4 * 4 + 2 * 2 * (2 * 6 * 6 * 2)
    assert count_flops(lambda: module(x, x, x, need_weights=False)[0])[0] == expected
