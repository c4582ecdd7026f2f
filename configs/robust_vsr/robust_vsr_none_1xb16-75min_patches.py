# The same in 75 minutes of one busy CPU core (13,285 steps): how the weights in `results` were trained.
_base_ = 'robust_vsr_none_1xb16-100k_patches.py'

train_cfg = dict(max_minutes=75, val_interval=500)
