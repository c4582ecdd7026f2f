import copy
import io
import pickle
import subprocess
import sys
from importlib.machinery import PathFinder

import mmcv._ext
import pytest
import torch
import torch.nn.functional as F
from mmcv.ops import (
    DeformConv2d,
    DeformConv2dPack,
    ModulatedDeformConv2d,
    ModulatedDeformConv2dPack,
    deform_conv2d,
    modulated_deform_conv2d,
)

import vsr_plugins_startup as finder
from vsr_plugins.models.blocks.deform import deform_backend

pytestmark = pytest.mark.skipif(not hasattr(mmcv._ext, 'STAND_IN'), reason='mmcv has compiled operators')


def python(*code, path=''):
    """Run lines in a fresh interpreter and return what they print."""
    command = [sys.executable, '-c', '\n'.join((f'import sys; sys.path[:0] = {[str(path)] if path else []}', *code))]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def leaves(**shapes):
    torch.manual_seed(0)
    return {name: torch.randn(*shape).requires_grad_() for name, shape in shapes.items()}


def test_mmcv_ops_are_importable_without_this_package():
    code = "import sys, mmcv.ops; print('vsr_plugins' in sys.modules, mmcv.ops.deform_conv.ext_module.STAND_IN)"
    assert python(code) == 'False True'


def test_every_model_of_mmagic_registers():
    # In version 1.2.0 there are 411; any of them that needs an operator at import would be missing.
    code = 'from mmagic.registry import MODELS; import mmagic.apis; MODELS.import_from_location(); print(len(MODELS))'
    assert int(python(code).splitlines()[-1]) >= 400


def test_another_operator_is_named_when_it_is_called_and_not_before():
    from mmcv.ops import RoIAlign, nms

    boxes, scores = torch.tensor([[0.0, 0, 2, 2]]), torch.tensor([0.5])
    with pytest.raises(NotImplementedError, match=r'^nms .*mmcv.*README'):
        nms(boxes, scores, 0.5)
    align = RoIAlign(2)
    with pytest.raises(NotImplementedError, match='^roi_align_forward'):
        align(torch.rand(1, 1, 4, 4), torch.tensor([[0.0, 0, 0, 2, 2]]))


def test_the_module_has_no_other_dunder_names():
    assert not hasattr(mmcv._ext, '__wrapped__') and not hasattr(mmcv._ext, '__path__')
    assert mmcv._ext.__spec__.name == 'mmcv._ext'
    with pytest.raises(AttributeError, match="'mmcv._ext' .*'__iter__'"):
        mmcv._ext.__iter__  # noqa: B018


def test_version_1_is_a_convolution_where_offsets_are_zero():
    tensors = leaves(x=(4, 4, 8, 9), weight=(6, 2, 3, 3))
    offset = torch.zeros(4, 2 * 2 * 9, 4, 5)
    output = deform_conv2d(tensors['x'], offset, tensors['weight'], 2, 1, 1, 2, 2)
    expected = F.conv2d(tensors['x'], tensors['weight'], None, 2, 1, 1, 2)
    torch.testing.assert_close(output, expected, atol=1e-4, rtol=1e-4)
    grad_output = torch.randn_like(output)
    torch.testing.assert_close(
        torch.autograd.grad(output, list(tensors.values()), grad_output),
        torch.autograd.grad(expected, list(tensors.values()), grad_output),
        atol=1e-4,
        rtol=1e-4,
    )


def test_the_number_of_images_unfolded_at_once_does_not_matter():
    x, offset, weight = torch.randn(4, 4, 5, 6), torch.randn(4, 18, 5, 6), torch.randn(2, 4, 3, 3)
    results = [deform_conv2d(x, offset, weight, 1, 1, 1, 1, 1, False, step) for step in (1, 2, 32)]
    assert torch.equal(results[0], results[1]) and torch.equal(results[0], results[2])
    with pytest.raises(AssertionError, match='im2col_step'):
        deform_conv2d(x, offset, weight, 1, 1, 1, 1, 1, False, 3)


