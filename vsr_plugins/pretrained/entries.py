"""The registry of pretrained weights: network, files and measured quality of each set."""

from typing import Any

from .entry import BANK_DATA, MORE_DATA, PACKAGE, RESULTS, ROOT, Pretrained, WeightsFile
from .released import PARTS, RELEASED


def _own(stem: str, sha256: str, *places: str) -> dict[str, Any]:
    """Return the fields of weights trained with a config of this package and included in it, or in other places."""
    files = [WeightsFile(f'{stem}.safetensors', sha256, place, prefix='generator.') for place in places or (PACKAGE,)]
    return dict(files=tuple(files), config=stem)


_DIS = dict(type='DISFlow', preset='ultrafast')
_RECTIFIED = dict(type='RectifiedFlowAlignment', flow=_DIS, patch_size=36, keep_size=30)
_BRANCH = dict(type='ESPCNNet', global_residual=True)
_DEEP_BRANCH = dict(**_BRANCH, num_blocks=2)
_ADAPTIVE = dict(type='TemporalAdaptiveNet', num_branches=3, branch=_BRANCH, scale=4, color='y')


def _aligned(network: dict, aligner: dict | None) -> dict:
    return dict(type='AlignedNet', network=network, aligner=aligner)


def _branch(frames: int, branch: dict, aligner: dict | None) -> dict:
    return _aligned(dict(type='TemporalBranchNet', num_frames=frames, branch=branch, scale=4, color='y'), aligner)


_HALF_WIDTH = dict(
    type='LatentAttentionNet',
    in_channels=3,
    mid_channels=32,
    num_layers=16,
    attn_layout='LLSLL',
    scale=4,
    chunk_length=7,
    global_residual=True,
)
_DEEP = _aligned({**_ADAPTIVE, 'branch': _DEEP_BRANCH}, None)


