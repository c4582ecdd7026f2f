# BasicVSR++ by upstream's recipe on Vimeo-90K: seven frames, then the same backwards, batches of 8 on four GPUs.
# Tested on Vimeo-90K-T and Vid4.
_base_ = ['basicvsr-pp_c64n7_1xb4-600k_clips.py', '../_base_/on_vimeo90k.py']

train_dataloader = dict(_delete_=True, **_base_.on_vimeo90k.sequence.train)
train_dataloader['batch_size'] = 2
test_dataloader = [*_base_.on_vimeo90k.sequence.test, *_base_.on_clips.sequence.test]
test_evaluator = [*_base_.on_vimeo90k.test_evaluator, *_base_.on_clips.test_evaluator]
optim_wrapper = dict(optimizer=dict(lr=1e-4))
# Upstream trains the optical flow along from the first iteration here.
model = dict(train_cfg=dict(fix_iter=-1))
train_cfg = dict(max_iters=300_000)
param_scheduler = dict(periods=[300_000])
