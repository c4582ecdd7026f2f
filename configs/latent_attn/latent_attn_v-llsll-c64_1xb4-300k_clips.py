# 'Ours' with both heads, 4,150,339 parameters, trained by algorithm 1: 200k iterations of stage 1, then stage 2. The
# paper gives neither number.
_base_ = 'latent_attn_llsll-c64_1xb4-300k_clips.py'

model = dict(generator=dict(variational=True))
custom_hooks = [dict(type='LatentStageHook', switch_iter=200_000)]
# Stage 1 does not use the variance layers; distributed training must know.
find_unused_parameters = True
