# Two-stage restoration: an EDVR behind EDVR-L, trained on frames that EDVR-L restored. The first stage is trained, then
# it restores the clips into a folder of its name beside their ground truth, then this config is trained:
#   vsr stages edvrl_wotsa-c128b40_1xb4-600k_clips edvrl_c128b40_1xb4-600k_clips
#   vsr upscale data/clips/BIx4/* data/clips/edvrl_c128b40_1xb4-600k_clips/ \
#       --config edvrl_c128b40_1xb4-600k_clips --checkpoint work_dirs/edvrl_c128b40_1xb4-600k_clips/best_*.pth
#   vsr stages edvrl_stage2_1xb4-600k_clips
# The same `vsr upscale` on data/Vid4/BIx4/* makes the input of the test set. For blurred frames:
# model.generator.with_predeblur=True. The released models saw flipped inputs in the first stage; these frames are
# restored once.
_base_ = ['mmagic::edvr/edvrl_c128b40_8xb8-lr2e-4-600k_reds4.py', '../_base_/on_clips.py']

experiment_name = None
work_dir = None

load_from = None
model = dict(
    generator=dict(
        _delete_=True,
        type='EDVRStage2Net',
        mid_channels=128,
        num_frames=5,
        num_blocks_extraction=5,
        num_blocks_reconstruction=20,
        with_tsa=True,
        with_predeblur=False,
        hr_in=True,
    ),
    # No weights are there to begin with, so nothing waits for the fusion module.
    train_cfg=dict(tsa_iter=0),
    pixel_loss=dict(eps=1e-6),
)
# As the first stage: batches of 32 at 4e-4 in the paper.
optim_wrapper = dict(optimizer=dict(lr=4e-4 * (4 / 32) ** 0.5))

# Frames of the first stage lie beside the ground truth, in a folder of its name.
first_stage = 'edvrl_c128b40_1xb4-600k_clips'
both = [dict(type='LoadFrames', key='img'), dict(type='LoadFrames', key='gt')]
pack = [dict(type='StackFrames', keys=['img']), dict(type='PackInputs', meta_keys=['key'])]
restored = dict(
    type='ClipFramesDataset', data_prefix=dict(img=first_stage, gt='GT'), samples='frames', num_input_frames=5,
    num_output_frames=1, padding='reflection', prepare='stages',
)  # fmt: skip
train_dataloader = dict(
    _delete_=True,
    **_base_.clips_train_loader,
    dataset=dict(
        **restored,
        data_root=_base_.clips_root,
        ann_file='meta_info_clips_train.txt',
        pipeline=[
            *both,
            dict(type='SetValues', dictionary=dict(scale=1)),
            dict(type='PairedRandomCrop', gt_patch_size=256),
            *_base_.clips_augment,
            *pack,
        ],
    ),
)
clips_val = dict(
    **_base_.clips_val_loader,
    dataset=dict(
        **restored,
        data_root=_base_.clips_root,
        ann_file='meta_info_clips_val.txt',
        pipeline=[*both, *pack],
        test_mode=True,
    ),
)
vid4 = dict(
    **_base_.vid4_bix4_loader,
    dataset=dict(
        **restored,
        data_root=_base_.vid4_bix4_dataset.data_root,
        ann_file='meta_info_Vid4_GT.txt',
        pipeline=[*both, *pack],
        test_mode=True,
    ),
)
val_dataloader = [clips_val, vid4]
val_evaluator = _base_.on_clips.val_evaluator
test_dataloader = [vid4]
test_evaluator = _base_.on_clips.test_evaluator
train_cfg = dict(type='ResumableIterBasedTrainLoop')
default_hooks = dict(checkpoint=_base_.on_clips.checkpoint)
visualizer = dict(vis_backends=_base_.on_clips.vis_backends)
custom_hooks = []
