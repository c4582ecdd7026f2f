# The network of table 5 of the latent-attention paper, 4,108,739 parameters. The network takes frames in [0, 1], as
# everywhere in this package; the losses are the paper's, on [0, 255], where its clipping of gradients acts too.
model = dict(
    type='LatentAttention',
    generator=dict(
        type='LatentAttentionNet',
        in_channels=3,
        mid_channels=64,
        num_layers=16,
        attn_layout='LLSLL',
        scale=4,
        chunk_length=7,
    ),
    # L_re of eq. (22) and L_vae of eq. (23), which counts while variance heads are open. Lambda is this package's.
    pixel_loss=dict(type='EuclideanLoss'),
    latent_loss=dict(type='MSELoss', loss_weight=1.0, reduction='mean'),
    latent_weight=0.1,
    dual_pass=False,
    value_range=255.0,
    kl_weight=0.0,
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
