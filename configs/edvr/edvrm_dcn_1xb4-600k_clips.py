# EDVR-M with one deformable convolution in the place of PCD (section 4.3). Against edvrm_wotsa_1xb4-600k_clips.py,
# the same with PCD; all three without TSA.
_base_ = 'edvrm_wotsa_1xb4-600k_clips.py'

model = dict(generator=dict(type='EDVRAblatedNet', alignment='deformable'))
# The lower levels of the pyramid are not used; distributed training must know.
find_unused_parameters = True
