"""Every network that can be built by name, in a size a CPU runs instantly: for tests and device checks."""

import inspect
from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .build import NETWORKS, build_network
from .input_spec import UPSTREAM, input_spec

_EDVR = dict(mid_channels=8, deform_groups=2, num_blocks_extraction=1, num_blocks_reconstruction=1)
_ESPCN = dict(type='ESPCNNet', mid_channels=(4, 3))

# Arguments by the name of the network. Some scales are not 4, to cover the argument.
REDUCED: Mapping[str, Mapping[str, Any]] = {
    'AlignedNet': dict(
        network=dict(type='TemporalAdaptiveNet', branch=_ESPCN), aligner=dict(type='SpatialAlignmentNet')
    ),
    'BasicVSRNet': dict(mid_channels=4, num_blocks=1),
    'BasicVSRPlusPlusNet': dict(mid_channels=16, num_blocks=1),
    'BicubicNet': dict(scale=2),
    'CascadeNet': dict(stages=[dict(_ESPCN, scale=2), dict(_ESPCN, scale=2)]),
    'DISFlow': dict(),
    'DUFNet': dict(num_layers=16, scale=2),
    'DeformableAlignment': dict(mid_channels=64, num_blocks=1),
    'EDSRNet': dict(in_channels=3, out_channels=3, mid_channels=4, num_blocks=1, upscale_factor=2),
    'EDVRAblatedNet': dict(in_channels=3, out_channels=3, alignment='deformable', **_EDVR),
    'EDVRNet': dict(in_channels=3, out_channels=3, with_tsa=False, **_EDVR),
    'EDVRStage2Net': dict(_EDVR),
    'ESPCNNet': dict(mid_channels=(4, 3)),
    'FRVSRNet': dict(mid_channels=4, num_blocks=1),
    'FSRCNNNet': dict(mid_channels=8, shrink_channels=4, num_layers=1, scale=3),
    'FlowWarpAlignment': dict(),
    'IconVSRNet': dict(mid_channels=64, num_blocks=1),
    'LatentAttentionNet': dict(mid_channels=8, num_layers=2, attn_layout='LS'),
    'LinearBlendNet': dict(),
    'MSRResNet': dict(in_channels=3, out_channels=3, mid_channels=4, num_blocks=1, upscale_factor=3),
    'PluggedNet': dict(
        network=dict(type='VESPCNNet', mid_channels=4, num_layers=3),
        blocks={'restoration.2': dict(type='LongRangeAttention', channels=4)},
    ),
    'RDNNet': dict(in_channels=3, out_channels=3, mid_channels=4, num_blocks=1, num_layers=1, channel_growth=4),
    'RRDBNet': dict(in_channels=3, out_channels=3, mid_channels=4, num_blocks=1, growth_channels=4, upscale_factor=2),
    'RealBasicVSRNet': dict(mid_channels=4, num_propagation_blocks=1, num_cleaning_blocks=1),
    'RectifiedFlowAlignment': dict(),
    'SPMCNet': dict(mid_channels=4),
    'SPyNetFlow': dict(),
    'SRCNNNet': dict(upscale_factor=3),
    'SpatialAlignmentNet': dict(),
    'SwinIRNet': dict(embed_dim=8, depths=[1], num_heads=[2], window_size=4, upscale=2, upsampler='pixelshuffle'),
    'TDANNet': dict(mid_channels=64, num_blocks_before_align=1, num_blocks_after_align=1),
    'TOFlowVSRNet': dict(),
    'TemporalAdaptiveNet': dict(branch=_ESPCN),
    'TemporalBranchNet': dict(num_frames=3, branch=_ESPCN),
    'TwoStageNet': dict(interpolator=dict(type='LinearBlendNet'), restorer=dict(type='BicubicNet', scale=4)),
    'VESPCNNet': dict(),
    'VSRNet': dict(),
    'ZoomingSlowMoNet': dict(window_length=3, halo=1, **_EDVR),
}


def network_names() -> list[str]:
    """Names of all networks: those of this package, and upstream's networks with known requirements."""
    return sorted({*NETWORKS, *UPSTREAM})


def build_reduced(name: str, seed: int = 0) -> nn.Module:
    """Build a reduced network in evaluation mode, with random weights in all layers.

    Parameters that start at zero (offsets of deformable convolutions, heads of flow networks) get small random values:
    at zero, half of the network would not affect its output.

    Args:
        name: One of ``network_names``.
        seed: Seed of the weights.

    Raises:
        ValueError: If no reduced network has this name.
    """
    if name not in REDUCED:
        raise ValueError(f'no reduced network is named {name!r}')
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.random.default_generator.manual_seed(seed)
        network = build_network({'type': name, **REDUCED[name]})
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.numel() and not parameter.any():
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.02)
    return network.eval()


def example_inputs(network: nn.Module, seed: int = 0, size: int = 32) -> tuple[Tensor, ...]:
    """Return smooth moving frames in [0, 1] in the form that ``network`` takes.

    Args:
        network: A network from ``build_reduced``, or any other that declares its requirements.
        seed: Seed of the frames.
        size: Height; larger if the network requires it.

    Returns:
        Arguments of its ``forward``: (1, t, 3, h, w), (1, 3, h, w) for networks of single images; two of (2, 3, h, w)
        for aligners and optical flow; (1, 2, 3, h, w) for interpolation between two frames.
    """
    required = [
        parameter
        for parameter in inspect.signature(network.forward).parameters.values()
        if parameter.default is parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    ]
    if len(required) == 2:
        frames = moving_frames(3, size, size + 4, seed)
        return frames[:2], frames[1:]
    try:
        spec = input_spec(network)
    except ValueError:
        return (moving_frames(2, size, size + 4, seed)[None],)
    height = max(size, spec.min_size)
    height = -(-height // spec.multiple_of) * spec.multiple_of
    count = 1 if spec.single_image else spec.window or max(3, spec.min_frames)
    frames = moving_frames(count, height, height + max(spec.multiple_of, 4), seed)
    return (frames if spec.single_image else frames[None],)


def moving_frames(count: int, height: int, width: int, seed: int = 0) -> Tensor:
    """Return a smooth texture that moves one pixel down and to the right per frame, (count, 3, height, width)."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, 3, (height + count) // 4 + 2, (width + count) // 4 + 2, generator=generator)
    texture = F.interpolate(coarse, scale_factor=4, mode='bicubic', align_corners=False)[0].clamp(0, 1)
    return torch.stack([texture[:, i : i + height, i : i + width] for i in range(count)])
