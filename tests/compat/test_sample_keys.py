from itertools import permutations

import torch
from mmagic.structures import DataSample

import vsr_plugins  # noqa: F401


def test_samples_whose_fields_came_in_different_orders_stack():
    names = ('key', 'gt_path', 'img_path', 'ori_gt_shape', 'sample_idx', 'num_input_frames')
    for order in list(permutations(names))[::60]:
        first, second = (
            DataSample(metainfo=dict.fromkeys(given, 1), gt_img=torch.zeros(1), input=torch.zeros(1))
            for given in (names, order)
        )
        assert DataSample.stack([first, second]).gt_img.shape == (2, 1)


def test_names_of_fields_are_in_order():
    sample = DataSample(metainfo={'b': 1, 'a': 2, 'c': 3})
    sample.set_field(1, 'z')
    sample.set_field(1, 'y')
    assert sample.metainfo_keys() == ['a', 'b', 'c'] and sample.keys() == ['y', 'z']
