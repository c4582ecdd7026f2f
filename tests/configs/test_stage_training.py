"""Which parts of a network each stage of a training updates."""

import pytest
import torch
from mmagic.registry import MODELS
from mmagic.structures import DataSample
from mmagic.utils import register_all_modules
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from reduced import CONFIGS


@pytest.mark.parametrize(
    ('name', 'moves'),
    [
        ('vespcn/vespcn_motion-x4_1xb16-100k_clips', {'flow'}),
        ('vespcn/vespcn_x4_1xb16-300k_clips', {'flow', 'restoration'}),
        ('spmc/spmc_motion-x4f3_1xb8-70k_clips', {'flow'}),
        ('spmc/spmc_restoration-x4f3_1xb8-50k_clips', {'restoration'}),
        ('spmc/spmc_x4f3_1xb8-300k_clips', {'flow', 'restoration'}),
    ],
)
def test_each_stage_trains_its_part_and_no_other(name, moves):
    register_all_modules()
    config = Config.fromfile(CONFIGS / f'{name}.py')
    torch.manual_seed(0)
    model = MODELS.build(config.model)
    optimizer = build_optim_wrapper(model, config.optim_wrapper)
    before = {name: value.clone() for name, value in model.generator.named_parameters()}
    batch = {
        'inputs': [torch.randint(0, 256, (3, 3, 16, 16), dtype=torch.uint8)],
        'data_samples': [DataSample(gt_img=torch.randint(0, 256, (3, 64, 64), dtype=torch.uint8))],
    }
    for _ in range(2):
        model.train_step(batch, optimizer)
    moved = {name for name, value in model.generator.named_parameters() if not torch.equal(value, before[name])}
    # Each part is updated completely or not at all.
    assert moved == {name for name in before if name.partition('.')[0] in moves}
