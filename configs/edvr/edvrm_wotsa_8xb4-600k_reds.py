# EDVR-M without TSA by the paper's recipe: REDS, batches of 32 on eight GPUs at 4e-4. Tested on REDS4 and Vid4.
_base_ = ['edvrm_wotsa_1xb4-600k_clips.py', '../_base_/on_reds.py']

train_dataloader = dict(_delete_=True, **_base_.on_reds.window.train)
test_dataloader = [*_base_.on_reds.window.test, *_base_.on_clips.window.test]
test_evaluator = [*_base_.on_reds.test_evaluator, *_base_.on_clips.test_evaluator]
optim_wrapper = dict(optimizer=dict(lr=4e-4))
