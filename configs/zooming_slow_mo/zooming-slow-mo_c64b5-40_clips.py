# The network of the paper, measured on clips of one's own, folders of frames or videos:
#   vsr prepare clips SRC $VSR_DATA_ROOT --val-fraction 1
#   mim test mmagic configs/zooming_slow_mo/zooming-slow-mo_c64b5-40_clips.py --checkpoint W
# Windows remember one another here, as `vsr upscale` restores videos; the authors' windows are independent.
_base_ = ['../_base_/default_runtime.py', '../_base_/models/zooming_slow_mo.py', '../_base_/space_time.py']

model = dict(test_cfg=dict(independent_windows=None))
train_cfg = None
val_cfg = None
test_dataloader = [_base_.space_time.clips_val]
test_evaluator = [_base_.space_time.clips_evaluator]
