# Stage 1: the branch of 5 frames alone, on frames aligned by rectified flow. It starts from the branch of one frame:
# the frame in the middle has that one's first layer, its neighbours zeros. The stages after it take their data and
# their schedule from here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/robust_vsr.py',
    '../_base_/datasets/clips_and_photos.py',
    '../_base_/datasets/vid4_bix4.py',
    '../_base_/schedules/adam_cosine.py',
]

model = dict(generator=dict(network=dict(_delete_=True, **_base_.robust_vsr.branches.of_five)))

custom_hooks = [
    dict(
        type='LoadPartsHook',
        parts=[
            dict(
                checkpoint='robust_vsr_b1_1xb16-30k_clips',
                source='generator.',
                target='generator.network.branch.',
                inflate='center',
            )
        ],
    )
]

train_dataloader = _base_.clips_and_photos_train_window_dataloader
train_dataloader.update(batch_size=8)
val_dataloader = [_base_.clips_val_window_dataloader]
val_evaluator = [_base_.clips_val_evaluator]
test_dataloader = [_base_.vid4_bix4_window_dataloader]
test_evaluator = [_base_.vid4_bix4_evaluator]

# The paper: SGD, a constant 1e-4 (1e-5 for the last layer), 5 million iterations. Here Adam, for a training of hours.
train_cfg = dict(type='ResumableIterBasedTrainLoop', max_iters=5_000, val_interval=500)
optim_wrapper = dict(optimizer=dict(lr=5e-4))

default_hooks = dict(checkpoint=dict(interval=500, save_best='clips/PSNR', rule='greater'))
