# Stage 2, second step: branches, modulation and spatial alignment together, the paper's network but for the bicubic
# skip of its branches (without: robust_vsr_paper-final_1xb64-5000k_clips.py). The paper has no first step; on CPU cores
# it takes half the time, and the network meets patches that are aligned from the start. All of it:
#   vsr stages configs/robust_vsr/robust_vsr_{b1,b2,b3,stn_1xb16-2k,joint,final-stn}_*.py
_base_ = 'robust_vsr_final-rectified_1xb8-2k_clips.py'

model = dict(
    **_base_.robust_vsr_alignment_loss,
    generator=dict(aligner=dict(_delete_=True, **_base_.robust_vsr.aligners.stn)),
)

custom_hooks = [
    dict(
        type='LoadPartsHook',
        parts=[_base_.joint_part, dict(checkpoint='robust_vsr_stn_1xb16-2k_clips', source='generator.aligner.')],
    )
]
