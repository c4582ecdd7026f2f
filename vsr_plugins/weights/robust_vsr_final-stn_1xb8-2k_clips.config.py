custom_hooks = [
    dict(
        parts=[
            dict(
                checkpoint='robust_vsr_joint_1xb8-4k_clips',
                source='generator.network.'),
            dict(
                checkpoint='robust_vsr_stn_1xb16-2k_clips',
                source='generator.aligner.'),
        ],
        type='LoadPartsHook'),
]
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
experiment_name = 'robust_vsr_final-stn_1xb8-2k_clips'
load_from = None
log_level = 'INFO'
log_processor = dict(by_epoch=False, type='LogProcessor', window_size=100)
model = dict(
    align_weight=0.01,
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
        aligner=dict(
            color='y', keep_size=30, patch_size=36,
            type='SpatialAlignmentNet'),
        network=dict(
            branch=dict(global_residual=True, type='ESPCNNet'),
            color='y',
            num_branches=3,
            scale=4,
            type='TemporalAdaptiveNet'),
        type='AlignedNet'),
    label_flow=dict(preset='ultrafast', type='DISFlow'),
    loss_border=3,
    pixel_loss=dict(
        loss=dict(loss_weight=1.0, reduction='mean', type='MSELoss'),
        type='LumaLoss'),
    test_cfg=dict(),
    train_cfg=dict(),
    type='RobustVSR')
optim_wrapper = dict(
    constructor='DefaultOptimWrapperConstructor',
    optimizer=dict(betas=(
        0.9,
        0.999,
    ), lr=0.0005, type='Adam'),
    type='OptimWrapper')
param_scheduler = [
    dict(begin=0, by_epoch=False, end=200, start_factor=0.05, type='LinearLR'),
    dict(
        T_max=1800,
        begin=200,
        by_epoch=False,
        end=2000,
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
            num_input_frames=5,
            num_output_frames=1,
            padding='reflection',
            pipeline=[
                dict(key='img', type='LoadFrames'),
                dict(key='gt', type='LoadFrames'),
                dict(keys=[
                    'img',
                ], type='StackFrames'),
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
    max_iters=2000, type='ResumableIterBasedTrainLoop', val_interval=500)
train_dataloader = dict(
    batch_size=8,
    dataset=dict(
        datasets=[
            dict(
                dataset=dict(
                    ann_file='meta_info_clips_train.txt',
                    data_prefix=dict(gt='GT'),
                    data_root='data/clips',
                    key_frames_file='meta_info_clips_key_frames.txt',
                    num_input_frames=5,
                    pipeline=[
                        dict(decoded_mb=400, key='gt', type='LoadFrames'),
                        dict(
                            gt_patch_size=144,
                            kind='BI',
                            scale=4,
                            type='DegradeFrames'),
                        dict(keys=[
                            'gt',
                        ], type='KeepCenterFrame'),
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
                        dict(keys=[
                            'img',
                        ], type='TemporalReverse'),
                        dict(keys=[
                            'img',
                        ], type='StackFrames'),
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
                    160,
                    160,
                ),
                num_frames=5,
                pipeline=[
                    dict(
                        gt_patch_size=144,
                        kind='BI',
                        scale=4,
                        type='DegradeFrames'),
                    dict(keys=[
                        'gt',
                    ], type='KeepCenterFrame'),
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
                    dict(keys=[
                        'img',
                    ], type='TemporalReverse'),
                    dict(keys=[
                        'img',
                    ], type='StackFrames'),
                    dict(meta_keys=[
                        'key',
                    ], type='PackInputs'),
                ],
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
            num_input_frames=5,
            pipeline=[
                dict(key='gt', type='LoadFrames'),
                dict(kind='BI', scale=4, type='DegradeFrames'),
                dict(keys=[
                    'gt',
                ], type='KeepCenterFrame'),
                dict(keys=[
                    'img',
                ], type='StackFrames'),
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
work_dir = './work_dirs/robust_vsr_final-stn_1xb8-2k_clips'
