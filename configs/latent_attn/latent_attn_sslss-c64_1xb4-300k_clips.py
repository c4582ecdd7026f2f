# 'Ours' with the arrangement that table 2 has ahead, LSatn_ls, 5,559,107 parameters. The text of section 6.3 calls
# LSatn_sl the best, and only LSatn_sl has the count of table 5: that is latent_attn_llsll-c64_1xb4-300k_clips.py.
_base_ = 'latent_attn_llsll-c64_1xb4-300k_clips.py'

experiment_name = 'latent_attn_sslss-c64_1xb4-300k_clips'
work_dir = f'./work_dirs/{experiment_name}'

model = dict(generator=dict(attn_layout='SSLSS'))
