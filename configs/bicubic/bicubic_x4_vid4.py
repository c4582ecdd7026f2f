# The baseline of every table: nothing to train, only to test. It has no checkpoint:
#   mim test mmagic configs/bicubic/bicubic_x4_vid4.py --checkpoint none
_base_ = ['../_base_/default_runtime.py', '../_base_/datasets/vid4_bix4.py']

model = dict(
    type='BaseEditModel',
    generator=dict(type='BicubicNet', scale=4),
    pixel_loss=dict(type='MSELoss'),  # never used; upstream's editor demands one
    data_preprocessor=dict(
        type='DataPreprocessor',
        mean=[0.0, 0.0, 0.0],
        std=[255.0, 255.0, 255.0],
        input_view=(1, -1, 1, 1),
        output_view=(1, -1, 1, 1),
    ),
)

train_cfg = None
val_cfg = None
test_dataloader = _base_.vid4_bix4_sequence_dataloader
test_evaluator = _base_.vid4_bix4_evaluator
