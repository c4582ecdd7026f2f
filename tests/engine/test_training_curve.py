"""The curve of a training over all its runs."""

from vsr_plugins.engine.training_curve import read_curve, write_curve


def test_a_resumed_training_has_one_curve(tmp_path):
    runs = {'20260101_000000': (10, 20, 30), '20260102_000000': (), '20260103_000000': (20, 30, 40)}
    for run, steps in runs.items():
        (tmp_path / run / 'vis_data').mkdir(parents=True)
        records = [{'step': step, 'loss': 1.0, 'run': run} for step in steps]
        write_curve(records, tmp_path / run / 'vis_data' / 'scalars.json')
    # A run that was killed while it wrote.
    with open(tmp_path / '20260103_000000' / 'vis_data' / 'scalars.json', 'a') as file:
        file.write('{"step": 50, "lo')
    curve = read_curve(tmp_path)
    assert [(record['step'], record['run'][6:8]) for record in curve] == [
        (10, '01'),
        (20, '03'),
        (30, '03'),
        (40, '03'),
    ]
    assert read_curve(tmp_path / 'nowhere') == []
