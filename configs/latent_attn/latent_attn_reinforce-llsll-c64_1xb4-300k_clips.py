# As latent_attn_v-llsll-c64_1xb4-300k_clips.py, but the heads learn by equation 7, REINFORCE, instead of through their
# samples. The paper gives no alpha; with 1 a small network diverged (benchmarks/latent_sigma.py).
_base_ = 'latent_attn_v-llsll-c64_1xb4-300k_clips.py'

model = dict(policy_weight=0.01)
