# LSatn_ls of table 2: long in the middle, short around it, with both heads, 1,742,645 parameters. The paper gives
# neither the width nor how many of the five blocks are of either kind; the width is the one whose count is nearest to
# the 1.70 M of table 1.
_base_ = 'latent_attn_llsll-c64_1xb4-300k_clips.py'

model = dict(generator=dict(mid_channels=38, num_layers=10, attn_layout='SSLSS', variational=True))

test_dataloader = [_base_.clips_normal_sequence_dataloader, _base_.clips_remote_sequence_dataloader]
test_evaluator = [_base_.clips_normal_evaluator, _base_.clips_remote_evaluator]
# Stage 1 does not use the variance layers; distributed training must know.
find_unused_parameters = True
