# With warping by the flow of SPyNet as it was released, otherwise as robust_vsr_none_1xb8-1k_patches.py. The weights of
# SPyNet come with those of BasicVSR, the extra `basicvsr`.
_base_ = ['robust_vsr_none_1xb8-1k_patches.py', '../_base_/weights.py']

model = dict(generator=dict(aligner=dict(_delete_=True, **_base_.robust_vsr.aligners.spynet)))

released_flow = dict(_base_.spynet_part, target='generator.aligner.flow.spynet.')
custom_hooks = [dict(type='LoadPartsHook', parts=[released_flow])]
