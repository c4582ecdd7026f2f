# FSRCNN for an hour on one CPU core (about 44,000 steps): how the weights that come with the package were trained.
_base_ = 'fsrcnn_x4d56s12m4_1xb16-100k_patches.py'

experiment_name = 'fsrcnn_x4d56s12m4_1xb16-60min_patches'
work_dir = f'./work_dirs/{experiment_name}'

train_cfg = dict(max_minutes=60)
