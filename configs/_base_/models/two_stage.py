# Frame interpolation and super-resolution by a network each; a config names the two and their order. Each part below
# brings its network and the name of its released weights, see ../weights.py; without the file it stays as initialised,
# and `vsr table` says that there are no weights. Three examples have configs; any other pair is
#
#     model = dict(
#         **_base_.two_stage,
#         generator=dict(
#             type='TwoStageNet',
#             order='restore_first',                    # or 'interpolate_first'
#             **_base_.two_stage_parts.flavr,           # or blend, cain
#             **_base_.two_stage_parts.basicvsr,        # or bicubic, edvrm
#         ),
#     )
#
# and another order of the same pair
#
#     vsr table two-stage_cain-edvrm_vid4 --cfg-options model.generator.order=restore_first
_base_ = ['../weights.py']

two_stage_parts = dict(
    blend=dict(interpolator=dict(type='LinearBlendNet')),
    cain=dict(interpolator=dict(type='CAINNet'), interpolator_weights=_base_.weights.cain),
    flavr=dict(
        interpolator=dict(type='FLAVRNet', num_input_frames=4, num_output_frames=1),
        interpolator_window=4,
        interpolator_weights=_base_.weights.flavr,
    ),
    bicubic=dict(restorer=dict(type='BicubicNet')),
    edvrm=dict(
        restorer=dict(
            type='EDVRNet',
            in_channels=3,
            out_channels=3,
            mid_channels=64,
            num_frames=5,
            deform_groups=8,
            num_blocks_extraction=5,
            num_blocks_reconstruction=10,
            center_frame_idx=2,
            with_tsa=True,
        ),
        restorer_window=5,
        restorer_weights=_base_.weights.edvrm,
    ),
    basicvsr=dict(
        restorer=dict(type='BasicVSRNet', mid_channels=64, num_blocks=30),
        restorer_weights=_base_.weights.basicvsr,
    ),
)
two_stage = dict(
    type='ZoomingSlowMo',
    pixel_loss=dict(type='CharbonnierLoss', loss_weight=1.0, reduction='sum', eps=1e-6),
    train_cfg=dict(),
    test_cfg=dict(),
    data_preprocessor=dict(
        type='DataPreprocessor',
        mean=[0.0, 0.0, 0.0],
        std=[255.0, 255.0, 255.0],
        input_view=(1, -1, 1, 1),
        output_view=(1, -1, 1, 1),
    ),
)