# Best first: the order of the default selection. Weights trained here are ordered by their PSNR on the held-out clips,
# which no released network was selected by.
PRETRAINED: tuple[Pretrained, ...] = (
    *RELEASED,
    Pretrained(
        name='latent-attention',
        method='Latent attention',
        network={**_HALF_WIDTH, 'mid_channels': 64},
        # 8 MB: in a clone, from which it may be copied into VSR_WEIGHTS_ROOT, and not in the wheel.
        **_own(
            'latent_attn_llsll-c64_1xb16-8min_patches',
            'd40bf5ac2c7e27b09b7600f3d5b7cfdd9a397a566376d5e024970fe3a8097c0e',
            RESULTS,
            ROOT,
        ),
        data=BANK_DATA,
        held_out=29.699,
        vid4=(26.03, 0.7740),
        use='unasked',
        seconds=1.0,
    ),
    Pretrained(
        name='latent-attention-half',
        method='Latent attention, half width',
        network=_HALF_WIDTH,
        **_own(
            'latent_attn_llsll-c32_1xb4-anneal_clips',
            '7b84cb608bdc70569d9ea90435d9556f589cac05c6d3ce6cb9dd438cb258f0bc',
        ),
        data=MORE_DATA,
        held_out=29.284,
        vid4=(25.53, 0.7483),
        use='unasked',
        seconds=0.483,
    ),
    Pretrained(
        name='robust-vsr',
        method='RobustVSR with deeper branches',
        network=_DEEP,
        **_own(
            'robust_vsr_deep-final_1xb8-20k_clips', 'df436122aad93c45c016f1c108a86d9feac316908b81672834076b199b5ce294'
        ),
        held_out=29.137,
        vid4=(25.29, 0.7309),
        use='unasked',
        seconds=0.173,
    ),
    Pretrained(
        name='early-latent-attention',
        method='Latent attention, half width, 2,000 iterations',
        network=_HALF_WIDTH,
        **_own(
            'latent_attn_llsll-c32_1xb4-2k_clips',
            '569716476a909dec62408147e3b66e4722114a6abfe54fc1ef14a08b7f47a6a4',
            RESULTS,
        ),
        held_out=29.086,
        vid4=(25.29, 0.7343),
        seconds=0.483,
    ),
    Pretrained(
        name='robust-vsr-deep-joint',
        method='RobustVSR with deeper branches, before its last training',
        network=_DEEP,
        **_own(
            'robust_vsr_deep-joint_1xb8-2k_clips',
            '21ced4cc354ce6c1ba5b61c2ef999ad88fdc724fe1789954e5cf30295a1f1485',
            RESULTS,
        ),
        held_out=29.072,
        seconds=0.173,
    ),
    Pretrained(
        name='vespcn',
        method='VESPCN',
        network=dict(type='VESPCNNet', scale=4),
        **_own(
            'vespcn_x4_1xb16-30k_patches-motion',
            'edb94b99e0e00a534d7b598bb0a3bc5217c072989bbee1092ec8df6449334c98',
        ),
        data=BANK_DATA,
        held_out=29.070,
        vid4=(24.98, 0.7138),
        use='unasked',
        seconds=0.0256,
    ),
    Pretrained(
        name='vespcn-still',
        method='VESPCN, neighbours hardly moved',
        network=dict(type='VESPCNNet', scale=4),
        **_own(
            'vespcn_x4_1xb16-30k_patches',
            '2817002fbb3631a9306c91b84ce1b866aa606dabbd0889f4f66b73689bc3dd24',
            RESULTS,
        ),
        data=BANK_DATA,
        held_out=29.029,
        vid4=(25.15, 0.7247),
        seconds=0.0256,
    ),
    Pretrained(
        name='robust-vsr-deep-b2',
        method='RobustVSR, deeper branch of three frames',
        network=_branch(3, _DEEP_BRANCH, None),
        **_own(
            'robust_vsr_deep-b2_1xb8-8k_clips',
            'cb418e937bcf9bdb266551595cd08c97f40aa8a4e54b822e9f9fba6bca4a7db4',
            RESULTS,
        ),
        held_out=28.995,
    ),
    Pretrained(
        name='robust-vsr-deep-b3',
        method='RobustVSR, deeper branch of five frames',
        network=_branch(5, _DEEP_BRANCH, None),
        **_own(
            'robust_vsr_deep-b3_1xb8-12k_clips',
            '12098a1bfe39011aada535319a963eec4390cd05ba1e1856d1e926ff14a668a7',
            RESULTS,
        ),
        held_out=28.992,
    ),
    Pretrained(
        name='robust-vsr-flow-patches',
        method='RobustVSR behind flow warping, on from that without alignment',
        network=_aligned(_ADAPTIVE, dict(type='FlowWarpAlignment', flow=_DIS)),
        **_own(
            'robust_vsr_flow_1xb8-45min_patches',
            'dfe66ac64fd44f7f1a8ff071a4df492611d0d2e7ed975d5d6b5f7c981b56422e',
            RESULTS,
        ),
        data=BANK_DATA,
        held_out=28.978,
    ),
    Pretrained(
        name='robust-vsr-deep-b1',
        method='RobustVSR, deeper branch of one frame',
        network=dict(type='ESPCNNet', in_channels=1, scale=4, activation='relu', global_residual=True, num_blocks=2),
        **_own(
            'robust_vsr_deep-b1_1xb16-6k_clips',
            '03eab47434d94f5a0a783df658880f372567f3313ac6e4571dcc44af50e3fbe7',
            RESULTS,
        ),
        held_out=28.972,
    ),
    Pretrained(
        name='robust-vsr-stn-patches',
        method='RobustVSR, on from that without alignment',
        network=_aligned(_ADAPTIVE, dict(type='SpatialAlignmentNet', color='y', patch_size=36, keep_size=30)),
        **_own(
            'robust_vsr_stn_1xb16-4k_patches',
            'a530ca6352c1f5cd23bbd290e6d36adc7e27220fd20f24426894c4d48b264261',
            RESULTS,
        ),
        data=BANK_DATA,
        held_out=28.965,
    ),
    Pretrained(
        name='robust-vsr-flow',
        method='RobustVSR behind flow warping',
        network=_aligned(_ADAPTIVE, dict(type='FlowWarpAlignment', flow=_DIS)),
        **_own(
            'robust_vsr_final-flow_1xb8-2k_clips',
            '89936c6c2bf0c860a7827287b06a883aae8f883ef30fc4fe6d3731ea1516eabc',
            RESULTS,
        ),
        held_out=28.935,
    ),
    Pretrained(
        name='robust-vsr-rectified',
        method='RobustVSR behind rectified flow',
        network=_aligned(_ADAPTIVE, _RECTIFIED),
        **_own(
            'robust_vsr_final-rectified_1xb8-2k_clips',
            '119f76892a190c20139a57bbe1ec69b9055c27c21902f700af65313f0cd514a7',
            RESULTS,
        ),
        held_out=28.931,
    ),
    Pretrained(
        name='robust-vsr-none',
        method='RobustVSR without alignment',
        network=_aligned(_ADAPTIVE, None),
        **_own(
            'robust_vsr_final-none_1xb8-2k_clips',
            '1aae3d0c25b3cce45783021f39d8266b74d04192b2b3d6cee7849fab1a78ee37',
            RESULTS,
        ),
        held_out=28.930,
    ),
    Pretrained(
        name='early-vespcn',
        method='VESPCN, 20,000 iterations on clips',
        network=dict(type='VESPCNNet', scale=4),
        **_own(
            'vespcn_x4_1xb8-20k_clips',
            '21fb9ffdf31fd98388cf047fa16e0c239a7333d4ab09f51bc49d5067bb3a4396',
            RESULTS,
        ),
        held_out=28.921,
        vid4=(24.98, 0.7122),
        seconds=0.0256,
    ),
    Pretrained(
        name='robust-vsr-stn',
        method='RobustVSR behind its spatial alignment network',
        network=_aligned(_ADAPTIVE, dict(type='SpatialAlignmentNet', color='y', patch_size=36, keep_size=30)),
        **_own(
            'robust_vsr_final-stn_1xb8-2k_clips',
            'e31eaa30df00b74181ec741e9d8662a080fdf50d647b3e34c222fa382794eea5',
        ),
        held_out=28.911,
        vid4=(24.79, 0.6988),
        seconds=0.0955,
    ),
    Pretrained(
        name='robust-vsr-b2',
        method='RobustVSR, branch of three frames',
        network=_branch(3, _BRANCH, _RECTIFIED),
        **_own(
            'robust_vsr_b2_1xb8-4k_clips', '7478f0f19be48f8a3aa1d5cf0d8f3b5cb939a01a773328bbae4b8d6f9b0ce9a7', RESULTS
        ),
        held_out=28.894,
    ),
    Pretrained(
        name='robust-vsr-b3',
        method='RobustVSR, branch of five frames',
        network=_branch(5, _BRANCH, _RECTIFIED),
        **_own(
            'robust_vsr_b3_1xb8-5k_clips', 'cb3a4ee41e2fc186e1e6b4c19f1c6a6af6f19a352d1e0fb07a8428bd6f2f631f', RESULTS
        ),
        held_out=28.890,
    ),
    Pretrained(
        name='robust-vsr-b1',
        method='RobustVSR, branch of one frame',
        network=dict(type='ESPCNNet', in_channels=1, scale=4, activation='relu', global_residual=True),
        **_own(
            'robust_vsr_b1_1xb16-30k_clips', 'b40fe1bbfd881b7a5eb23eb8ccc5682e5b88430368e8e9b58a5cb1005a16be53', RESULTS
        ),
        held_out=28.889,
    ),
    Pretrained(
        name='robust-vsr-joint',
        method='RobustVSR without alignment, trained together',
        network=_aligned(_ADAPTIVE, None),
        **_own(
            'robust_vsr_none_1xb16-75min_patches',
            '0e271532ef3d01d74e538db89b018f3befbded48f3424e3f8e62baade7e25244',
            RESULTS,
        ),
        data=BANK_DATA,
        held_out=28.885,
        vid4=(24.99, 0.7129),
    ),
    Pretrained(
        name='fsrcnn',
        method='FSRCNN',
        network=dict(type='FSRCNNNet', in_channels=1, scale=4),
        **_own(
            'fsrcnn_x4d56s12m4_1xb16-60min_patches', '49a60f170b9c8bbdce320bb0009714772fea6df40680c7637d48690db1999b44'
        ),
        data=BANK_DATA,
        held_out=28.770,
        vid4=(24.60, 0.6870),
        use='unasked',
        seconds=0.0234,
    ),
    Pretrained(
        name='espcn',
        method='ESPCN',
        network=dict(type='ESPCNNet', in_channels=1, scale=4, activation='tanh'),
        **_own('espcn_x4_1xb16-20k_clips', 'd04daa549d5b57f3fa7d8f423fb01b064f77353fcb5155fa452f3179c0b4b1fc'),
        held_out=28.768,
        vid4=(24.62, 0.6885),
        use='unasked',
        seconds=0.0157,
    ),
    Pretrained(
        name='robust-vsr-short',
        method='RobustVSR without alignment, 2,000 steps',
        network=_aligned(_ADAPTIVE, None),
        **_own(
            'robust_vsr_none_1xb16-2k_patches',
            '5da42914a18963ca4386d77d3a9e1c3ed70cf455fef2b90b0b9d7e61fd280965',
            RESULTS,
        ),
        data=BANK_DATA,
        held_out=28.666,
    ),
    Pretrained(
        name='robust-vsr-short-gelu',
        method='RobustVSR with GELU, without alignment, 2,000 steps',
        network=_aligned({**_ADAPTIVE, 'branch': dict(**_BRANCH, activation='gelu')}, None),
        **_own(
            'robust_vsr_gelu_1xb16-2k_patches',
            '02c2ebe4d1b0ed6463d7350fe557f1788fc4208f0c5b0081d3c285a51f82dd87',
            RESULTS,
        ),
        data=BANK_DATA,
        held_out=28.579,
    ),
    Pretrained(
        name='robust-vsr-short-srcnn',
        method='RobustVSR with SRCNN branches, without alignment, 2,000 steps',
        network=_aligned({**_ADAPTIVE, 'branch': dict(type='SRCNNNet')}, None),
        **_own(
            'robust_vsr_srcnn_1xb16-2k_patches',
            '65cfe1a250ab8bc2de1179d3584376fa842d999f949c708645b72b5f2a80cf28',
            RESULTS,
        ),
        held_out=28.512,
        data=BANK_DATA,
    ),
    Pretrained(
        name='real',
        method='Latent attention, half width, for compressed video',
        network=_HALF_WIDTH,
        **_own(
            'latent_attn_llsll-c32_1xb2-60min_clips-h264',
            '42837cd841261af4b9bde0133f7ca9b56b9511349349106bbacc34385e303ec5',
            RESULTS,
        ),
        trained_for='real footage',
        data='121 clips (research use)',
        held_out=26.230,
        seconds=0.483,
    ),
    Pretrained(
        name='bicubic',
        method='Bicubic',
        network=dict(type='BicubicNet', scale=4),
        trained_for='any',
        data='–',
        licence='–',
        config='bicubic_x4_vid4',
        held_out=27.84,
        vid4=(23.784, 0.6347),
        use='unasked',
        seconds=0.00278,
    ),
    *PARTS,
)
