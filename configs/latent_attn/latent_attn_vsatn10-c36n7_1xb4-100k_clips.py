# VSatn10_7 of table 3: stage 2 alone, from the weights of Satn10_7, trained before.
_base_ = 'latent_attn_satn10-c36n7_1xb4-300k_clips.py'

custom_hooks = [
    dict(type='LoadPartsHook', parts=[dict(checkpoint='latent_attn_satn10-c36n7_1xb4-300k_clips')]),
    dict(type='LatentStageHook', switch_iter=0),
]
train_cfg = dict(max_iters=100_000)
