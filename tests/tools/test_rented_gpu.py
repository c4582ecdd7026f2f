"""The script for a rented GPU: its plan of time, its table, and its phases in small on the CPU."""

import json
import os
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / 'tools'))

from rented_gpu import command, handed_over, results, work  # noqa: E402
from rented_gpu.plan import MIN_RESERVE, RESERVE, SHARES, Plan  # noqa: E402

CPU = torch.device('cpu')


class TestPlan:
    def test_the_first_call_shares_fifteen_minutes(self):
        """Two seconds or 1% are kept; the rest is shared 1 : 1.5 : 2 : 2 : 8."""
        plan = Plan.of(15, now=1000.0)
        assert plan.until('install', now=1000.0) == pytest.approx(1000 + (900 - 9) / 14.5)
        assert plan.until('train', now=1500.0) == pytest.approx(1900 - 9)

    def test_what_a_phase_leaves_over_goes_to_those_after_it(self):
        plan = Plan.of(10, ['check', 'time'], now=0.0)
        assert plan.until('check', now=0.0) == pytest.approx(594 / 2)
        assert plan.until('time', now=60.0) == pytest.approx(594)

    @pytest.mark.parametrize('late', [0.0, 2.0])
    @pytest.mark.parametrize('minutes', [0.05, 2, 15, 600])
    @pytest.mark.parametrize('count', range(1, 6))
    def test_nothing_ends_after_the_end(self, minutes, count, late):
        phases = list(SHARES)[-count:]
        plan = Plan.of(minutes, phases, now=0.0)
        now = 0.0
        for phase in plan.phases:
            until = plan.until(phase, now)
            assert until >= now
            assert until <= max(plan.end - max(RESERVE * plan.end, MIN_RESERVE), now) + 1e-6
            now = until + late

    @pytest.mark.parametrize(('minutes', 'phases'), [(0, ['check']), (-1, ['check']), (5, ['fly']), (5, [])])
    def test_what_cannot_be_planned_is_refused(self, minutes, phases):
        with pytest.raises(ValueError, match='-1|0|fly|none'):
            Plan.of(minutes, phases)


class TestResults:
    def test_both_files_are_whole_after_each_row(self, tmp_path):
        made = results.Results(tmp_path / 'out', tmp_path / 'work')
        made.describe(device='a | b')
        made.put('check', 'ESPCNNet', 'running')
        made.put('check', 'ESPCNNet', 'ok', {'float32': 1.25e-7, 'tile': 12})
        made.put('check', 'DUFNet', 'failed', note='a\nb')
        text = (tmp_path / 'out' / 'results.md').read_text()
        assert '| ESPCNNet | ok | 1.25e-07 | 12 |  |' in text and '| DUFNet | failed |  |  | a b |' in text
        content = json.loads((tmp_path / 'out' / 'results.json').read_text())
        assert [row['state'] for row in content['rows']] == ['ok', 'failed']
        # A later call with an empty output folder knows what was done.
        again = results.Results(tmp_path / 'other', tmp_path / 'work')
        assert again.find('check', 'ESPCNNet').values['tile'] == 12 and again.machine == {'device': 'a | b'}

    def test_rows_of_a_process_that_is_gone_get_a_state_and_keep_their_values(self, tmp_path):
        made = results.Results(tmp_path)
        made.put('train', 'a', 'running', {'iterations': 7})
        made.put('check', 'b', 'running')
        assert [row.name for row in made.end_running('train', 'stopped', 'too late')] == ['a']
        assert made.find('train', 'a') == results.Row('train', 'a', 'stopped', {'iterations': 7}, 'too late')
        assert made.find('check', 'b').state == 'running'

    def test_the_output_folder_stays_within_its_limits(self, tmp_path, monkeypatch):
        for number in range(8):
            (tmp_path / f'file_{number}.json').touch()
        assert results.faults_of_output(tmp_path) == []
        monkeypatch.setattr(results, 'MAX_BYTES', 3)
        (tmp_path / 'file_0.json').write_text('four')
        (tmp_path / 'with space').touch()
        (tmp_path / 'folder').mkdir()
        (tmp_path / 'folder' / 'file').touch()
        faults = ' '.join(results.faults_of_output(tmp_path))
        assert all(part in faults for part in ('10 files', 'file_0.json', "'with space'", 'folder/file'))


