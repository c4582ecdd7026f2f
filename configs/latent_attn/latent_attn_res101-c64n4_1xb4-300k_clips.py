# Res101 of section 7: the feature extractor with 101 layers, 11,104,323 parameters, chunks of 4. Against it stands
# latent_attn_lsatn101-sl-c64n4_1xb4-300k_clips.py, the same with attention, which gains less from it than Res16.
_base_ = 'latent_attn_res16-c64n4_1xb4-300k_clips.py'

experiment_name = 'latent_attn_res101-c64n4_1xb4-300k_clips'
work_dir = f'./work_dirs/{experiment_name}'

model = dict(generator=dict(num_layers=101))
