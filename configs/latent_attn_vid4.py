# The latent-attention network, trained on clips under VSR_DATA_ROOT and measured on Vid4.
_base_ = 'latent_attn/latent_attn_llsll-c64_1xb4-300k_clips.py'
