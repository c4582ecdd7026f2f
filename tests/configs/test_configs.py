"""Tests of every config file, found by glob."""

import ast
import gc
import math
from pathlib import Path

import mmengine.config.config
import pytest
import torch
from mmagic.registry import MODELS
from mmagic.utils import register_all_modules
from mmengine.config import Config
from mmengine.optim import OptimWrapperDict
from mmengine.runner import Runner
from reduced import CONFIGS, FILES, NAMES, as_list, leaves, reduced, write_data

import vsr_plugins  # noqa: F401
from vsr_plugins.engine import LoadPartsHook
from vsr_plugins.engine.load_parts import load_part
from vsr_plugins.pretrained import checkpoint_weights, entry_of

UPSTREAM = ('srcnn', 'msrresnet', 'srgan', 'esrgan', 'edvrm', 'edvrl', 'tdan', 'basicvsr', 'iconvsr', 'basicvsr-pp')
SPYNET, VGG = 'spynet_20210409-c6c1bd09.pth', 'vgg19-dcbb9e9d.pth'
# Networks, models and loops of the trainings that this process has resumed.
RESUMED = set()
every_config = pytest.mark.parametrize('path', FILES, ids=NAMES)


def values(node):
    """Yield all strings in a config."""
    if isinstance(node, dict):
        for value in node.values():
            yield from values(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from values(value)
    elif isinstance(node, str):
        yield node


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    yield write_data(tmp_path_factory.mktemp('data'))
    gc.unfreeze()


@pytest.fixture
def plain_texts(monkeypatch):
    """Leave out what costs seconds and changes no training: configs laid out by yapf, searches of all objects."""
    gc.freeze()
    monkeypatch.setattr(mmengine.config.config, 'FormatCode', lambda text, **options: (text, True))


@pytest.fixture
def environment(monkeypatch, data, tmp_path):
    monkeypatch.setenv('VSR_DATA_ROOT', str(data))
    monkeypatch.setenv('VSR_WEIGHTS_ROOT', str(tmp_path / 'weights'))
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'torch'))


def test_the_baselines_of_upstream_exist():
    stems = {path.stem for path in FILES}
    for name in UPSTREAM:
        assert any(stem.startswith(f'{name}_') for stem in stems), name


@every_config
def test_a_config_leaves_its_names_to_its_file(path, environment):
    """Otherwise a config that inherits from it trains into its work directory, under its name."""
    config = Config.fromfile(path)
    assert config.get('experiment_name') is None and config.get('work_dir') is None


EDITS_OF_LISTS = frozenset({'insert', 'pop', 'remove', 'reverse', 'sort'})


def edits_by_position(source):
    """Return the lines that take or change an item of a list by its position."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Subscript):
            index = node.slice.operand if isinstance(node.slice, ast.UnaryOp) else node.slice
            if isinstance(index, ast.Slice) or (isinstance(index, ast.Constant) and isinstance(index.value, int)):
                yield node.lineno
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in EDITS_OF_LISTS:
            yield node.lineno


@pytest.mark.parametrize('path', sorted(CONFIGS.rglob('*.py')), ids=lambda path: path.relative_to(CONFIGS).as_posix())
def test_nothing_in_a_config_is_edited_by_its_position(path):
    assert list(edits_by_position(path.read_text(encoding='utf-8'))) == []


@pytest.mark.parametrize('path', sorted(CONFIGS.rglob('*.py')), ids=lambda path: path.relative_to(CONFIGS).as_posix())
def test_a_config_imports_nothing(path):
    """So it cannot depend on the disk or the time, and is the same on every machine."""
    tree = ast.walk(ast.parse(path.read_text(encoding='utf-8')))
    assert not [node.lineno for node in tree if isinstance(node, ast.Import | ast.ImportFrom)]


@pytest.mark.parametrize(
    ('source', 'lines'),
    [
        ("a = _base_.a\na.pipeline[2].update(kind='BD')", [2]),
        ('a = _base_.steps[-1]', [1]),
        ('a = _base_.steps[1:]', [1]),
        ("a['dataset']['pipeline'].insert(0, step)", [1]),
        ("model['generator']['init_cfg'] = dict(_base_.weights, a=1)", []),
    ],
)
def test_an_edit_by_position_is_found(source, lines):
    assert list(edits_by_position(source)) == lines


@every_config
def test_a_config_downloads_nothing(path, environment):
    """Upstream's own runtime blocks, which no config of ours uses, are exempt."""
    config = Config.fromfile(path)
    parts = [config.model, config.get('load_from'), config.get('train_dataloader'), config.test_dataloader]
    for value in values(parts):
        assert not value.startswith(('http', 'torchvision://', 'open-mmlab://', 'modelzoo://', 'mmcls://')), value


