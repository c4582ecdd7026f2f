# Linear blending, then bicubic enlargement: what a trained space-time network has to beat on held-out clips.
_base_ = ['../_base_/default_runtime.py', '../_base_/models/two_stage.py', '../_base_/space_time.py']

model = dict(
    **_base_.two_stage,
    generator=dict(
        type='TwoStageNet',
        order='interpolate_first',
        **_base_.two_stage_parts.blend,
        **_base_.two_stage_parts.bicubic,
    ),
)
train_cfg = None
val_cfg = None
test_dataloader = [_base_.space_time.clips_val]
test_evaluator = [_base_.space_time.clips_evaluator]
