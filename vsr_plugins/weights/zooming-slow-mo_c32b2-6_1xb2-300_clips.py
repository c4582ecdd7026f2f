custom_imports = dict(
    allow_failed_imports=False, imports=[
        'vsr_plugins',
    ])
default_hooks = dict(
    checkpoint=dict(
        by_epoch=False,
        interval=50,
        max_keep_ckpts=3,
        out_dir=None,
        rule='greater',
        save_best='clips/PSNR',
        save_optimizer=True,
        type='CheckpointHook'),
    logger=dict(interval=25, type='LoggerHook'),
    param_scheduler=dict(type='ParamSchedulerHook'),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    timer=dict(type='IterTimerHook'))
default_scope = 'mmagic'
env_cfg = dict(
    cudnn_benchmark=True,
    dist_cfg=dict(backend='nccl'),
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0))
experiment_name = 'zooming-slow-mo_c32b2-6_1xb2-300_clips'
load_from = None
log_level = 'INFO'
log_processor = dict(by_epoch=False, type='LogProcessor', window_size=100)
model = dict(
    data_preprocessor=dict(
        input_view=(
            1,
            -1,
            1,
            1,
        ),
        mean=[
            0.0,
            0.0,
            0.0,
        ],
        output_view=(
            1,
            -1,
            1,
            1,
        ),
        std=[
            255.0,
            255.0,
            255.0,
        ],
        type='DataPreprocessor'),
    generator=dict(
        deform_groups=4,
        global_residual=True,
        mid_channels=32,
        num_blocks_extraction=2,
        num_blocks_reconstruction=6,
        scale=4,
        type='ZoomingSlowMoNet'),
    pixel_loss=dict(loss_weight=1.0, reduction='mean', type='MSELoss'),
    test_cfg=dict(independent_windows=4),
    train_cfg=dict(),
    type='ZoomingSlowMo')
optim_wrapper = dict(
    clip_grad=dict(max_norm=3, norm_type=2),
    constructor='DefaultOptimWrapperConstructor',
    optimizer=dict(betas=(
        0.9,
        0.99,
    ), lr=0.001, type='Adam'),
    type='OptimWrapper')
param_scheduler = [
    dict(begin=0, by_epoch=False, end=30, start_factor=0.05, type='LinearLR'),
    dict(
        T_max=270,
        begin=30,
        by_epoch=False,
        end=300,
        eta_min=1e-05,
        type='CosineAnnealingLR'),
]
resume = False
test_cfg = dict(type='MultiTestLoop')
test_dataloader = [
    dict(
        batch_size=1,
        dataset=dict(
            ann_file='meta_info_clips_val.txt',
            data_prefix=dict(gt='GT'),
            data_root='data/clips',
            key_frames_file='meta_info_clips_key_frames.txt',
            pipeline=[
                dict(key='gt', type='LoadFrames'),
                dict(kind='BI', scale=4, type='DegradeFrames'),
                dict(last_window=4, type='HalveFrameRate'),
                dict(keys=[
                    'img',
                    'gt',
                ], type='StackFrames'),
                dict(meta_keys=[
                    'key',
                    'given',
                ], type='PackInputs'),
            ],
            prepare='clips',
            test_mode=True,
            type='ClipFramesDataset'),
        num_workers=1,
        persistent_workers=False,
        sampler=dict(shuffle=False, type='DefaultSampler')),
    dict(
        batch_size=1,
        dataset=dict(
            ann_file='meta_info_Vid4_GT.txt',
            data_prefix=dict(gt='GT', img='BIx4'),
            data_root='data/Vid4',
            pipeline=[
                dict(key='img', type='LoadFrames'),
                dict(key='gt', type='LoadFrames'),
                dict(last_window=4, type='HalveFrameRate'),
                dict(keys=[
                    'img',
                    'gt',
                ], type='StackFrames'),
                dict(meta_keys=[
                    'key',
                    'given',
                ], type='PackInputs'),
            ],
            prepare='vid4',
            test_mode=True,
            type='ClipFramesDataset'),
        num_workers=1,
        persistent_workers=False,
        sampler=dict(shuffle=False, type='DefaultSampler')),
]
test_evaluator = [
    dict(
        metrics=[
            dict(prefix='clips', protocol='zooming_slow_mo', type='VSRMetric'),
        ],
        type='Evaluator'),
    dict(
        metrics=[
            dict(
                prefix='Vid4-BIx4',
                protocol='zooming_slow_mo',
                type='VSRMetric'),
        ],
        type='Evaluator'),
]
train_cfg = dict(
    max_iters=300, type='ResumableIterBasedTrainLoop', val_interval=150)
