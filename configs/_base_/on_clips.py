# Turns a config of upstream into one of this package: trained on clips, chosen by held-out clips, tested on Vid4 BIx4
# under the protocol of the table. Only names that upstream does not use are defined here, so that both may stand in
# one `_base_`; the config takes from them what it needs:
#
#     _base_ = ['mmagic::edvr/edvrm_wotsa_8xb4-600k_reds.py', '../_base_/on_clips.py']
#     train_dataloader = dict(_delete_=True, **_base_.on_clips.window.train)      # or .sequence, .flow, .frame
#     val_dataloader = _base_.on_clips.window.val
#     val_evaluator = _base_.on_clips.val_evaluator
#     test_dataloader = _base_.on_clips.window.test
#     test_evaluator = _base_.on_clips.test_evaluator
#     train_cfg = dict(type='ResumableIterBasedTrainLoop')
#     default_hooks = dict(checkpoint=_base_.on_clips.checkpoint)
#     visualizer = dict(vis_backends=_base_.on_clips.vis_backends)
#     custom_hooks = []                                                           # upstream saves every picture
_base_ = ['datasets/clips.py', 'datasets/vid4_bix4.py', 'weights.py']

custom_imports = dict(imports=['vsr_plugins'], allow_failed_imports=False)

# Crops of 64 x 64 at low resolution, those of BasicVSR and EDVR, and the least SPyNet takes. Frames and crops are
# upstream's: 15 frames (BasicVSR++ sets 30), windows of five; TDAN's crops are 48 x 48.
on_clips_patch = dict(_base_.clips_patch, gt_patch_size=256)
on_clips_flow_train = dict(
    **_base_.clips_train_loader,
    dataset=dict(
        **_base_.clips_train_dataset,
        num_input_frames=15,
        pipeline=[_base_.clips_sample, _base_.clips_load, on_clips_patch, *_base_.clips_sequence_end],
    ),
)
on_clips_window = dict(**_base_.clips_train_dataset, samples='frames', num_input_frames=5)
on_clips_window_train = dict(
    **_base_.clips_train_loader,
    dataset=dict(**on_clips_window, pipeline=[_base_.clips_load, on_clips_patch, *_base_.clips_window_end]),
)
on_clips_tdan_train = dict(
    **_base_.clips_train_loader,
    dataset=dict(
        **on_clips_window,
        pipeline=[_base_.clips_load, dict(_base_.clips_patch, gt_patch_size=192), *_base_.clips_window_end],
    ),
)

on_clips = dict(
    sequence=dict(
        train=_base_.clips_train_sequence_dataloader,
        val=[_base_.clips_val_sequence_dataloader, _base_.vid4_bix4_sequence_dataloader],
        test=[_base_.vid4_bix4_sequence_dataloader],
    ),
    flow=dict(
        train=on_clips_flow_train,
        val=[_base_.clips_val_sequence_dataloader, _base_.vid4_bix4_sequence_dataloader],
        test=[_base_.vid4_bix4_sequence_dataloader],
    ),
    window=dict(
        train=on_clips_window_train,
        tdan_train=on_clips_tdan_train,
        # 32 x 32 at low resolution, for small machines.
        small_train=_base_.clips_train_window_dataloader,
        val=[_base_.clips_val_window_dataloader, _base_.vid4_bix4_window_dataloader],
        test=[_base_.vid4_bix4_window_dataloader],
    ),
    frame=dict(
        train=_base_.clips_train_frame_dataloader,
        val=[_base_.clips_val_frame_dataloader, _base_.vid4_bix4_frame_dataloader],
        test=[_base_.vid4_bix4_frame_dataloader],
    ),
    val_evaluator=[_base_.clips_val_evaluator, _base_.vid4_bix4_evaluator],
    test_evaluator=[_base_.vid4_bix4_evaluator],
    checkpoint=dict(out_dir=None, max_keep_ckpts=3, save_best='clips/PSNR', rule='greater'),
    vis_backends=[dict(type='LocalVisBackend'), dict(type='TensorboardVisBackend')],
)
