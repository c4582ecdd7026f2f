# 'Ours' at x3, otherwise as at x2.
_base_ = 'latent_attn_llsll-c64x2_1xb4-300k_clips.py'

model = dict(generator=dict(scale=3))

train_dataloader = dict(_delete_=True, **_base_.other_scales.x3.sequence.train)
train_dataloader['batch_size'] = 4
val_dataloader = [_base_.other_scales.x3.sequence.val]
test_dataloader = [_base_.other_scales.x3.sequence.test]
test_evaluator = [_base_.other_scales.x3.evaluator]
