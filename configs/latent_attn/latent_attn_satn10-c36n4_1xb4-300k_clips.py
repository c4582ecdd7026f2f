# Satn10 of table 1: 10 layers and 5 short-range blocks with both heads, 1,717,311 parameters, chunks of 4. The paper
# gives no width; with the heads counted this one is within its 1.70 M +- 0.02 M. The variance heads stay closed.
_base_ = 'latent_attn_llsll-c64_1xb4-300k_clips.py'

model = dict(generator=dict(mid_channels=36, num_layers=10, attn_layout='SSSSS', chunk_length=4, variational=True))

train_dataloader = dict(dataset=dict(num_input_frames=4))

test_dataloader = [_base_.clips_normal_sequence_dataloader, _base_.clips_remote_sequence_dataloader]
test_evaluator = [_base_.clips_normal_evaluator, _base_.clips_remote_evaluator]
# Stage 1 does not use the variance layers; distributed training must know.
find_unused_parameters = True
