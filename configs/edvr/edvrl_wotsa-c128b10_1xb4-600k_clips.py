# EDVR-L without TSA with 10 blocks of reconstruction, from which edvrl_wotsa-c128b40-deepened_*.py starts.
_base_ = 'edvrl_wotsa-c128b40_1xb4-600k_clips.py'

model = dict(generator=dict(num_blocks_reconstruction=10))
