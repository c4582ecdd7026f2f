# The paper's branches, modulation and spatial alignment network together (471,950 parameters), for 4,000 small steps
# from a bank of patches. The branches go on from robust_vsr_none_1xb16-75min_patches.py, in which neighbours take part
# from the first step, and the alignment from robust_vsr_final-stn_1xb8-2k_clips.py. Not the paper's: the bicubic skip
# and the schedule.
_base_ = 'robust_vsr_none_1xb16-100k_patches.py'

model = dict(
    **_base_.robust_vsr_alignment_loss,
    generator=dict(aligner=dict(_delete_=True, **_base_.robust_vsr.aligners.stn)),
)

branches = ['robust_vsr_none_1xb16-75min_patches', 'pretrained:robust-vsr-joint']
alignment = ['robust_vsr_final-stn_1xb8-2k_clips', 'pretrained:robust-vsr-stn']
custom_hooks = [
    dict(
        type='LoadPartsHook',
        parts=[
            dict(checkpoint=branches, source='generator.network.'),
            dict(checkpoint=alignment, source='generator.aligner.'),
        ],
    )
]

# One patch of the alignment network, 36 pixels at low resolution.
train_dataloader = dict(dataset=dict(gt_patch_size=144))

train_cfg = dict(max_iters=4_000, val_interval=500)
optim_wrapper = dict(optimizer=dict(lr=5e-4))
param_scheduler = [_base_.lr_warmup, dict(_base_.lr_cosine, end=4_000, T_max=3_800)]

default_hooks = dict(checkpoint=dict(interval=250))
