# Stage 2, second step, with plain flow warping in the place of the spatial alignment network, for comparison.
_base_ = 'robust_vsr_final-rectified_1xb8-2k_clips.py'

experiment_name = 'robust_vsr_final-flow_1xb8-2k_clips'
work_dir = f'./work_dirs/{experiment_name}'

model = dict(generator=dict(aligner=dict(_delete_=True, **_base_.robust_vsr.aligners.flow)))
