import os
import subprocess
import sys

import pytest
import torch

from vsr_plugins.models import LatentAttentionNet
from vsr_plugins.models.blocks import attention, conv3d, upsampling
from vsr_plugins.models.blocks.fast import pointwise, switch, temporal_winograd
from vsr_plugins.models.blocks.fast.switch import FAST_PATHS, ROW_WINOGRAD, WINOGRAD, fast_paths_off, is_enabled


def test_both_paths_of_a_network_give_one_output(monkeypatch):
    """Every fast path is taken, none is with the switch off, and the two outputs agree."""
    torch.manual_seed(0)
    network = LatentAttentionNet(mid_channels=16, num_layers=4, attn_layout='LS').eval()
    clip = torch.rand(1, 7, 3, 16, 20)
    calls = []
    paths = (
        (temporal_winograd, '_convolve_clip'),
        (conv3d, 'conv3d_of_few_channels'),
        (pointwise.F, 'linear'),
        (attention, 'merged_embeddings'),
        (upsampling, 'fold'),
    )
    # ROW_WINOGRAD is for networks of 2-D convolutions: tests of row_winograd.
    assert len(paths) == len(set(FAST_PATHS) - {ROW_WINOGRAD})
    for module, name in paths:
        function = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *args, f=function, name=name: calls.append(name) or f(*args))
    with torch.inference_mode():
        fast = network(clip)
        assert set(calls) == {name for _, name in paths}
        calls.clear()
        with fast_paths_off():
            by_definition = network(clip)
    assert not calls
    assert not torch.equal(fast, by_definition)
    torch.testing.assert_close(fast, by_definition, atol=1e-5, rtol=0)


def test_paths_are_switched_one_by_one_and_together():
    with fast_paths_off(WINOGRAD):
        assert [name for name in FAST_PATHS if not is_enabled(name)] == [WINOGRAD]
        with fast_paths_off():
            assert not any(map(is_enabled, FAST_PATHS))
        assert [name for name in FAST_PATHS if not is_enabled(name)] == [WINOGRAD]
    assert all(map(is_enabled, FAST_PATHS))
    with pytest.raises(ValueError, match='warp'), fast_paths_off('warp'):
        pass


@pytest.mark.parametrize(('value', 'enabled'), [('0', 'False'), ('1', 'True')])
def test_the_environment_turns_all_of_them_off(value, enabled):
    program = f'import {switch.__name__} as s; print(*{{s.is_enabled(name) for name in s.FAST_PATHS}})'
    environment = {**os.environ, 'VSR_PLUGINS_FAST': value}
    done = subprocess.run([sys.executable, '-c', program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [enabled]
