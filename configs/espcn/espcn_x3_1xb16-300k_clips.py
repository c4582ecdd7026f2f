# ESPCN on Y at x3, otherwise as at x2.
_base_ = 'espcn_x2_1xb16-300k_clips.py'

model = dict(generator=dict(scale=3))

train_dataloader = dict(_delete_=True, **_base_.other_scales.x3.frame.train)
train_dataloader['batch_size'] = 16
val_dataloader = [_base_.other_scales.x3.frame.val]
test_dataloader = [_base_.other_scales.x3.frame.test]
test_evaluator = [_base_.other_scales.x3.evaluator]
