# With SRCNN in the place of ESPCN as branches, which enlarges first, otherwise as
# robust_vsr_none_1xb16-100k_patches.py.
_base_ = 'robust_vsr_none_1xb16-100k_patches.py'

experiment_name = 'robust_vsr_srcnn_1xb16-100k_patches'
work_dir = f'./work_dirs/{experiment_name}'

model = dict(generator=dict(network=dict(branch=dict(_delete_=True, type='SRCNNNet'))))