class TestHandedOver:
    def test_archives_and_folders_come_together(self, tmp_path):
        (tmp_path / 'a' / 'clip').mkdir(parents=True)
        (tmp_path / 'a' / 'clip' / '0.png').write_bytes(b'0')
        with tarfile.open(tmp_path / 'b.tar.gz', 'w:gz') as archive:
            archive.add(tmp_path / 'a' / 'clip' / '0.png', 'other/0.png')
        with zipfile.ZipFile(tmp_path / 'c.zip', 'w') as archive:
            archive.writestr('1.png', b'1')
        sources = [tmp_path / 'a', tmp_path / 'b.tar.gz', tmp_path / 'c.zip', tmp_path / 'a' / 'clip' / '0.png']
        target = tmp_path / 'all'
        handed_over.gather(sources[:2], target)
        handed_over.gather(sources, target)
        found = sorted(path.relative_to(target).as_posix() for path in target.rglob('*') if path.is_file())
        assert found == ['0.png', 'a/clip/0.png', 'b/other/0.png', 'c/1.png']

    def test_what_is_missing_or_damaged_is_named(self, tmp_path):
        with pytest.raises(FileNotFoundError, match='nothing'):
            handed_over.gather([tmp_path / 'nothing'], tmp_path / 'all')
        (tmp_path / 'bad.zip').write_bytes(b'PK')
        with pytest.raises(ValueError, match=r'bad\.zip'):
            handed_over.gather([tmp_path / 'bad.zip'], tmp_path / 'all')
        assert not (tmp_path / 'all' / 'bad').exists()

    def test_wheels_are_installed_without_a_network(self, tmp_path):
        wheel = tmp_path / 'wheels' / 'tiny_part-1.0-py3-none-any.whl'
        wheel.parent.mkdir()
        with zipfile.ZipFile(wheel, 'w') as archive:
            archive.writestr('tiny_part.py', 'VALUE = 1\n')
            archive.writestr(
                'tiny_part-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\nName: tiny-part\nVersion: 1.0\n'
            )
            archive.writestr(
                'tiny_part-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n'
            )
            archive.writestr('tiny_part-1.0.dist-info/RECORD', '')
        assert handed_over.install_wheels([wheel.parent], tmp_path / 'site') == ['tiny-part 1.0']
        assert (tmp_path / 'site' / 'tiny_part.py').is_file()
        with pytest.raises(ValueError, match='no wheels'):
            handed_over.install_wheels([tmp_path / 'site'], tmp_path / 'site')


@pytest.fixture
def task(tmp_path):
    return work.Work(results.Results(tmp_path), CPU, time.time() + 60, tmp_path)


class TestWork:
    def state(self, task):
        return {row.name: (row.state, row.note) for row in task.results.rows}

    def test_an_item_that_fails_does_not_keep_the_next_from_its_work(self, task):
        def fail():
            raise RuntimeError('no such kernel')

        def differ():
            raise work.DiffersError({'float32': 0.5}, 'far off')

        task.item('check', 'a', fail)
        task.item('check', 'b', differ)
        task.item('check', 'c', lambda: {'float32': 0.0, 'note': 'said'})
        assert self.state(task)['a'] == ('failed', 'RuntimeError: no such kernel')
        assert self.state(task)['b'] == ('differs', 'far off')
        assert task.results.find('check', 'b').values['float32'] == 0.5
        assert self.state(task)['c'] == ('ok', 'said')
        task.item('check', 'a', lambda: {})
        assert self.state(task)['a'][0] == 'failed', 'it was tried again'

    @pytest.mark.skipif(not hasattr(__import__('signal'), 'setitimer'), reason='no timers')
    def test_an_item_ends_with_its_time(self, task):
        task.item('check', 'a', lambda: time.sleep(20), limit=0.1)
        assert self.state(task)['a'][0] == 'stopped'
        task.until = time.time()
        task.item('check', 'b', lambda: {})
        assert self.state(task)['b'][0] == 'skipped'


