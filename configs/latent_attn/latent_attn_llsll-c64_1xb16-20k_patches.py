# 'Ours' with a bicubic skip, 4,108,739 parameters, for an hour of one GPU, or for minutes (train_cfg.max_minutes), by
# the recipe of latent_attn_llsll-c64_1xb16-20k_clips.py, from a bank of patches:
#   vsr prepare patches CLIPS DATA_ROOT --photos PHOTOS
#   vsr prepare clips CLIPS DATA_ROOT                      # for validation
# Convolutions are in channels-last layout as the network is built; where compiling pays:
#   --cfg-options "custom_hooks=[dict(type='AccelerationHook', compile=dict())]"
_base_ = ['latent_attn_llsll-c64_1xb16-20k_clips.py', '../_base_/datasets/patch_bank.py']

model = dict(data_preprocessor=dict(type='BatchDataPreprocessor'))
train_dataloader = dict(_delete_=True, **_base_.patch_bank_train_sequence_dataloader)

train_cfg = dict(val_interval=2500)
