# Res16 of table 1: the feature extractor alone, 1,698,563 parameters, chunks of 4.
_base_ = 'latent_attn_llsll-c64_1xb4-300k_clips.py'

model = dict(generator=dict(mid_channels=64, num_layers=16, attn_layout='', chunk_length=4))

train_dataloader = dict(dataset=dict(num_input_frames=4))

test_dataloader = [_base_.clips_normal_sequence_dataloader, _base_.clips_remote_sequence_dataloader]
test_evaluator = [_base_.clips_normal_evaluator, _base_.clips_remote_evaluator]
