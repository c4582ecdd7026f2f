# IconVSR for small machines: 7 frames for 15.
_base_ = 'iconvsr_1xb4-300k_clips.py'

train_dataloader = dict(dataset=dict(num_input_frames=7))
