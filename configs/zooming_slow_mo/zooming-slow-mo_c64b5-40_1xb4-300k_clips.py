# Any folder of clips, one GPU: the paper's recipe with batches of 4, hence half its learning rate, and two of its four
# periods.
_base_ = 'zooming-slow-mo_c64b5-40_4xb4-600k_vimeo90k.py'

train_dataloader = dict(_delete_=True, **_base_.space_time.clips_train)
test_dataloader = [_base_.space_time.vid4]
test_evaluator = [_base_.space_time.vid4_evaluator]

train_cfg = dict(type='ResumableIterBasedTrainLoop', max_iters=300_000, val_interval=5000)
optim_wrapper = dict(optimizer=dict(lr=2e-4))
param_scheduler = dict(periods=[150_000, 150_000], restart_weights=[1, 1])
