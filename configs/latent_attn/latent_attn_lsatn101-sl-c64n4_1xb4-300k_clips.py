# Res101 of section 7 with attention: the blocks of 'Ours' after every 20 of 101 layers, chunks of 4. Against
# latent_attn_res101-c64n4_1xb4-300k_clips.py.
_base_ = 'latent_attn_res16-c64n4_1xb4-300k_clips.py'

model = dict(generator=dict(num_layers=101, attn_layout='LLSLL'))
