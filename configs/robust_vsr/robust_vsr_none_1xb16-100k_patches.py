# The paper's three branches and modulation (124,256 parameters) trained together from the first step, for 100,000 small
# steps from a bank of patches, without alignment. Not the paper's: its branches are trained alone first, and have no
# bicubic skip. Neighbouring frames take part from the beginning, because the first layers keep their random kernels.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/robust_vsr.py',
    '../_base_/datasets/clips.py',
    '../_base_/datasets/patch_bank.py',
    '../_base_/datasets/vid4_bix4.py',
    '../_base_/schedules/adam_cosine.py',
]

model = dict(generator=dict(aligner=None), data_preprocessor=dict(type='BatchDataPreprocessor'))

train_dataloader = _base_.patch_bank_train_window_dataloader
train_dataloader.dataset.update(times=dict(photos=3))
val_dataloader = [_base_.clips_val_window_dataloader]
val_evaluator = [_base_.clips_val_evaluator]
test_dataloader = [_base_.vid4_bix4_window_dataloader]
test_evaluator = [_base_.vid4_bix4_evaluator]

train_cfg = dict(type='ResumableIterBasedTrainLoop', max_iters=100_000, val_interval=2500)
param_scheduler = [_base_.lr_warmup, dict(_base_.lr_cosine, end=100_000, T_max=99_800)]

default_hooks = dict(checkpoint=dict(interval=1000, save_best='clips/PSNR', rule='greater'))
