# IconVSR by upstream's recipe: REDS, 15 frames, batches of 8 on two GPUs. Tested on REDS4 and Vid4.
_base_ = ['iconvsr_1xb4-300k_clips.py', '../_base_/on_reds.py']

train_dataloader = dict(_delete_=True, **_base_.on_reds.sequence.train)
test_dataloader = [*_base_.on_reds.sequence.test, *_base_.on_clips.sequence.test]
test_evaluator = [*_base_.on_reds.test_evaluator, *_base_.on_clips.test_evaluator]
optim_wrapper = dict(optimizer=dict(lr=2e-4))
