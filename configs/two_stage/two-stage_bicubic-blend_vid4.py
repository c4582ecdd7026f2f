# Bicubic enlargement, then linear blending.
_base_ = ['../_base_/default_runtime.py', '../_base_/models/two_stage.py', '../_base_/space_time.py']

model = dict(
    **_base_.two_stage,
    generator=dict(
        type='TwoStageNet',
        order='restore_first',
        **_base_.two_stage_parts.blend,
        **_base_.two_stage_parts.bicubic,
    ),
)
train_cfg = None
val_cfg = None
test_dataloader = [_base_.space_time.vid4]
test_evaluator = [_base_.space_time.vid4_evaluator]
