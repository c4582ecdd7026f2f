# Two steps without the upsampling of the first: it adds its residual at low resolution, the second enlarges by four.
# 319,681 parameters.
_base_ = 'cascade_x4_1xb16-100k_clips.py'

model = dict(
    generator=dict(
        stages=[
            dict(_base_.cascade_narrow, scale=1, global_residual=True),
            dict(_base_.cascade_narrow, scale=4),
        ],
    )
)
