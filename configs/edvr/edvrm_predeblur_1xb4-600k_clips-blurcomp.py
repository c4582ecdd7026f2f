# EDVR-M with pre-deblurring (section 3.1) at x4 on blurred and compressed frames, which are made while loading, as
# REDS' blur_comp are. Trained without TSA's first phase, as there are no weights to begin with.
_base_ = ['mmagic::edvr/edvrm_wotsa_8xb4-600k_reds.py', '../_base_/datasets/damaged_clips.py']

experiment_name = None
work_dir = None

custom_imports = dict(imports=['vsr_plugins'], allow_failed_imports=False)
model = dict(
    generator=dict(
        _delete_=True,
        type='EDVRStage2Net',
        mid_channels=64,
        num_blocks_extraction=5,
        num_blocks_reconstruction=10,
        with_predeblur=True,
        hr_in=False,
    ),
    train_cfg=dict(tsa_iter=0),
    pixel_loss=dict(eps=1e-6),
)
optim_wrapper = dict(optimizer=dict(lr=4e-4 * (4 / 32) ** 0.5))
train_dataloader = dict(_delete_=True, **_base_.damaged.blur_h264.window.train)
val_dataloader = [_base_.damaged.blur_h264.window.val]
val_evaluator = [_base_.clips_val_evaluator]
test_dataloader = val_dataloader
test_evaluator = val_evaluator
train_cfg = dict(type='ResumableIterBasedTrainLoop')
default_hooks = dict(checkpoint=dict(out_dir=None, max_keep_ckpts=3, save_best='clips/PSNR', rule='greater'))
visualizer = dict(vis_backends=[dict(type='LocalVisBackend'), dict(type='TensorboardVisBackend')])
custom_hooks = []
