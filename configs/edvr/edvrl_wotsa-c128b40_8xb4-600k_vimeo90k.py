# EDVR-L without TSA by the paper's recipe on Vimeo-90K. Tested on Vimeo-90K-T and Vid4.
_base_ = ['edvrl_wotsa-c128b40_1xb4-600k_clips.py', '../_base_/on_vimeo90k.py']

train_dataloader = dict(_delete_=True, **_base_.on_vimeo90k.window.train)
test_dataloader = [*_base_.on_vimeo90k.window.test, *_base_.on_clips.window.test]
test_evaluator = [*_base_.on_vimeo90k.test_evaluator, *_base_.on_clips.test_evaluator]
optim_wrapper = dict(optimizer=dict(lr=4e-4))
