# VESPCN on Y, motion and super-resolution together; from the motion of stage 1 where that has been trained:
#   vsr stages configs/vespcn/vespcn_motion-x4_1xb16-100k_clips.py configs/vespcn/vespcn_x4_1xb16-300k_clips.py
_base_ = 'vespcn_motion-x4_1xb16-100k_clips.py'

model = dict(
    pixel_loss=dict(loss=dict(loss_weight=1.0)),
    # The paper: 0.01 for the warped neighbours and 0.001 for rough motion, each the sum over two neighbours, of which
    # these losses are the mean.
    motion_loss=dict(loss_weight=0.02),
    flow_loss=dict(loss_weight=0.002),
)

train_cfg = dict(max_iters=300_000)
# The last checkpoint of stage 1: its scores say nothing of motion, so it has no best one.
custom_hooks = [
    dict(
        type='LoadPartsHook',
        parts=[
            dict(checkpoint='vespcn_motion-x4_1xb16-100k_clips', which='last', source='generator.flow.', optional=True)
        ],
    )
]
