# Frame interpolation and super-resolution by a network each; a config names the two and their order. Weights are used
# where they lie, see ../weights.py, and what has none is measured as initialised.
two_stage_parts = dict(
    blend=dict(interpolator=dict(type='LinearBlendNet')),
    cain=dict(interpolator=dict(type='CAINNet')),
    flavr=dict(
        interpolator=dict(type='FLAVRNet', num_input_frames=4, num_output_frames=1),
        interpolator_window=4,
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
    ),
    basicvsr=dict(restorer=dict(type='BasicVSRNet', mid_channels=64, num_blocks=30)),
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
