"""The package registers itself whatever is imported first, and importing it alone changes and imports nothing."""

import subprocess
import sys

import pytest


def python(code):
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_the_package_imports_no_heavy_module_and_leaves_the_process_alone():
    code = (
        'import sys, warnings, signal, logging, threading\n'
        'filters, handlers = list(warnings.filters), list(logging.root.handlers)\n'
        'import vsr_plugins, vsr_plugins.cli\n'
        "heavy = ('torch', 'numpy', 'cv2', 'mmengine', 'mmcv', 'mmagic', 'av', 'rich', 'scipy')\n"
        'print([name for name in heavy if name in sys.modules], warnings.filters == filters,\n'
        '      logging.root.handlers == handlers, threading.active_count())'
    )
    assert python(code) == '[] True True 1'


ORDERS = {
    'plugin first': 'import vsr_plugins\nfrom mmagic import registry',
    'registry first': 'from mmagic import registry\nimport vsr_plugins',
    'plugin twice': 'import vsr_plugins\nfrom mmagic import registry\nimport importlib\nimportlib.reload(vsr_plugins)',
}


@pytest.mark.parametrize('order', ORDERS.values(), ids=list(ORDERS))
def test_registries_know_the_package_in_any_order(order):
    code = (
        f'{order}\n'
        'import vsr_plugins.registration as own\n'
        'print({name: [getattr(registry, name)._locations.count(m) for m in modules]\n'
        '       for name, modules in own.MODULES.items()})'
    )
    counts = eval(python(code))
    assert counts and all(set(count) == {1} for count in counts.values())


@pytest.mark.parametrize('order', ORDERS.values(), ids=list(ORDERS))
def test_patches_are_applied_in_any_order(order):
    code = (
        f'{order}\n'
        'from mmengine.runner import Runner\n'
        'from mmengine.runner.checkpoint import CheckpointLoader\n'
        'from mmengine.config import config\n'
        "print(hasattr(Runner.load_checkpoint, '__wrapped__'), 'pretrained:' in CheckpointLoader._schemes,\n"
        "      hasattr(config.FormatCode, 'cache_info'))"
    )
    assert python(code) == 'True True True'


@pytest.mark.parametrize('patch', ['config_text', 'partial_loading', 'bounded_tests'])
def test_a_patch_that_is_imported_before_upstream_is_applied_once(patch):
    code = (
        f'import vsr_plugins.compat.{patch}\n'
        'from mmagic.engine.runner import multi_loops\n'
        'from mmengine.runner import Runner\n'
        'from mmengine.config import config\n'
        'patched = (Runner.load_checkpoint, multi_loops.MultiTestLoop.__init__)\n'
        "print([hasattr(one, '__wrapped__') and not hasattr(one.__wrapped__, '__wrapped__') for one in patched],\n"
        "      hasattr(config.FormatCode, 'cache_info'))"
    )
    assert python(code) == '[True, True] True'


@pytest.mark.slow
@pytest.mark.parametrize(
    'order',
    [
        'import vsr_plugins\nfrom mmagic.registry import MODELS, DATASETS, TRANSFORMS, HOOKS',
        "from mmagic.registry import MODELS, DATASETS, TRANSFORMS, HOOKS\nMODELS.get('SRCNNNet')\nimport vsr_plugins",
        'import mmagic.models\nimport vsr_plugins\nfrom mmagic.registry import MODELS, DATASETS, TRANSFORMS, HOOKS',
    ],
)
def test_names_are_found_in_any_order(order):
    code = (
        f'{order}\n'
        "kinds = ('ESPCNNet', 'RobustVSR', 'LumaLoss', 'BasicVSRNet')\n"
        "names = [MODELS.get(kind).__module__.split('.')[0] for kind in kinds]\n"
        "names += [DATASETS.get('ClipFramesDataset').__name__, TRANSFORMS.get('DegradeFrames').__name__,\n"
        "          HOOKS.get('LoadPartsHook').__name__]\n"
        'print(*names)'
    )
    expected = 'vsr_plugins vsr_plugins vsr_plugins mmagic ClipFramesDataset DegradeFrames LoadPartsHook'
    assert python(code).splitlines()[-1] == expected
