# LSatn_l of table 2: long before short, with both heads, 1,711,713 parameters. The paper gives neither the width nor
# how many of the five blocks are of either kind; the width is the one whose count is nearest to the 1.70 M of table 1.
_base_ = 'latent_attn_llsll-c64_1xb4-300k_clips.py'

model = dict(generator=dict(mid_channels=42, num_layers=10, attn_layout='LLLSS', variational=True))

test_dataloader = [_base_.clips_normal_sequence_dataloader, _base_.clips_remote_sequence_dataloader]
test_evaluator = [_base_.clips_normal_evaluator, _base_.clips_remote_evaluator]
# Stage 1 does not use the variance layers; distributed training must know.
find_unused_parameters = True
