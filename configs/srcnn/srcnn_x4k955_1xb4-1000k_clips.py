# SRCNN 9-5-5 on Y, 57,281 parameters, otherwise as upstream's 9-1-5 on RGB. VSRnet starts from it:
#   vsr convert --from vsrnet_srcnn work_dirs/srcnn_x4k955_1xb4-1000k_clips/best_*.pth vsrnet_start.pth
_base_ = 'srcnn_x4k915_1xb4-1000k_clips.py'

# The network of a window of one frame takes Y from RGB, and enlarges the chroma by bicubic interpolation.
model = dict(
    generator=dict(
        _delete_=True,
        type='TemporalBranchNet',
        num_frames=1,
        branch=dict(type='SRCNNNet', kernel_sizes=(9, 5, 5)),
        scale=4,
        color='y',
    ),
    pixel_loss=dict(_delete_=True, type='LumaLoss', loss=dict(type='L1Loss')),
)
train_dataloader = dict(_delete_=True, **_base_.on_clips.window.small_train)
train_dataloader['dataset']['num_input_frames'] = 1
val_dataloader = _base_.on_clips.window.val
test_dataloader = _base_.on_clips.window.test
