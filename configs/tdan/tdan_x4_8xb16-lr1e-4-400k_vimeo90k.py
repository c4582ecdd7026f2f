# TDAN by upstream's recipe: Vimeo-90K, batches of 128 on eight GPUs. Tested on Vimeo-90K-T and Vid4.
_base_ = ['tdan_x4_1xb4-lr1e-4-400k_clips.py', '../_base_/on_vimeo90k.py']

train_dataloader = dict(_delete_=True, **_base_.on_vimeo90k.window.tdan_train)
train_dataloader['batch_size'] = 16
test_dataloader = [*_base_.on_vimeo90k.window.test, *_base_.on_clips.window.test]
test_evaluator = [*_base_.on_vimeo90k.test_evaluator, *_base_.on_clips.test_evaluator]
optim_wrapper = dict(optimizer=dict(lr=1e-4))
