import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from torch import nn

from vsr_plugins.inference.cost import count_flops, measure_cost
from vsr_plugins.models.blocks.deform import BACKENDS, deform_backend, deform_conv2d


def test_operations_of_fsrcnn_are_two_for_each_weight_and_input_pixel(tmp_path):
    """12,464 weights (FSRCNN, ECCV 2016, section 3.3), each applied once at each pixel of the input."""
    from mmengine.config import Config

    from vsr_plugins.inference.clips import load_model

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


def test_attention_and_transposed_convolution_are_counted():
    query, key = torch.rand(1, 2, 8, 4), torch.rand(1, 2, 6, 4)
    with torch.no_grad():
        flops, _ = count_flops(lambda: nn.functional.scaled_dot_product_attention(query, key, key))
        assert flops == 2 * 2 * (8 * 6 * 4) * 2
        flops, _ = count_flops(lambda: nn.ConvTranspose2d(3, 2, 4, stride=2)(torch.rand(1, 3, 5, 6)))
        assert flops == 2 * (5 * 6) * 3 * 2 * 16


@pytest.mark.parametrize('kernel', ['MATH', 'FLASH_ATTENTION'])
def test_attention_is_counted_whatever_kernel_serves_it(kernel):
    kernels = pytest.importorskip('torch.nn.attention', reason='this PyTorch cannot be told which kernel to take')
    # Two products of 2 heads, 8 queries and 6 keys, over 4 channels; a multiply-add is two operations.
    query, key = torch.rand(3, 2, 8, 4), torch.rand(3, 2, 6, 4)
    attend = nn.functional.scaled_dot_product_attention
    with torch.no_grad(), kernels.sdpa_kernel(getattr(kernels.SDPBackend, kernel)):
        flops, output = count_flops(lambda: attend(query, value=key, key=key))
        assert (flops, output.shape) == (3 * 1536, query.shape)
    # Values of another width, and what stands beside the attention.
    with torch.no_grad():
        flops, _ = count_flops(lambda: attend(query, key, torch.rand(3, 2, 6, 5)) @ torch.rand(5, 7))
        assert flops == 3 * 2 * (2 * 8 * 6 * (4 + 5) + 2 * 8 * 5 * 7)


def test_attention_inside_a_module_is_counted():
    module = nn.MultiheadAttention(4, 2, batch_first=True).train()
    x = torch.rand(1, 6, 4)
    # Projections of queries, keys, values and output, then two heads of two channels.
    expected = 4 * 2 * 6 * 4 * 4 + 2 * 2 * (2 * 6 * 6 * 2)
    assert count_flops(lambda: module(x, x, x, need_weights=False)[0])[0] == expected


HANGS = """
import vsr_plugins.inference.cost as cost
from hanging import hang
cost.measure_model = hang
if __name__ == '__main__':
    cost.measure_apart({}, (1, 3, 8, 8))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != 'linux', reason='reads /proc')
def test_a_measurement_ends_with_the_process_that_asked_for_it(tmp_path):
    (tmp_path / 'hanging.py').write_text(
        'import os, time\ndef hang(*args):\n    print(os.getpid(), flush=True)\n    time.sleep(600)\n'
    )
    (tmp_path / 'program.py').write_text(HANGS)
    with subprocess.Popen([sys.executable, str(tmp_path / 'program.py')], stdout=subprocess.PIPE, text=True) as process:
        child = Path('/proc', process.stdout.readline().strip(), 'stat')
        process.kill()
    for _ in range(100):
        if not child.is_file() or child.read_text().rpartition(')')[2].split()[0] == 'Z':
            return
        time.sleep(0.1)
    raise AssertionError(f'{child.parent} goes on')