@every_config
def test_settings_of_a_config(path, environment):
    """The plugin is imported, training resumes by position, the best checkpoint is selected on held-out clips."""
    config = Config.fromfile(path)
    assert config.custom_imports['imports'] == ['vsr_plugins']
    if config.get('train_dataloader'):
        assert config.train_cfg.type == 'ResumableIterBasedTrainLoop'
        assert config.default_hooks.checkpoint.save_best in ('clips/PSNR', 'PhotoMotion/PSNR')
        assert config.default_hooks.checkpoint.out_dir is None
    for evaluator in as_list(config.test_evaluator):
        assert evaluator.metrics[0].type == 'VSRMetric'


@every_config
def test_a_config_does_not_depend_on_installed_weights(path, environment, tmp_path, monkeypatch):
    """Only the folder of the variable is in it."""
    files = Config.fromfile(CONFIGS / '_base_' / 'weights.py').weights.values()
    found = []
    for root in (tmp_path / 'empty', tmp_path / 'full'):
        monkeypatch.setenv('VSR_WEIGHTS_ROOT', str(root))
        monkeypatch.setenv('TORCH_HOME', str(root))
        if root.name == 'full':
            for name in [Path(file).name for file in files] + [SPYNET, f'hub/checkpoints/{VGG}']:
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).touch()
        found.append(with_root(Config.fromfile(path).to_dict(), str(root)))
    assert found[0] == found[1]


