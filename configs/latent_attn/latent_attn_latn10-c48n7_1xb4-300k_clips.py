# Latn10_7 of table 3: Latn10 with chunks of 7.
_base_ = 'latent_attn_llsll-c64_1xb4-300k_clips.py'

model = dict(generator=dict(mid_channels=48, num_layers=10, attn_layout='LLLLL', variational=True))

test_dataloader = [_base_.clips_normal_sequence_dataloader, _base_.clips_remote_sequence_dataloader]
test_evaluator = [_base_.clips_normal_evaluator, _base_.clips_remote_evaluator]
# Stage 1 does not use the variance layers; distributed training must know.
find_unused_parameters = True
