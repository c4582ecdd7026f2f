# Stage 1: the spatial alignment network, before the branch of five frames, which is trained and stands still.
# The motion counts ten times what it does in stage 2.
_base_ = 'robust_vsr_b3_1xb8-5k_clips.py'

model = dict(
    **dict(_base_.robust_vsr_alignment_loss, align_weight=0.1),
    generator=dict(aligner=dict(_delete_=True, **_base_.robust_vsr.aligners.stn)),
)

custom_hooks = [
    dict(type='LoadPartsHook', parts=[dict(checkpoint='robust_vsr_b3_1xb8-5k_clips', source='generator.network.')])
]

train_dataloader = dict(batch_size=16)
train_cfg = dict(max_iters=2_000)
optim_wrapper = dict(optimizer=dict(lr=1e-3), paramwise_cfg=dict(custom_keys={'generator.network': dict(lr_mult=0.0)}))
# Down to 0: a floor would also be that of the rate of the branch.
param_scheduler = [_base_.lr_warmup, dict(_base_.lr_cosine, end=2_000, T_max=1_800, eta_min=0.0)]