def test_a_process_that_dies_or_hangs_is_followed_by_another(tmp_path, monkeypatch):
    """The second item kills the process, and the second phase does not end."""
    program = tmp_path / 'phases.py'
    program.write_text(f"""
import json, os, sys, time
sys.path.append({str(ROOT / 'tools')!r})
from rented_gpu.results import Results, write_atomically
from pathlib import Path
out, kept, *phases = sys.argv[1:]
made = Results(Path(out), Path(kept))
for phase in phases:
    write_atomically(Path(kept) / 'state.json', json.dumps([phase, time.time() + (2 if phase == 'time' else 60)]))
    for name in 'abc':
        if made.find(phase, name):
            continue
        made.put(phase, name, 'running')
        if (phase, name) == ('check', 'b'):
            os.kill(os.getpid(), 9)
        if (phase, name) == ('time', 'b'):
            time.sleep(60)
        made.put(phase, name, 'ok')
""")
    run = command._run_in_time

    def run_program(state, end, arguments, environment, log):
        phases = arguments[arguments.index('--phases') + 1 :]
        return run(
            state, end, [sys.executable, str(program), str(tmp_path / 'out'), str(tmp_path), *phases], environment, log
        )

    monkeypatch.setattr(command, '_run_in_time', run_program)
    monkeypatch.setattr(command, 'GRACE', 0.0)
    made = results.Results(tmp_path / 'out', tmp_path)
    made.write()
    with open(tmp_path / 'log', 'ab') as log:
        command._supervise(Plan.of(1, ['check', 'time', 'train']), [], dict(os.environ), made, log)
    rows = {f'{row.phase} {row.name}': row.state for row in results.Results(tmp_path / 'out', tmp_path).rows}
    assert rows == {
        **{'check a': 'ok', 'check b': 'crashed', 'check c': 'ok'},
        **{'time a': 'ok', 'time b': 'stopped'},
        **{'train a': 'ok', 'train b': 'ok', 'train c': 'ok'},
    }


class TestPhases:
    def test_a_network_is_checked(self, monkeypatch):
        from rented_gpu import checks

        values = checks.check_network('ESPCNNet', CPU)
        assert values['float32'] == 0 and 0 < values['bfloat16'] < 0.01 and 'gradients' not in values
        monkeypatch.setitem(checks.TOLERANCES, 'bfloat16', 1e-6)
        with pytest.raises(work.DiffersError, match='bfloat16'):
            checks.check_network('ESPCNNet', CPU)

    def test_deformable_networks_are_checked_with_their_gradients(self):
        from rented_gpu import checks

        assert checks.check_network('EDVRNet', CPU)['gradients'] == 0

    def test_deformable_convolution_and_its_gradients(self):
        from rented_gpu import checks

        values = checks.check_deformable(CPU)
        assert set(values) == {'float32', 'd x', 'd offset', 'd mask', 'd weight'} and max(values.values()) < 1e-5

    def test_every_network_of_the_registry_is_checked(self, tmp_path, monkeypatch):
        from mmagic.registry import MODELS
        from rented_gpu import checks

        from vsr_plugins.models import networks
        from vsr_plugins.models.input_spec import UPSTREAM

        seen = []
        monkeypatch.setattr(work.Work, 'item', lambda self, phase, name, *rest, **options: seen.append(name))
        checks.run(work.Work(results.Results(tmp_path), CPU, time.time() + 60, tmp_path))
        assert {*networks.__all__, *UPSTREAM} < set(seen)
        # What this package has registered and is called a network, however it is listed.
        MODELS.get('ESPCNNet')
        ours = {
            name for name, kind in MODELS.module_dict.items() if kind.__module__.startswith('vsr_plugins.models.net')
        }
        assert ours <= set(seen)

    def test_a_tensor_that_is_not_finite_differs_by_infinity(self):
        from rented_gpu import checks

        one, nan = torch.ones(2), torch.tensor([1.0, torch.nan])
        assert checks.difference(nan, one) == float('inf') and checks.difference(one[:1], one) == float('inf')
        assert checks.difference(torch.tensor([1.0, 2.0]), one) == pytest.approx(0.5**0.5)

    def test_the_way_to_train_is_the_one_with_the_most_steps(self, tmp_path):
        from rented_gpu import timings

        made = results.Results(tmp_path)
        assert timings.choose_way(made, 'c.py', 400)[0] == 'as it is'
        for way, values in {
            'as it is': {'ms a step': 100.0},
            'compiled': {'ms a step': 80.0, 'compiling, s': 40.0},
        }.items():
            made.put('time', timings.step_name('c.py', way), 'ok', values)
        # 4000 steps against (400 - 1.25 * 40) / 0.08 = 4375; and 1000 against 625.
        assert timings.choose_way(made, 'c.py', 400)[0] == 'compiled'
        assert timings.choose_way(made, 'c.py', 100)[0] == 'as it is'

    def test_what_is_not_finite_in_bfloat16_goes_on_in_float32(self, task, monkeypatch):
        from rented_gpu import training

        options = []

        def once(work, what):
            options.append(list(what.options))
            if len(options) == 1:
                raise FloatingPointError('the loss is NaN at iteration 9')
            return {'changes': 'resumed'}

        monkeypatch.setattr(training, '_train', once)
        what = training.Training('zooming-slow-mo_c32b5-10_1xb16-20k_patches', ['train_cfg.val_interval=5'])
        values = training.train(task, what)
        assert options == [what.options, [*what.options, 'optim_wrapper.type=OptimWrapper']]
        assert 'float32 from the last checkpoint' in values['changes'] and 'resumed' in values['changes']
        options.clear()
        with pytest.raises(FloatingPointError, match='iteration 9'):
            training.train(task, training.Training('basicvsr_c32b10_1xb8-10k_patches'))

    def test_weights_that_are_too_large_stay_in_the_work_folder(self, tmp_path, monkeypatch):
        from rented_gpu import training

        from vsr_plugins.checkpoints.weight_files import read_weights

        (tmp_path / 'out').mkdir()
        weights = {'a': torch.rand(100), 'count': torch.tensor(3)}
        target = tmp_path / 'out' / 'weights_last.safetensors'
        assert training.export_half(weights, target, tmp_path, 'iter_5') == {'weights_last': 'iter_5'}
        read = read_weights(target)
        assert read['a'].dtype == torch.float16 and read['count'] == 3
        torch.testing.assert_close(read['a'].float(), weights['a'], atol=5e-4, rtol=0)
        monkeypatch.setattr(training, 'MAX_BYTES', 100)
        target.unlink()
        assert 'too large' in training.export_half(weights, target, tmp_path, 'iter_5')['weights_last']
        assert not target.exists() and (tmp_path / 'weights_last.safetensors').is_file()


