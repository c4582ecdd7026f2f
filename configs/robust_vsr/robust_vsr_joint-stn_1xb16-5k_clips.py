# Stage 2, the paper's: branches, modulation and spatial alignment together, from the weights of stage 1:
#   cd configs/robust_vsr
#   vsr stages robust_vsr_{b1,b2,b3,stn,joint-stn}_*.py
_base_ = 'robust_vsr_joint-rectified_1xb16-5k_clips.py'

experiment_name = 'robust_vsr_joint-stn_1xb16-5k_clips'
work_dir = f'./work_dirs/{experiment_name}'

model = dict(
    type='RobustVSR',
    generator=dict(aligner=dict(_delete_=True, **_base_.robust_vsr.aligners.stn)),
    align_weight=0.01,
    label_flow=_base_.robust_vsr_flow,
    loss_border=3,
)

custom_hooks = [
    dict(
        type='LoadPartsHook',
        parts=[*_base_.branches, dict(checkpoint='robust_vsr_stn_1xb16-3k_clips', source='generator.aligner.')],
    )
]
