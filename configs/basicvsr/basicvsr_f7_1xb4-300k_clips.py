# BasicVSR for small machines: 7 frames for 15.
_base_ = 'basicvsr_1xb4-300k_clips.py'

experiment_name = 'basicvsr_f7_1xb4-300k_clips'
work_dir = f'./work_dirs/{experiment_name}'

train_dataloader = dict(dataset=dict(num_input_frames=7))
