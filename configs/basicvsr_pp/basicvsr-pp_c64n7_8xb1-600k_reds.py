# BasicVSR++ by upstream's recipe: REDS, 30 frames, batches of 8 on eight GPUs. Tested on REDS4 and Vid4.
_base_ = ['basicvsr-pp_c64n7_1xb4-600k_clips.py', '../_base_/on_reds.py']

train_dataloader = dict(_delete_=True, **_base_.on_reds.sequence.train)
train_dataloader['batch_size'] = 1
train_dataloader['dataset']['num_input_frames'] = 30
test_dataloader = [*_base_.on_reds.sequence.test, *_base_.on_clips.sequence.test]
test_evaluator = [*_base_.on_reds.test_evaluator, *_base_.on_clips.test_evaluator]
optim_wrapper = dict(optimizer=dict(lr=1e-4))
