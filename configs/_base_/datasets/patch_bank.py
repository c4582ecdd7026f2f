# A bank of patches for training, of clips and, where there are some, photographs in motion: BIx4, crops cut whole
# batches at a time. To make it: vsr prepare patches SRC DATA_ROOT --photos PHOTOS
#
# In a config that inherits from this one:
#     model = dict(data_preprocessor=dict(type='BatchDataPreprocessor'))
#     train_dataloader = _base_.patch_bank_train_window_dataloader
#     train_dataloader.update(batch_size=32)
#     train_dataloader.dataset.update(gt_patch_size=112, times=dict(photos=3))
patch_bank_loader = dict(
    num_workers=0,
    batch_size=16,
    persistent_workers=False,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    collate_fn=dict(type='whole_batch'),
)
patch_bank_dataset = dict(type='PatchBankDataset', data_root='{{$VSR_DATA_ROOT:data}}/patches')

# Seven frames in, seven out.
patch_bank_train_sequence_dataloader = dict(
    **patch_bank_loader, dataset=dict(**patch_bank_dataset, num_input_frames=7, gt_patch_size=128)
)

# Five frames in, the one in the middle out.
patch_bank_train_window_dataloader = dict(
    **patch_bank_loader, dataset=dict(**patch_bank_dataset, num_input_frames=5, center_gt=True, gt_patch_size=96)
)

# One frame in, one frame out.
patch_bank_train_frame_dataloader = dict(
    **patch_bank_loader, dataset=dict(**patch_bank_dataset, num_input_frames=1, gt_patch_size=80)
)

# Four frames in, seven out.
patch_bank_train_half_rate_dataloader = dict(
    **patch_bank_loader, dataset=dict(**patch_bank_dataset, num_input_frames=7, half_rate=True, gt_patch_size=128)
)
