# EDVR-M without TSA for small machines: crops of 32 x 32 at low resolution, a quarter of the paper's pixels.
_base_ = 'edvrm_wotsa_1xb4-600k_clips.py'

train_dataloader = dict(_delete_=True, **_base_.on_clips.window.small_train)
