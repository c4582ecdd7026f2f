# Two steps of x2: ESPCN with two residual blocks, twice, 318,376 parameters.
_base_ = 'cascade_x4_1xb16-100k_clips.py'

experiment_name = 'cascade_x2x2_1xb16-100k_clips'
work_dir = f'./work_dirs/{experiment_name}'

model = dict(
    generator=dict(
        stages=[dict(_base_.cascade_narrow, scale=2), dict(_base_.cascade_narrow, scale=2)],
    )
)
