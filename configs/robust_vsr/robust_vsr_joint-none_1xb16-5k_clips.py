# Stage 2 with no alignment in the place of the spatial alignment network, for comparison.
_base_ = 'robust_vsr_joint-rectified_1xb16-5k_clips.py'

experiment_name = 'robust_vsr_joint-none_1xb16-5k_clips'
work_dir = f'./work_dirs/{experiment_name}'

model = dict(generator=dict(aligner=None))
