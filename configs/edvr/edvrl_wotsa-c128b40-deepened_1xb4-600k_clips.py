# The paper's faster convergence (section 4.1): 40 blocks start from the weights of 10, the others as they are
# initialised, near the identity. Both trainings:
#   vsr stages configs/edvr/edvrl_wotsa-c128{b10,b40-deepened}_1xb4-600k_clips.py
_base_ = 'edvrl_wotsa-c128b40_1xb4-600k_clips.py'

shallow = dict(checkpoint='edvrl_wotsa-c128b10_1xb4-600k_clips', source='generator.', partial=True)
custom_hooks = [dict(type='LoadPartsHook', parts=[shallow])]
