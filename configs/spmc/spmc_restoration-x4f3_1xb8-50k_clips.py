# Stage 2 of SPMC: super-resolution behind the motion of stage 1, which stands still. All three:
#   vsr stages configs/spmc/spmc_motion-* configs/spmc/spmc_restoration-* configs/spmc/spmc_x4f3_1xb8-300k_clips.py
_base_ = 'spmc_motion-x4f3_1xb8-70k_clips.py'

model = dict(
    pixel_loss=dict(loss=dict(loss_weight=1.0)),
    motion_loss=dict(loss_weight=0.0),
    flow_loss=dict(loss_weight=0.0),
)

train_cfg = dict(max_iters=50_000)
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'generator.flow': dict(lr_mult=0.0)}))
# The last checkpoint of stage 1: its scores say nothing of motion, so it has no best one.
custom_hooks = [
    dict(
        type='LoadPartsHook',
        parts=[dict(checkpoint='spmc_motion-x4f3_1xb8-70k_clips', which='last', source='generator.flow.')],
    )
]