train_dataloader = dict(
    batch_size=2,
    dataset=dict(
        ann_file='meta_info_clips_train.txt',
        data_prefix=dict(gt='GT'),
        data_root='data/clips',
        key_frames_file='meta_info_clips_key_frames.txt',
        num_input_frames=7,
        pipeline=[
            dict(type='SampleSegment'),
            dict(decoded_mb=1000, key='gt', type='LoadFrames'),
            dict(gt_patch_size=96, kind='BI', scale=4, type='DegradeFrames'),
            dict(
                direction='horizontal',
                flip_ratio=0.5,
                keys=[
                    'img',
                    'gt',
                ],
                type='Flip'),
            dict(
                direction='vertical',
                flip_ratio=0.5,
                keys=[
                    'img',
                    'gt',
                ],
                type='Flip'),
            dict(
                keys=[
                    'img',
                    'gt',
                ],
                transpose_ratio=0.5,
                type='RandomTransposeHW'),
            dict(
                keys=[
                    'img',
                    'gt',
                ],
                reverse_ratio=0.5,
                type='TemporalReverse'),
            dict(type='HalveFrameRate'),
            dict(keys=[
                'img',
                'gt',
            ], type='StackFrames'),
            dict(meta_keys=[
                'key',
            ], type='PackInputs'),
        ],
        prepare='clips',
        type='ClipFramesDataset'),
    num_workers=1,
    persistent_workers=True,
    sampler=dict(shuffle=True, type='InfiniteSampler'))
val_cfg = dict(type='MultiValLoop')
val_dataloader = [
    dict(
        batch_size=1,
        dataset=dict(
            ann_file='meta_info_clips_val.txt',
            data_prefix=dict(gt='GT'),
            data_root='data/clips',
            key_frames_file='meta_info_clips_key_frames.txt',
            pipeline=[
                dict(key='gt', type='LoadFrames'),
                dict(kind='BI', scale=4, type='DegradeFrames'),
                dict(last_window=4, type='HalveFrameRate'),
                dict(keys=[
                    'img',
                    'gt',
                ], type='StackFrames'),
                dict(meta_keys=[
                    'key',
                    'given',
                ], type='PackInputs'),
            ],
            prepare='clips',
            test_mode=True,
            type='ClipFramesDataset'),
        num_workers=1,
        persistent_workers=False,
        sampler=dict(shuffle=False, type='DefaultSampler')),
]
val_evaluator = [
    dict(
        metrics=[
            dict(prefix='clips', protocol='zooming_slow_mo', type='VSRMetric'),
        ],
        type='Evaluator'),
]
vis_backends = [
    dict(type='LocalVisBackend'),
    dict(type='TensorboardVisBackend'),
]
visualizer = dict(
    bgr2rgb=True,
    fn_key='gt_path',
    img_keys=[
        'gt_img',
        'input',
        'pred_img',
    ],
    type='ConcatImageVisualizer',
    vis_backends=[
        dict(type='LocalVisBackend'),
        dict(type='TensorboardVisBackend'),
    ])
work_dir = './work_dirs/zooming-slow-mo_c32b2-6_1xb2-300_clips'
