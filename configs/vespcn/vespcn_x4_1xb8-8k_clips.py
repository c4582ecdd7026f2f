# VESPCN for an hour of two CPU cores. Both stages:
#   vsr stages configs/vespcn/vespcn_motion-x4_1xb8-3k_clips.py configs/vespcn/vespcn_x4_1xb8-8k_clips.py
_base_ = 'vespcn_motion-x4_1xb8-3k_clips.py'

model = dict(
    pixel_loss=dict(loss=dict(loss_weight=1.0)),
    motion_loss=dict(loss_weight=0.01),
    flow_loss=dict(loss_weight=0.001),
)

# The last checkpoint of stage 1: its scores say nothing of motion, so it has no best one.
custom_hooks = [
    dict(
        type='LoadPartsHook',
        parts=[
            dict(checkpoint='vespcn_motion-x4_1xb8-3k_clips', which='last', source='generator.flow.', optional=True)
        ],
    )
]

train_cfg = dict(max_iters=8_000)
param_scheduler = [_base_.lr_warmup, dict(_base_.lr_cosine, end=8_000, T_max=7_800)]
