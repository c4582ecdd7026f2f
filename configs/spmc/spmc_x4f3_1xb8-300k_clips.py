# Stage 3 of SPMC: everything together, the motion's loss at 0.01; from stage 2 where that has been trained.
_base_ = 'spmc_motion-x4f3_1xb8-70k_clips.py'

model = dict(
    pixel_loss=dict(loss=dict(loss_weight=1.0)),
    motion_loss=dict(loss_weight=0.01),
    flow_loss=dict(loss_weight=0.0001),
)

train_cfg = dict(max_iters=300_000)
custom_hooks = [
    dict(
        type='LoadPartsHook',
        parts=[dict(checkpoint='spmc_restoration-x4f3_1xb8-50k_clips', source='generator.', optional=True)],
    )
]