def test_version_1_pads_an_input_smaller_than_its_kernel():
    layer = DeformConv2d(2, 3, 5, padding=2)
    x, offset = torch.randn(1, 2, 3, 4), torch.zeros(1, 50, 3, 4)
    torch.testing.assert_close(layer(x, offset), F.conv2d(x, layer.weight, padding=2), atol=1e-5, rtol=1e-4)


def test_gradients_are_accumulated():
    x, offset, weight = torch.randn(1, 2, 4, 4), torch.randn(1, 2, 4, 4), torch.randn(2, 2, 1, 1)
    sizes = dict(kW=1, kH=1, dW=1, dH=1, padW=0, padH=0, dilationW=1, dilationH=1, group=1, deformable_group=1)
    once, twice = torch.zeros_like(weight), torch.ones_like(weight)
    empty, grad_output = x.new_empty(0), torch.randn(1, 2, 4, 4)
    for total, scale in ((once, 1), (twice, 2)):
        mmcv._ext.deform_conv_backward_parameters(
            x, offset, grad_output, total, empty, empty, **sizes, scale=scale, im2col_step=1
        )
    torch.testing.assert_close(twice, 1 + 2 * once)
    assert once.any()


@pytest.mark.parametrize('layer', [DeformConv2dPack, ModulatedDeformConv2dPack])
def test_packs_train_copy_and_reload(layer):
    torch.manual_seed(0)
    pack = layer(8, 6, 3, padding=1, groups=2, deform_groups=4)
    x = torch.randn(2, 8, 7, 9)
    # Offsets start at zero and masks at one half.
    expected = F.conv2d(x, pack.weight, getattr(pack, 'bias', None), padding=1, groups=2)
    factor = 0.5 if layer is ModulatedDeformConv2dPack else 1
    torch.testing.assert_close(pack(x), factor * expected, atol=1e-4, rtol=1e-4)
    pack(x).square().sum().backward()
    assert all(parameter.grad.any() for parameter in pack.parameters())

    torch.nn.init.normal_(pack.conv_offset.weight, std=0.1)
    buffer = io.BytesIO()
    torch.save(pack.state_dict(), buffer)
    buffer.seek(0)
    fresh = layer(8, 6, 3, padding=1, groups=2, deform_groups=4)
    fresh.load_state_dict(torch.load(buffer))
    for other in (copy.deepcopy(pack), pickle.loads(pickle.dumps(pack)), fresh):
        assert torch.equal(other(x), pack(x))


@pytest.mark.parametrize('layer', [DeformConv2dPack, ModulatedDeformConv2dPack])
def test_gradients_reach_the_offsets_of_a_zero_initialised_pack(layer):
    # Compare with torchvision's kernel in the interior: at the border they treat a sample at exactly -1 differently.
    grads = []
    for backend in ('torchvision', 'grid_sample'):
        torch.manual_seed(0)
        pack, x = layer(4, 4, 3, padding=0, deform_groups=2), torch.randn(1, 4, 9, 11)
        with deform_backend(backend):
            pack(x).square().sum().backward()
        grads.append([parameter.grad for parameter in pack.parameters()])
    torch.testing.assert_close(grads[1], grads[0], atol=1e-3, rtol=1e-3)


def test_float32_inside_under_autocast():
    layer = ModulatedDeformConv2d(4, 4, 3, padding=1)
    tensors = leaves(x=(1, 4, 6, 6), offset=(1, 18, 6, 6), mask=(1, 9, 6, 6))
    exact = layer(*tensors.values())
    with torch.autocast('cpu', torch.bfloat16):
        same = layer(*tensors.values())
        # mmcv rounds everything to the dtype of the offsets, which is bfloat16 from a convolution under autocast.
        rounded = layer(*(tensor.bfloat16() for tensor in tensors.values()))
        rounded.sum().backward()
    assert torch.equal(same, exact)
    with torch.no_grad():
        inputs = [tensor.bfloat16().float() for tensor in tensors.values()]
        weight = layer.weight.bfloat16().float()
        expected = modulated_deform_conv2d(*inputs, weight, layer.bias, 1, 1, 1, 1, 1)
    assert rounded.dtype == torch.bfloat16 and torch.equal(rounded, expected.bfloat16())
    assert tensors['offset'].grad.any() and layer.weight.grad.dtype == torch.float32


