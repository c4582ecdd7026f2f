from datetime import timedelta

import torch.distributed as dist

from vsr_plugins.inference.job.workers import Workers


def test_the_process_group_has_a_timeout_of_days(monkeypatch):
    asked = {}
    monkeypatch.setattr(dist, 'is_initialized', lambda: False)
    monkeypatch.setattr(dist, 'init_process_group', lambda backend, **options: asked.update(options))
    monkeypatch.setattr(dist, 'get_rank', lambda: 1)
    workers = Workers.from_environment({'WORLD_SIZE': '2', 'LOCAL_RANK': '1'})
    assert (workers.rank, workers.count) == (1, 2)
    assert asked['timeout'] >= timedelta(days=7)
