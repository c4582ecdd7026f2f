custom_imports = dict(
    allow_failed_imports=False, imports=[
        'vsr_plugins',
    ])
default_hooks = dict(
    checkpoint=dict(
        by_epoch=False,
        interval=500,
        max_keep_ckpts=3,
        out_dir=None,
        rule='greater',
        save_best='clips/PSNR',
        save_optimizer=True,
        type='CheckpointHook'),
    logger=dict(interval=100, type='LoggerHook'),
    param_scheduler=dict(type='ParamSchedulerHook'),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    timer=dict(type='IterTimerHook'))
default_scope = 'mmagic'
env_cfg = dict(
    cudnn_benchmark=True,
    dist_cfg=dict(backend='nccl'),
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0))
experiment_name = 'robust_vsr_deep-b1_1xb16-6k_clips'
load_from = None
log_level = 'INFO'
log_processor = dict(by_epoch=False, type='LogProcessor', window_size=100)
model = dict(
    data_preprocessor=dict(
        mean=[
            0.0,
            0.0,
            0.0,
        ],
        std=[
            255.0,
            255.0,
            255.0,
        ],
        type='DataPreprocessor'),
    generator=dict(
        activation='relu',
        global_residual=True,
        in_channels=1,
        num_blocks=2,
        scale=4,
        type='ESPCNNet'),
    pixel_loss=dict(loss=dict(type='MSELoss'), type='LumaLoss'),
    test_cfg=dict(),
    train_cfg=dict(),
    type='BaseEditModel')
optim_wrapper = dict(
    constructor='DefaultOptimWrapperConstructor',
    optimizer=dict(betas=(
        0.9,
        0.999,
    ), lr=0.001, type='Adam'),
    type='OptimWrapper')
param_scheduler = [
    dict(begin=0, by_epoch=False, end=200, start_factor=0.05, type='LinearLR'),
    dict(
        T_max=5800,
        begin=200,
        by_epoch=False,
        end=6000,
        eta_min=1e-05,
        type='CosineAnnealingLR'),
]
resume = False
test_cfg = dict(type='MultiTestLoop')
test_dataloader = [
    dict(
        batch_size=1,
        dataset=dict(
            ann_file='meta_info_Vid4_GT.txt',
            data_prefix=dict(gt='GT', img='BIx4'),
            data_root='data/Vid4',
            pipeline=[
                dict(key='img', type='LoadFrames'),
                dict(key='gt', type='LoadFrames'),
                dict(meta_keys=[
                    'key',
                ], type='PackInputs'),
            ],
            prepare='vid4',
            samples='frames',
            test_mode=True,
            type='ClipFramesDataset'),
        num_workers=1,
        persistent_workers=False,
        sampler=dict(shuffle=False, type='DefaultSampler')),
]
test_evaluator = [
    dict(
        metrics=[
            dict(prefix='Vid4-BIx4', protocol='basicvsr', type='VSRMetric'),
        ],
        type='Evaluator'),
]
train_cfg = dict(
    max_iters=6000, type='ResumableIterBasedTrainLoop', val_interval=1000)
train_dataloader = dict(
    batch_size=16,
    dataset=dict(
        datasets=[
            dict(
                dataset=dict(
                    ann_file='meta_info_clips_train.txt',
                    data_prefix=dict(gt='GT'),
                    data_root='data/clips',
                    key_frames_file='meta_info_clips_key_frames.txt',
                    pipeline=[
                        dict(decoded_mb=400, key='gt', type='LoadFrames'),
                        dict(
                            gt_patch_size=96,
                            kind='BI',
                            scale=4,
                            type='DegradeFrames'),
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
                        dict(meta_keys=[
                            'key',
                        ], type='PackInputs'),
                    ],
                    prepare='clips',
                    samples='frames',
                    type='ClipFramesDataset'),
                times=3,
                type='RepeatDataset'),
            dict(
                cache_mb=500,
                clips_per_image=4,
                data_root=None,
                gt_size=(
                    288,
                    288,
                ),
                num_frames=1,
                pipeline=[
                    dict(
                        gt_patch_size=96,
                        kind='BI',
                        scale=4,
                        type='DegradeFrames'),
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
                    dict(meta_keys=[
                        'key',
                    ], type='PackInputs'),
                ],
                samples='frames',
                seed=0,
                split='train',
                type='PhotoMotionDataset'),
        ],
        ignore_keys=[
            'dataset_type',
            'task_name',
        ],
        type='ConcatDataset'),
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
                dict(meta_keys=[
                    'key',
                ], type='PackInputs'),
            ],
            prepare='clips',
            samples='frames',
            test_mode=True,
            type='ClipFramesDataset'),
        num_workers=1,
        persistent_workers=False,
        sampler=dict(shuffle=False, type='DefaultSampler')),
]
val_evaluator = [
    dict(
        metrics=[
            dict(prefix='clips', protocol='basicvsr', type='VSRMetric'),
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
work_dir = './work_dirs/robust_vsr_deep-b1_1xb16-6k_clips'
