# What networks are trained and measured in that need no wrapper of their own: frames in [0, 1], one loss. A config adds
# model.generator and, where it is another, the loss.
model = dict(
    type='BaseEditModel',
    pixel_loss=dict(type='MSELoss'),
    train_cfg=dict(),
    test_cfg=dict(),
    data_preprocessor=dict(
        type='DataPreprocessor',
        mean=[0.0, 0.0, 0.0],
        std=[255.0, 255.0, 255.0],
    ),
)
# The squared error on Y, for networks of one channel.
luma_mse = dict(type='LumaLoss', loss=dict(type='MSELoss'))
