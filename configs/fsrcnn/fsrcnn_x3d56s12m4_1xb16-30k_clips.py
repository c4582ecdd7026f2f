# The same for x3.
_base_ = 'fsrcnn_x2d56s12m4_1xb16-30k_clips.py'

model = dict(generator=dict(scale=3))

train_dataloader = dict(_delete_=True, **_base_.other_scales.x3.frame.train)
train_dataloader['batch_size'] = 16
val_dataloader = [_base_.other_scales.x3.frame.val]
test_dataloader = [_base_.other_scales.x3.frame.test]
test_evaluator = [_base_.other_scales.x3.evaluator]
