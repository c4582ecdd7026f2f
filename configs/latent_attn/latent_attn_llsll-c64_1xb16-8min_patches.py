# 'Ours' with a bicubic skip for eight minutes of an H200 that another training shares (8,121 steps): how the weights of
# full width that come with the package were trained. They began in bfloat16; the loss was NaN at step 2,912, and from
# step 2,810 on they were trained in float32, as the whole of it is here.
_base_ = 'latent_attn_llsll-c64_1xb16-20k_patches.py'

train_cfg = dict(max_minutes=8)
