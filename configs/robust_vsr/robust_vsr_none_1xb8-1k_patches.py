# Without an aligner, and what the aligners are compared with: robust_vsr_{rectified,flow,spynet,stn,tdan} of the same
# budget. 1,000 steps, all parts together from the first one, on patches of the alignment network, 36 pixels at low
# resolution.
_base_ = 'robust_vsr_none_1xb16-2k_patches.py'

train_dataloader = dict(batch_size=8, dataset=dict(gt_patch_size=144))

train_cfg = dict(max_iters=1_000, val_interval=250)
param_scheduler = [_base_.lr_warmup, dict(_base_.lr_cosine, end=1_000, T_max=800)]
