# The network of the Zooming Slow-Mo paper, 11,102,771 parameters, with its loss over all frames.
model = dict(
    type='ZoomingSlowMo',
    generator=dict(
        type='ZoomingSlowMoNet',
        mid_channels=64,
        deform_groups=8,
        num_blocks_extraction=5,
        num_blocks_reconstruction=40,
        scale=4,
    ),
    # Epsilon 1e-3 as the paper writes it, squared below the root.
    pixel_loss=dict(type='CharbonnierLoss', loss_weight=1.0, reduction='sum', eps=1e-6),
    train_cfg=dict(),
    # Measured in windows of four frames, each a clip of its own, as the authors do. For a folder or a video of one's
    # own leave it out: windows that remember join smoothly.
    test_cfg=dict(independent_windows=4),
    data_preprocessor=dict(
        type='DataPreprocessor',
        mean=[0.0, 0.0, 0.0],
        std=[255.0, 255.0, 255.0],
        input_view=(1, -1, 1, 1),
        output_view=(1, -1, 1, 1),
    ),
)
