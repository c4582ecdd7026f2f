# Two steps without the upsampling of the first: it adds its residual at low resolution, the second enlarges by four.
# 319,681 parameters.
_base_ = 'cascade_x4_1xb16-100k_clips.py'

experiment_name = 'cascade_x1x4_1xb16-100k_clips'
work_dir = f'./work_dirs/{experiment_name}'

model = dict(
    generator=dict(
        stages=[
            dict(_base_.cascade_narrow, scale=1, global_residual=True),
            dict(_base_.cascade_narrow, scale=4),
        ],
    )
)
