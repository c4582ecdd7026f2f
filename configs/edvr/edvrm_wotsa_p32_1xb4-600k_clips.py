# EDVR-M without TSA for small machines: crops of 32 x 32 at low resolution, a quarter of the paper's pixels.
_base_ = 'edvrm_wotsa_1xb4-600k_clips.py'

experiment_name = 'edvrm_wotsa_p32_1xb4-600k_clips'
work_dir = f'./work_dirs/{experiment_name}'

train_dataloader = dict(_delete_=True, **_base_.on_clips.window.small_train)
