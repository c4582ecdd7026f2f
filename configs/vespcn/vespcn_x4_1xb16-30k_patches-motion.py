# VESPCN with motion that was learned first; its restoration goes on from vespcn_x4_1xb16-30k_patches.py, which hardly
# moves its neighbours. Both stages, in configs/vespcn:
#     vsr stages vespcn_motion-x4_1xb16-8k_patches.py vespcn_x4_1xb16-30k_patches-motion.py
_base_ = 'vespcn_x4_1xb16-30k_patches.py'

# The paper's weights of the losses, 0.01 for the warped neighbours and 0.001 for rough motion, each the sum over two
# neighbours, of which these losses are the mean.
model = dict(
    motion_loss=dict(type='CharbonnierLoss', eps=1e-6, loss_weight=0.02),
    flow_loss=dict(loss_weight=0.002, unit=32.0),
)

# The last checkpoint of stage 1: its scores say nothing of motion, so it has no best one.
restoration = ['vespcn_x4_1xb16-30k_patches', 'pretrained:vespcn-still']
custom_hooks = [
    dict(
        type='LoadPartsHook',
        parts=[
            dict(checkpoint=restoration, source='generator.restoration.'),
            dict(checkpoint='vespcn_motion-x4_1xb16-8k_patches', which='last', source='generator.flow.'),
        ],
    )
]
