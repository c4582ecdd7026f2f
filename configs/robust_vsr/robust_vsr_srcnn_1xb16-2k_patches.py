# With SRCNN in the place of ESPCN as branches, which enlarges first, otherwise as
# robust_vsr_none_1xb16-2k_patches.py.
_base_ = 'robust_vsr_none_1xb16-2k_patches.py'

model = dict(generator=dict(network=dict(branch=dict(_delete_=True, type='SRCNNNet'))))
