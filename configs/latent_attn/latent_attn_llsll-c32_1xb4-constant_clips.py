# The half-width network resumes from its 2,000 iterations at a constant rate, on clips of more scenes (prepare several
# folders into one root). It has no end of its own: stop it, then train ..._anneal_clips.py from its last checkpoint.
_base_ = 'latent_attn_llsll-c32_1xb4-2k_clips.py'

first = ['latent_attn_llsll-c32_1xb4-2k_clips', 'pretrained:early-latent-attention']
custom_hooks = [dict(type='LoadPartsHook', parts=[dict(checkpoint=first)])]

sequence_clips = _base_.clips_and_photos_sequence_clips
sequence_clips.update(times=10)
sequence_clips.dataset.update(
    pipeline=[
        _base_.clips_sample,
        dict(_base_.clips_and_photos_load, decoded_mb=2000),
        *_base_.clips_and_photos_sequence_steps,
    ]
)
train_dataloader = _base_.clips_and_photos_train_sequence_dataloader
train_dataloader.dataset.update(datasets=[sequence_clips, _base_.clips_and_photos_sequence_photos])

train_cfg = dict(max_iters=200_000, val_interval=500)
optim_wrapper = dict(optimizer=dict(lr=5e-4))
param_scheduler = [dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=100)]
