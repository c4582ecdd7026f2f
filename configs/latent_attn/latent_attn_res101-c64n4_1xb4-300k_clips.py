# Res101 of section 7: the feature extractor with 101 layers, 11,104,323 parameters, chunks of 4. Against it stands
# latent_attn_lsatn101-sl-c64n4_1xb4-300k_clips.py, the same with attention, which gains less from it than Res16.
_base_ = 'latent_attn_res16-c64n4_1xb4-300k_clips.py'

model = dict(generator=dict(num_layers=101))
