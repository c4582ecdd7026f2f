# BasicVSR++ for small machines: 7 frames for 30.
_base_ = 'basicvsr-pp_c64n7_1xb4-600k_clips.py'

train_dataloader = dict(dataset=dict(num_input_frames=7))
