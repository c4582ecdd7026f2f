# IconVSR by upstream's recipe on Vimeo-90K: seven frames, then the same backwards, batches of 8 on two GPUs.
# Tested on Vimeo-90K-T and Vid4.
_base_ = ['iconvsr_1xb4-300k_clips.py', '../_base_/on_vimeo90k.py']

train_dataloader = dict(_delete_=True, **_base_.on_vimeo90k.sequence.train)
test_dataloader = [*_base_.on_vimeo90k.sequence.test, *_base_.on_clips.sequence.test]
test_evaluator = [*_base_.on_vimeo90k.test_evaluator, *_base_.on_clips.test_evaluator]
optim_wrapper = dict(optimizer=dict(lr=2e-4))