@pytest.mark.parametrize(
    ('config', 'size'),
    [
        (dict(type='EDVRNet', in_channels=3, out_channels=3, mid_channels=8, deform_groups=2), (16, 20)),
        (
            dict(type='TDANNet', in_channels=3, mid_channels=8, num_blocks_before_align=1, num_blocks_after_align=1),
            None,
        ),
        (dict(type='BasicVSRPlusPlusNet', mid_channels=8, num_blocks=1, spynet_pretrained=None), (64, 64)),
    ],
    ids=lambda value: value['type'] if isinstance(value, dict) else '',
)
def test_upstream_networks_train(config, size):
    from mmagic.registry import MODELS
    from mmengine.registry import init_default_scope

    init_default_scope('mmagic')
    torch.manual_seed(0)
    net = MODELS.build(config)
    output = net(torch.rand(1, 5, 3, *(size or (12, 14))))
    outputs = output if isinstance(output, tuple) else (output,)
    sum(part.square().mean() for part in outputs).backward()
    offsets = [parameter for name, parameter in net.named_parameters() if 'conv_offset' in name]
    assert offsets and all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in offsets)
    assert all(part.isfinite().all() for part in outputs)


def test_the_finder_finds_one_name_and_comes_last():
    assert finder.MMCVExtFinder.find_spec('mmcv._ext').origin == str(finder.STAND_IN)
    assert finder.MMCVExtFinder.find_spec('mmcv.ops') is None and finder.MMCVExtFinder.find_spec('_ext') is None
    own = sys.meta_path.index(finder.MMCVExtFinder)
    assert own > sys.meta_path.index(PathFinder)
    finder.install()
    assert sys.meta_path.count(finder.MMCVExtFinder) == 1


def test_compiled_operators_are_not_hidden(tmp_path):
    package = tmp_path / 'mmcv'
    package.mkdir()
    (package / '__init__.py').write_text('')
    (package / '_ext.py').write_text('compiled = True')
    asked = 'vsr_plugins_startup.MMCVExtFinder.find_spec = lambda *a: print("asked")'
    code = ('import vsr_plugins_startup', asked, 'import mmcv._ext', 'print(mmcv._ext.compiled, mmcv.__file__)')
    assert python(*code, path=tmp_path) == f'True {package / "__init__.py"}'


def test_without_the_replacement_nothing_is_found(monkeypatch, tmp_path):
    monkeypatch.setattr(finder, 'STAND_IN', tmp_path / 'deleted.py')
    assert finder.MMCVExtFinder.find_spec('mmcv._ext') is None


@pytest.mark.golden
@pytest.mark.parametrize('index', range(4))
def test_equals_compiled_mmcv(golden_root, index):
    case = torch.load(golden_root / 'mmcv_deform_conv.pth')['cases'][index]
    numbers = [case['spec'][name] for name in ('stride', 'padding', 'dilation', 'groups', 'deform_groups')]
    modulated = [case[name] for name in ('input', 'offset', 'mask', 'weight', 'bias')]
    plain = [case[name] for name in ('input', 'offset', 'weight')]
    for function, tensors, expected in (
        (modulated_deform_conv2d, modulated, case['v2']),
        (deform_conv2d, plain, case['v1']),
    ):
        wanted = [tensor.requires_grad_() for tensor in tensors if tensor is not None]
        output = function(*tensors, *numbers)
        grads = torch.autograd.grad(output, wanted, case['grad_output'])
        torch.testing.assert_close([output, *grads], [expected['output'], *expected['grads']], atol=5e-5, rtol=0)
