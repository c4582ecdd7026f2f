# The network of table 5 of the latent-attention paper, 4,108,739 parameters. The paper's training is written on
# [0, 255]; here frames are divided by 255, as everywhere in this package.
model = dict(
    type='BaseEditModel',
    generator=dict(
        type='LatentAttentionNet',
        in_channels=3,
        mid_channels=64,
        num_layers=16,
        attn_layout='LLSLL',
        scale=4,
        chunk_length=7,
    ),
    # Eq. (22) writes the Euclidean distance; its square, which the Gaussian of eq. (23) stands for, is what trains.
    pixel_loss=dict(type='MSELoss', loss_weight=1.0, reduction='mean'),
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
