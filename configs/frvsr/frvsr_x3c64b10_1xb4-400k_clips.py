# FRVSR 10-64 at x3, otherwise as at x2.
_base_ = 'frvsr_x2c64b10_1xb4-400k_clips.py'

model = dict(generator=dict(scale=3))

train_dataloader = dict(_delete_=True, **_base_.other_scales.x3.sequence.train)
train_dataloader['batch_size'] = 4
train_dataloader['dataset'].update(num_input_frames=10)
val_dataloader = [_base_.other_scales.x3.sequence.val]
test_dataloader = [_base_.other_scales.x3.sequence.test]
test_evaluator = [_base_.other_scales.x3.evaluator]
