# Linear blending, then bicubic enlargement: what a trained space-time network has to beat on held-out clips.
_base_ = 'two-stage_blend-bicubic_vid4.py'

experiment_name = 'two-stage_blend-bicubic_clips'
work_dir = f'./work_dirs/{experiment_name}'

test_dataloader = [_base_.space_time.clips_val]
test_evaluator = [_base_.space_time.clips_evaluator]
