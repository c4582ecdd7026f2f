from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmagic.structures import DataSample
from torch import nn

from vsr_plugins.engine import FramePicturesHook, SelfEnsembleHook


def sample(key, frames, part=None):
    """Output as mmagic's editors return it: BGR in [0, 255]."""
    metainfo = {'key': key, 'part': part}
    return DataSample(metainfo=metainfo, output=DataSample(pred_img=frames))


def frames_of(values):
    return torch.tensor(values, dtype=torch.float32)[:, None, None, None].expand(-1, 3, 4, 6)


def test_a_test_writes_one_picture_a_frame_in_a_folder_a_clip(tmp_path):
    hook, runner = FramePicturesHook(test=True), SimpleNamespace(log_dir=str(tmp_path), rank=0)
    coloured = frames_of([10.4, 20]).clone()
    coloured[:, 0] = 255  # blue
    hook.after_test_iter(runner, 0, None, [sample('a', coloured)])
    hook.after_test_iter(runner, 1, None, [sample('set/b', frames_of([30, 40, 50, 60]), (5, 1, 3))])
    hook.after_test_iter(runner, 2, None, [sample('c/00000007', frames_of([70])[0])])
    root = tmp_path / 'frames'
    found = sorted(path.relative_to(root).as_posix() for path in root.rglob('*.png'))
    assert found == ['a/00000000.png', 'a/00000001.png', 'c/00000007.png', 'set/b/00000005.png', 'set/b/00000006.png']
    assert cv2.imread(str(root / 'a' / '00000000.png'))[0, 0].tolist() == [255, 10, 10]
    assert cv2.imread(str(root / 'set' / 'b' / '00000005.png'))[0, 0].tolist() == [40, 40, 40]


def test_nothing_is_written_by_default(tmp_path):
    FramePicturesHook().after_test_iter(SimpleNamespace(log_dir=str(tmp_path)), 0, None, [sample('a', frames_of([1]))])
    assert not list(tmp_path.iterdir())


def test_a_validation_shows_the_middle_frame_of_the_first_clips():
    shown = []
    visualizer = SimpleNamespace(add_image=lambda name, image, step: shown.append((name, image[0, 0, 0], step)))
    hook, runner = FramePicturesHook(val_clips=2), SimpleNamespace(visualizer=visualizer, iter=50)
    for _ in range(2):
        hook.before_val(runner)
        for key in 'abc':
            hook.after_val_iter(runner, 0, None, [sample(key, frames_of([1, 2, 3]))])
    assert shown == [('val/a', 2, 50), ('val/b', 2, 50)] * 2
    assert isinstance(shown[0][1], np.uint8)


def test_the_self_ensemble_of_a_test():
    class Left(nn.Module):
        def forward(self, x):
            return x.roll(-1, -1)

    model = nn.Module()
    model.generator = Left()
    hook, runner = SelfEnsembleHook('x8'), SimpleNamespace(model=model)
    image = torch.rand(1, 1, 3, 3)
    hook.before_test(runner)
    averaged = model.generator(image)
    hook.after_test(runner)
    # Left, right, up and down, twice each.
    assert torch.allclose(averaged, sum(image.roll(s, a) for s in (-1, 1) for a in (-1, -2)) / 4, atol=1e-6)
    assert torch.equal(model.generator(image), image.roll(-1, -1))
    with pytest.raises(ValueError, match="'x3'"):
        SelfEnsembleHook('x3')