def with_root(node, root):
    """Replace a folder by ROOT in every string."""
    if isinstance(node, dict):
        return {key: with_root(value, root) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [with_root(value, root) for value in node]
    return node.replace(root, 'ROOT') if isinstance(node, str) else node


@every_config
def test_a_model_is_built_without_the_initial_weights_of_its_training(path, environment):
    register_all_modules()
    assert MODELS.build(reduced(path, Path('work'), 1).model) is not None


def test_targets_of_loaded_parts_exist(environment):
    """Otherwise only a training with the files would detect a wrong target."""
    register_all_modules()
    for path in FILES:
        config = Config.fromfile(path)
        hooks = [hook for hook in config.get('custom_hooks') or () if hook.type == 'LoadPartsHook']
        parts = [part for hook in hooks for part in hook.parts if part.get('unless_loaded')]
        if parts:
            names = [f'generator.{name}' for name in MODELS.build(config.model.generator).state_dict()]
            for part in parts:
                target = part.get('target', part.get('source', ''))
                assert any(name.startswith(target) for name in names), (path.stem, target)


@pytest.mark.parametrize('path', [path for path in FILES if 'pretrained:' in path.read_text()], ids=lambda p: p.stem)
def test_weights_of_this_package_that_a_training_starts_from_fit(path):
    register_all_modules()
    config = Config.fromfile(path)
    for part in [part for hook in config.custom_hooks for part in hook.get('parts', ())]:
        options = {key: value for key, value in part.items() if key in LoadPartsHook.LOADING}
        for name in as_list(part.checkpoint):
            if name.startswith('pretrained:') and entry_of(name).trained_here:
                assert load_part(MODELS.build(config.model), checkpoint_weights(name), **options)


@every_config
def test_a_reduced_training_ends_by_iterations_and_its_samples_are_of_one_length(path, environment):
    """Otherwise the slow test below runs for the minutes of the recipe, or fails by the luck of the sampler."""
    config = reduced(path, Path('work'), iterations=2)
    if config.get('train_dataloader'):
        assert 'max_minutes' not in config.train_cfg
        parts = list(leaves(config.train_dataloader.dataset))
        assert len({part.get('num_input_frames') or part.get('num_frames', 1) for part in parts}) == 1


@pytest.mark.slow
@every_config
def test_a_config_trains_measures_saves_and_resumes(path, environment, plain_texts, tmp_path):
    work_dir = tmp_path / 'work'
    config = reduced(path, work_dir, iterations=2)
    if config.get('train_dataloader'):
        runner = Runner.from_cfg(config)
        before = [parameter.detach().clone() for parameter in runner.model.parameters()]
        runner.train()
        assert any(not torch.equal(a, b) for a, b in zip(before, runner.model.parameters(), strict=True))
        assert list(work_dir.glob('best_*.pth'))
        assert config.get('find_unused_parameters') or not unused(runner.optim_wrapper)

        # Recipes that differ in data and length resume alike.
        parts = (config.model.type, config.train_cfg.type, str(network_types(config.model)))
        if parts not in RESUMED:
            RESUMED.add(parts)
            config = reduced(path, work_dir, iterations=3)
            config.resume = True
            runner = Runner.from_cfg(config)
            runner.train()
            assert runner.iter == 3 and (work_dir / 'iter_3.pth').is_file()
    else:
        config.load_from = 'none'
        runner = Runner.from_cfg(config)
    results = runner.test() if config.test_cfg.type == 'TestLoop' else run_tests(runner)
    assert results
    for name, value in results.items():
        assert math.isfinite(value), name


def unused(wrapper):
    """Parameters that no step has used, which several processes must be told of."""
    wrappers = wrapper.values() if isinstance(wrapper, OptimWrapperDict) else [wrapper]
    return [
        tuple(parameter.shape)
        for one in wrappers
        for group in one.param_groups
        for parameter in group['params']
        if parameter.requires_grad and parameter not in one.optimizer.state
    ]


def network_types(node):
    """The types in the config of a model, in order."""
    if isinstance(node, dict):
        return [value for key, part in node.items() for value in ([part] if key == 'type' else network_types(part))]
    return [value for part in node for value in network_types(part)] if isinstance(node, list | tuple) else []


def run_tests(runner):
    """Run the test loop and return its results, which mmagic passes to hooks only."""
    results = {}
    runner.call_hook, call = (
        (lambda name, **kwargs: (results.update(kwargs.get('metrics') or {}), call(name, **kwargs))[1]),
        runner.call_hook,
    )
    runner.test()
    return results


@every_config
def test_low_resolution_with_an_asymmetric_grid_is_not_flipped(path, environment):
    """DUF's BD is centred on the first pixel of each block; flipped afterwards it would be three pixels off."""
    config = Config.fromfile(path)
    for dataset in datasets(config.get('train_dataloader')):
        made, turned = False, False
        for step in dataset.get('pipeline', []):
            made |= step['type'] == 'DegradeFrames' and step.get('kind') == 'BD' and step.get('bd', 'duf') == 'duf'
            turned |= made and step['type'] in ('Flip', 'RandomTransposeHW') and 'img' in step['keys']
        assert not turned


def datasets(node):
    """Yield all data sets in the config of a dataloader, including nested ones."""
    if isinstance(node, list | tuple):
        for value in node:
            yield from datasets(value)
    elif isinstance(node, dict):
        if 'pipeline' in node:
            yield node
        for value in node.values():
            yield from datasets(value)
