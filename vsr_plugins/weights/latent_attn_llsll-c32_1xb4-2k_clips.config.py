custom_imports = dict(
    allow_failed_imports=False, imports=[
        'vsr_plugins',
    ])
default_hooks = dict(
    checkpoint=dict(
        by_epoch=False,
        interval=100,
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
experiment_name = 'latent_attn_llsll-c32_1xb4-2k_clips'
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
    dual_pass=False,
    generator=dict(
        attn_layout='LLSLL',
        chunk_length=7,
        global_residual=True,
        in_channels=3,
        mid_channels=32,
        num_layers=16,
        scale=4,
        type='LatentAttentionNet'),
    latent_loss=dict(loss_weight=1.0, reduction='mean', type='MSELoss'),
    latent_weight=0.1,
    pixel_loss=dict(type='EuclideanLoss'),
    test_cfg=dict(),
    train_cfg=dict(),
    type='LatentAttention')
optim_wrapper = dict(
    clip_grad=dict(max_norm=3, norm_type=2),
    constructor='DefaultOptimWrapperConstructor',
    optimizer=dict(betas=(
        0.9,
        0.999,
    ), lr=0.001, type='Adam'),
    type='OptimWrapper')
param_scheduler = [
    dict(begin=0, by_epoch=False, end=50, start_factor=0.05, type='LinearLR'),
    dict(
        T_max=1950,
        begin=50,
        by_epoch=False,
        end=2000,
        eta_min=1e-05,
        type='CosineAnnealingLR'),
]
randomness = dict(seed=0)
resume = False
test_cfg = dict(type='MultiTestLoop')
test_dataloader = dict(
    batch_size=1,
    dataset=dict(
        ann_file='meta_info_Vid4_GT.txt',
        data_prefix=dict(gt='GT', img='BIx4'),
        data_root='data/Vid4',
        pipeline=[
            dict(key='img', type='LoadFrames'),
            dict(key='gt', type='LoadFrames'),
            dict(keys=[
                'img',
                'gt',
            ], type='StackFrames'),
            dict(meta_keys=[
                'key',
            ], type='PackInputs'),
        ],
        prepare='vid4',
        test_mode=True,
        type='ClipFramesDataset'),
    num_workers=1,
    persistent_workers=False,
    sampler=dict(shuffle=False, type='DefaultSampler'))
test_evaluator = dict(
    metrics=[
        dict(
            prefix='Vid4-BIx4', protocol='latent_attention', type='VSRMetric'),
    ],
    type='Evaluator')
train_cfg = dict(
    max_iters=2000, type='ResumableIterBasedTrainLoop', val_interval=250)
train_dataloader = dict(
    batch_size=4,
    dataset=dict(
        datasets=[
            dict(
                dataset=dict(
                    ann_file='meta_info_clips_train.txt',
                    data_prefix=dict(gt='GT'),
                    data_root='data/clips',
                    key_frames_file='meta_info_clips_key_frames.txt',
                    num_input_frames=7,
                    pipeline=[
                        dict(type='SampleSegment'),
                        dict(decoded_mb=400, key='gt', type='LoadFrames'),
                        dict(
                            gt_patch_size=128,
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
                        dict(keys=[
                            'img',
                            'gt',
                        ], type='TemporalReverse'),
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
                times=42,
                type='RepeatDataset'),
            dict(
                cache_mb=700,
                clips_per_image=4,
                data_root=None,
                gt_size=(
                    144,
                    144,
                ),
                num_frames=7,
                pipeline=[
                    dict(
                        gt_patch_size=128,
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
                    dict(keys=[
                        'img',
                        'gt',
                    ], type='TemporalReverse'),
                    dict(keys=[
                        'img',
                        'gt',
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
            pipeline=[
                dict(key='gt', type='LoadFrames'),
                dict(kind='BI', scale=4, type='DegradeFrames'),
                dict(keys=[
                    'img',
                    'gt',
                ], type='StackFrames'),
                dict(meta_keys=[
                    'key',
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
work_dir = './work_dirs/latent_attn_llsll-c32_1xb4-2k_clips'
