"""Tables without costs, for tests."""

from vsr_plugins.apis.benchmark import collect_tables
from vsr_plugins.apis.measuring import Measurement

ESPCN = "dict(type='ESPCNNet', in_channels=1, scale=4)"


def collect(models, tmp_path, **options):
    how = {name: options.pop(name) for name in ('data', 'protocols', 'metrics', 'ensemble') if name in options}
    return collect_tables(models, Measurement(size=None, **how), tmp_path / 'out', **options)
