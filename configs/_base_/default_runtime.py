# What every config of this package runs with. Work directory and experiment are named after the file of the config. A
# config that inherits from `mmagic::...` instead gets the same by
#   experiment_name = None
#   work_dir = None
#   custom_imports = dict(imports=['vsr_plugins'], allow_failed_imports=False)
#   train_cfg = dict(type='ResumableIterBasedTrainLoop')
custom_imports = dict(imports=['vsr_plugins'], allow_failed_imports=False)
default_scope = 'mmagic'

train_cfg = dict(type='ResumableIterBasedTrainLoop', max_iters=300_000, val_interval=5000)
val_cfg = dict(type='MultiValLoop')
test_cfg = dict(type='MultiTestLoop')

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=100),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(
        type='CheckpointHook', interval=5000, by_epoch=False, out_dir=None, max_keep_ckpts=3, save_optimizer=True
    ),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    pictures=dict(type='FramePicturesHook', val_clips=4),
)

env_cfg = dict(
    cudnn_benchmark=True, mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0), dist_cfg=dict(backend='nccl')
)

# Curves: tensorboard --logdir work_dirs
vis_backends = [dict(type='LocalVisBackend'), dict(type='TensorboardVisBackend')]
visualizer = dict(
    type='ConcatImageVisualizer',
    vis_backends=vis_backends,
    fn_key='gt_path',
    img_keys=['gt_img', 'input', 'pred_img'],
    bgr2rgb=True,
)

log_processor = dict(type='LogProcessor', window_size=100, by_epoch=False)
log_level = 'INFO'
load_from = None
resume = False
