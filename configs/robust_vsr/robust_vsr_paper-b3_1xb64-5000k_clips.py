# The paper's RobustVSR, stage 1: the branch of five frames alone, without the bicubic skip of robust_vsr_b3_*.py, on
# frames aligned by rectified flow. Its first layer starts from that of the branch of one frame, divided evenly along
# time. The stages after it take their data and their schedule from here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/robust_vsr.py',
    '../_base_/datasets/clips.py',
    '../_base_/datasets/vid4_bix4.py',
]

model = dict(generator=dict(network=dict(_delete_=True, **_base_.robust_vsr_paper.branches.of_five)))

custom_hooks = [
    dict(
        type='LoadPartsHook',
        parts=[
            dict(
                checkpoint='robust_vsr_paper-b1_1xb64-5000k_clips',
                source='generator.',
                target='generator.network.branch.',
                inflate='mean',
            )
        ],
    )
]

# Patches of 36 x 36 at low resolution, of which the aligner keeps the paper's 30 x 30.
train_dataloader = _base_.clips_train_window_dataloader
train_dataloader.update(batch_size=64)
train_dataloader.dataset.pipeline = [
    _base_.clips_load,
    dict(_base_.clips_patch, gt_patch_size=144),
    *_base_.clips_window_end,
]
val_dataloader = [_base_.clips_val_window_dataloader]
val_evaluator = [_base_.clips_val_evaluator]
test_dataloader = [_base_.vid4_bix4_window_dataloader]
test_evaluator = [_base_.vid4_bix4_evaluator]

# The paper: SGD with momentum, a constant 1e-4, a tenth of it for the last layer, 5 million iterations. Here Adam.
train_cfg = dict(type='ResumableIterBasedTrainLoop', max_iters=5_000_000, val_interval=50_000)
optim_wrapper = dict(
    constructor='DefaultOptimWrapperConstructor',
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=1e-4, betas=(0.9, 0.999)),
    paramwise_cfg=dict(custom_keys={'conv3': dict(lr_mult=0.1)}),
)

default_hooks = dict(checkpoint=dict(interval=5000, save_best='clips/PSNR', rule='greater'))
