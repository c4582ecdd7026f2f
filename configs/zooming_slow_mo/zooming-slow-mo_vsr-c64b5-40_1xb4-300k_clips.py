# The same network for super-resolution alone: every frame is given, none is interpolated. Measured as other recurrent
# networks are.
_base_ = 'zooming-slow-mo_c64b5-40_1xb4-300k_clips.py'

model = dict(generator=dict(interpolate=False), test_cfg=dict(independent_windows=None))
train_dataloader = dict(_delete_=True, **_base_.clips_train_sequence_dataloader)
val_dataloader = [_base_.clips_val_sequence_dataloader, _base_.vid4_bix4_sequence_dataloader]
val_evaluator = [_base_.clips_val_evaluator, _base_.vid4_bix4_evaluator]
test_dataloader = [_base_.vid4_bix4_sequence_dataloader]
test_evaluator = [_base_.vid4_bix4_evaluator]
