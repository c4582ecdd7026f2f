# Stage 1: the branch of one frame alone, which is ESPCN with ReLU, trained as ESPCN is here.
_base_ = '../espcn/espcn_x4_1xb16-20k_clips.py'

# The bicubic skip is not the paper's; a training of hours instead of weeks gains from it.
model = dict(generator=dict(activation='relu', global_residual=True))

train_cfg = dict(max_iters=30_000)
param_scheduler = [_base_.lr_warmup, dict(_base_.lr_cosine, end=30_000, T_max=29_800)]
