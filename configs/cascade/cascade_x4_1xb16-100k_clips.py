# One step of x4: ESPCN with four residual blocks, 320,176 parameters. Against it stand the two
# others of this folder, in one training each:
#   vsr table configs/cascade/cascade_*.py --train
_base_ = ['../espcn/espcn_x4_1xb16-20k_clips.py', '../_base_/models/cascade.py']

model = dict(
    generator=dict(_delete_=True, type='CascadeNet', stages=[dict(_base_.cascade_stage, num_blocks=4, scale=4)])
)

train_cfg = dict(max_iters=100_000, val_interval=5000)
optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = [_base_.lr_warmup, dict(_base_.lr_cosine, end=100_000, T_max=99_800)]
