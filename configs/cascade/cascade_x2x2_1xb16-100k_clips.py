# Two steps of x2: ESPCN with two residual blocks, twice, 318,376 parameters.
_base_ = 'cascade_x4_1xb16-100k_clips.py'

model = dict(
    generator=dict(
        stages=[dict(_base_.cascade_narrow, scale=2), dict(_base_.cascade_narrow, scale=2)],
    )
)
