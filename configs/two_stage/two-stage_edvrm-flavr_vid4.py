# EDVR-M, then FLAVR.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/two_stage.py',
    '../_base_/space_time.py',
    '../_base_/weights.py',
]

experiment_name = 'two-stage_edvrm-flavr_vid4'
work_dir = f'./work_dirs/{experiment_name}'

model = dict(
    **_base_.two_stage,
    generator=dict(
        type='TwoStageNet',
        order='restore_first',
        **_base_.two_stage_parts.flavr,
        **_base_.two_stage_parts.edvrm,
        interpolator_weights=_base_.weights.flavr,
        restorer_weights=_base_.weights.edvrm,
    ),
)
train_cfg = None
val_cfg = None
test_dataloader = [_base_.space_time.vid4]
test_evaluator = [_base_.space_time.vid4_evaluator]
