"""Convert Zooming Slow-Mo from its authors (Mukosame/Zooming-Slow-Mo-CVPR-2020, codes/models/modules/Sakuya_arch.py).

Paper:
    Zooming Slow-Mo: Fast and Accurate One-Stage Space-Time Video Super-Resolution. CVPR 2020.

Their ``_1`` and ``_2`` are the alignment of the first frame with the second and of the second with the first.
"""

from collections.abc import Mapping

from torch import Tensor

from .renaming import check_fits, count_numbers, rename, weight_of

NETWORK = 'ZoomingSlowMoNet'
SOURCE = "the authors' Zooming Slow-Mo"

DIRECTIONS = {'1': 'first', '2': 'second'}
LAYERS = {
    r'offset_conv(\d)_{}\.': r'motion_conv\1.',
    r'dcnpack_{}\.conv_offset_mask\.': 'deform.conv_offset.',
    r'dcnpack_{}\.': 'deform.',
    r'fea_conv_{}\.': 'feature_conv.',
}
TAPS = 9


def convert(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights under the names of ``ZoomingSlowMoNet``; width, groups and depth are inferred.

    ``interpolate=False`` needs them without names that begin with ``pyramid.`` or ``interpolation.``:
    ``vsr convert ... --without pyramid. interpolation.``.

    Raises:
        ValueError: If they are not those of Zooming Slow-Mo; the message has the first keys.
    """
    from ...models.networks.zooming_slow_mo import ZoomingSlowMoNet

    # A file saved under DataParallel.
    state_dict = {key.removeprefix('module.'): value for key, value in state_dict.items()}
    cell = r'ConvBLSTM\.forward_net\.'
    rules = [
        (r'conv_first\.', 'conv_first.'),
        (r'feature_extraction\.', 'extraction.'),
        *_alignment_rules('', ''),
        *_alignment_rules(rf'{cell}pcd_h\.', 'recurrence.hidden_alignment.'),
        *_alignment_rules(rf'{cell}pcd_c\.', 'recurrence.cell_alignment.'),
        (rf'{cell}cell_list\.0\.conv\.', 'recurrence.gates.'),
        (r'ConvBLSTM\.conv_1x1\.', 'recurrence.join.'),
        (r'recon_trunk\.', 'reconstruction.trunk.'),
        (r'upconv1\.', 'reconstruction.upsampling.0.'),
        (r'upconv2\.', 'reconstruction.upsampling.1.'),
        (r'HRconv\.', 'reconstruction.conv_hr.'),
        (r'conv_last\.', 'reconstruction.conv_last.'),
    ]
    renamed = rename(state_dict, rules, SOURCE)
    first = weight_of(renamed, 'conv_first.weight', 4, SOURCE)
    mask = weight_of(renamed, 'interpolation.first.level1.deform.conv_offset.bias', 1, SOURCE)
    sizes = {}
    if first is not None and mask is not None:
        sizes = {
            'mid_channels': first.shape[0],
            'in_channels': first.shape[1],
            'deform_groups': len(mask) // (3 * TAPS),
            'num_blocks_extraction': count_numbers(state_dict, r'feature_extraction\.(\d+)\.'),
            'num_blocks_reconstruction': count_numbers(state_dict, r'recon_trunk\.(\d+)\.'),
        }
    return check_fits(renamed, lambda: ZoomingSlowMoNet(**sizes), SOURCE)


def _alignment_rules(before: str, after: str) -> list[tuple[str, str]]:
    """Return the rules for a pyramid, the alignment in both directions, and their fusion."""
    rules = [
        (
            rf'{before}pcd_align\.L(\d)_' + theirs.format(number),
            rf'{after}interpolation.{direction}.level\1.' + ours.replace(r'\1', r'\2'),
        )
        for theirs, ours in LAYERS.items()
        for number, direction in DIRECTIONS.items()
    ]
    rules.append((rf'{before}fea_L(\d)_conv(\d)\.', rf'{after}pyramid.level\1_conv\2.'))
    rules.append((rf'{before}fusion\.', f'{after}interpolation.blend.'))
    return rules
