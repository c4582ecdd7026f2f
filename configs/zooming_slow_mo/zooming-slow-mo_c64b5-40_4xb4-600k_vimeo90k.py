# The paper's recipe: Vimeo-90K septuplets, four frames in and seven out, batches of 16 on four GPUs. The checkpoint is
# chosen by held-out clips, and Vid4, which decides nothing, is logged.
_base_ = ['../_base_/default_runtime.py', '../_base_/models/zooming_slow_mo.py', '../_base_/space_time.py']

train_dataloader = _base_.space_time.vimeo90k_train
val_dataloader = [_base_.space_time.clips_val, _base_.space_time.vid4]
val_evaluator = [_base_.space_time.clips_evaluator, _base_.space_time.vid4_evaluator]
test_dataloader = [_base_.space_time.vid4, *_base_.space_time.vimeo90k_tests]
test_evaluator = [_base_.space_time.vid4_evaluator, *_base_.space_time.vimeo90k_evaluators]

train_cfg = dict(type='ResumableIterBasedTrainLoop', max_iters=600_000, val_interval=5000)
optim_wrapper = dict(
    constructor='DefaultOptimWrapperConstructor',
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=4e-4, betas=(0.9, 0.99)),
)
# Four times from the full rate to nearly none, each time along a cosine.
param_scheduler = dict(
    type='CosineRestartLR',
    by_epoch=False,
    periods=[150_000, 150_000, 150_000, 150_000],
    restart_weights=[1, 1, 1, 1],
    eta_min=1e-7,
)
default_hooks = dict(checkpoint=dict(interval=5000, save_best='clips/PSNR', rule='greater'))
