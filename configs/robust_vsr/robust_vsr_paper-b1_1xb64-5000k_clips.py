# The paper's RobustVSR, stage 1: the branch of one frame alone, which is ESPCN with ReLU on Y, without the bicubic skip
# of robust_vsr_b1_*.py. All stages:
#   vsr stages configs/robust_vsr/robust_vsr_paper-{b1,b2,b3,final}_*.py
_base_ = '../espcn/espcn_x4_1xb16-300k_clips.py'

model = dict(generator=dict(activation='relu'))

# 36 pixels at low resolution, as the aligned patches of the other stages.
train_dataloader = dict(batch_size=64)
train_dataloader['dataset'] = dict(
    pipeline=[
        _base_.clips_sample,
        _base_.clips_load,
        dict(_base_.clips_patch, gt_patch_size=144),
        *_base_.clips_sequence_end,
    ]
)

# The paper: SGD with momentum, a constant 1e-4, a tenth of it for the last layer, 5 million iterations. Here Adam.
train_cfg = dict(max_iters=5_000_000, val_interval=50_000)
optim_wrapper = dict(optimizer=dict(lr=1e-4), paramwise_cfg=dict(custom_keys={'generator.conv3': dict(lr_mult=0.1)}))
param_scheduler = None
