# As latent_attn_v-llsll-c64_1xb4-300k_clips.py, with the divergence of equation 5, which the paper drops: without it
# nothing holds the standard deviations of the heads up.
_base_ = 'latent_attn_v-llsll-c64_1xb4-300k_clips.py'

model = dict(kl_weight=0.1)
