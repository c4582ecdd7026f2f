"""Pictures of noise on disk, and what upstream's dataset class reads of a prepared data set."""

import numpy as np
from mmagic.datasets import BasicFramesDataset
from PIL import Image

RNG = np.random.default_rng(0)


def write(path, size=(8, 12), **kwargs):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = RNG.integers(0, 256, (*size, 3), np.uint8)
    Image.fromarray(image).save(path, **kwargs)
    return image


def read(path):
    return np.asarray(Image.open(path).convert('RGB'))


def basic_frames(root, ann_file, img, gt, **kwargs):
    """What upstream's dataset class makes of an annotation file."""
    prefix = dict(img=img, gt=gt)
    # filename_tmpl: upstream writes into its mutable default.
    dataset = BasicFramesDataset(
        ann_file=ann_file, data_root=str(root), data_prefix=prefix, filename_tmpl={}, lazy_init=True, **kwargs
    )
    return dataset.load_data_list()
