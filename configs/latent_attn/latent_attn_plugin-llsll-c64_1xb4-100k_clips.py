# The paper's third contribution: blocks equivalent to zero are plugged into a trained network. It starts as Res16 of
# table 1 was trained, frame for frame, and learns attention from there. Both trainings:
#   vsr stages configs/latent_attn/latent_attn_{res16-c64n4,plugin-llsll-c64}_*.py
_base_ = 'latent_attn_llsll-c64_1xb4-300k_clips.py'

model = dict(generator=dict(zero_init=True))
# Of what Res16 has, everything is loaded; the blocks keep their zeros.
res16 = dict(checkpoint='latent_attn_res16-c64n4_1xb4-300k_clips', source='generator.', partial=True)
custom_hooks = [dict(type='LoadPartsHook', parts=[res16])]

train_cfg = dict(max_iters=100_000)
