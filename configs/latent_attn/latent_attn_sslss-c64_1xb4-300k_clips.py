# 'Ours' with the arrangement that table 2 has ahead, LSatn_ls, 5,559,107 parameters. The text of section 6.3 calls
# LSatn_sl the best, and only LSatn_sl has the count of table 5: that is latent_attn_llsll-c64_1xb4-300k_clips.py.
_base_ = 'latent_attn_llsll-c64_1xb4-300k_clips.py'

model = dict(generator=dict(attn_layout='SSLSS'))
