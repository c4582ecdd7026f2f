# Hard attention of section 3.2: long-range queries take the value of one drawn key, and learn by equation 7.
_base_ = 'latent_attn_llsll-c64_1xb4-300k_clips.py'

model = dict(generator=dict(hard_attention=True), policy_weight=1.0)
