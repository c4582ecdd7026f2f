# FSRCNN for an hour on one CPU core (about 44,000 steps): how the weights that come with the package were trained.
_base_ = 'fsrcnn_x4d56s12m4_1xb16-100k_patches.py'

train_cfg = dict(max_minutes=60)
