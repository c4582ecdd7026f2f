# The latent-attention network, small enough to be trained in two minutes on two cores, on photographs in motion that
# come with the installation. It shows that everything works, not what the method is capable of.
_base_ = [
    '_base_/default_runtime.py',
    '_base_/models/latent_attn.py',
    '_base_/datasets/photomotion.py',
]

# The bicubic skip is not the paper's; with it two minutes are enough to be ahead of it.
model = dict(
    generator=dict(mid_channels=24, num_layers=6, attn_layout='SL', chunk_length=5, global_residual=True),
    value_range=1.0,
)

train_dataloader = _base_.photomotion_train_sequence_dataloader
val_dataloader = _base_.photomotion_val_sequence_dataloader
val_evaluator = _base_.photomotion_val_evaluator
test_dataloader = val_dataloader
test_evaluator = val_evaluator

train_cfg = dict(type='ResumableIterBasedTrainLoop', max_iters=800, val_interval=400)
randomness = dict(seed=0)
optim_wrapper = dict(
    constructor='DefaultOptimWrapperConstructor',
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=2e-3, betas=(0.9, 0.999)),
    clip_grad=dict(max_norm=3, norm_type=2),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=20),
    dict(type='CosineAnnealingLR', by_epoch=False, begin=20, end=800, T_max=780, eta_min=2e-5),
]

default_hooks = dict(checkpoint=dict(interval=200, save_best='PhotoMotion/PSNR', rule='greater'))