def write_clips(folder, names, frames=4, size=(264, 264)):
    import cv2

    from vsr_plugins.models.reduced import moving_frames

    for seed, name in enumerate(names):
        (folder / name).mkdir(parents=True)
        for number, frame in enumerate(moving_frames(frames, *size, seed)):
            cv2.imwrite(str(folder / name / f'{number}.png'), (frame.permute(1, 2, 0).numpy() * 255).astype('uint8'))


@pytest.mark.slow
def test_the_whole_of_it_in_small(tmp_path):
    """From an empty folder to the last line: a bank is made, a reduced BasicVSR trained, its weights are loadable."""
    from vsr_plugins.checkpoints.weight_files import read_weights

    write_clips(tmp_path / 'clips', ['street_0', 'street_1', 'garden_0'])
    with zipfile.ZipFile(tmp_path / 'clips.zip', 'w') as archive:
        for file in (tmp_path / 'clips').rglob('*.png'):
            archive.write(file, file.relative_to(tmp_path))
    out = tmp_path / 'out'
    command = [sys.executable, ROOT / 'tools' / 'rented_gpu', '--device', 'cpu', '--minutes', '4', '--out', out]
    options = ['--work', tmp_path / 'work', '--data', tmp_path / 'clips.zip', '--phases', 'data', 'train']
    config = ['--config', 'basicvsr_c32b10_1xb8-10k_patches']
    done = subprocess.run([*map(str, command + options + config)], capture_output=True, text=True, cwd=tmp_path)
    assert 'done in' in done.stdout.splitlines()[-1], done.stdout + done.stderr
    assert results.faults_of_output(out) == []
    content = json.loads((out / 'results.json').read_text())
    rows = {row['phase']: row for row in content['rows']}
    # On a busy machine the last iteration may not end in time; what was made is there all the same.
    assert rows['train']['state'] in ('ok', 'stopped') and rows['train']['values']['iterations'] > 0, done.stdout
    assert 'clips/PSNR' in rows['train']['values']
    for name in ('weights_last', 'weights_best'):
        assert all(value.isfinite().all() for value in read_weights(out / f'{name}.safetensors').values())
