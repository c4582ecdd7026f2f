import pytest
import torch
import torch.nn.functional as F

from vsr_plugins.models.blocks.deform import BACKENDS, active_backend, deform_backend, deform_conv2d
from vsr_plugins.models.blocks.fast import deform_sampling

# stride, padding, dilation, groups, deform_groups, kernel, mask, bias
CONFIGURATIONS = [
    pytest.param((1, 1, 1, 1, 4, (3, 3), True, True), id='dcnv2'),
    pytest.param((1, 1, 1, 1, 8, (3, 3), False, False), id='dcnv1'),
    pytest.param((2, 1, 1, 2, 2, (3, 3), True, True), id='stride-groups'),
    pytest.param(((2, 1), (1, 0), (1, 2), 2, 1, (3, 2), False, True), id='non-square'),
    pytest.param((1, 2, 2, 4, 2, (3, 3), True, False), id='dilation'),
    pytest.param((1, 0, 1, 8, 4, (1, 1), True, True), id='1x1-depthwise'),
    pytest.param((3, 5, 1, 1, 1, (2, 5), True, True), id='padding-beyond-input'),
]


def output_size(size, kernel, stride, padding, dilation):
    zeros = torch.zeros(1, 1, *size)
    return F.conv2d(zeros, torch.zeros(1, 1, *kernel), None, stride, padding, dilation).shape[-2:]


def tensors(n, channels, size, stride, padding, dilation, groups, deform_groups, kernel, mask, bias, spread=2.0):
    torch.manual_seed(0)
    taps, out = kernel[0] * kernel[1], output_size(size, kernel, stride, padding, dilation)
    return {
        'x': torch.randn(n, channels, *size, dtype=torch.float64),
        'offset': torch.randn(n, 2 * deform_groups * taps, *out, dtype=torch.float64) * spread,
        'weight': torch.randn(2 * channels, channels // groups, *kernel, dtype=torch.float64),
        'bias': torch.randn(2 * channels, dtype=torch.float64) if bias else None,
        'mask': torch.rand(n, deform_groups * taps, *out, dtype=torch.float64) if mask else None,
    }


def small_case(**changes):
    case = {
        'x': torch.randn(2, 4, 6, 7),
        'offset': torch.randn(2, 2 * 2 * 9, 6, 7),
        'weight': torch.randn(3, 4, 3, 3),
        'bias': torch.randn(3),
        'padding': 1,
        'deform_groups': 2,
        'mask': torch.rand(2, 2 * 9, 6, 7),
    }
    return {**case, **changes}


@pytest.mark.parametrize('backend', BACKENDS)
def test_half_a_pixel_by_hand(backend):
    # 0 .. 24 in rows of 5, a kernel of ones, all samples moved down and right by half a pixel. A sample inside is its
    # pixel + 3; in the last column and row half of it is outside, in the corner three quarters:
    #     3     4     5     6     3.25
    #     8     9     10    11    5.75
    #     13    14    15    16    8.25
    #     18    19    20    21    10.75
    #     10.25 10.75 11.25 11.75 6
    x = torch.arange(25.0).view(1, 1, 5, 5)
    offset = torch.full((1, 18, 3, 3), 0.5)
    with deform_backend(backend):
        output = deform_conv2d(x, offset, torch.ones(1, 1, 3, 3))
    expected = torch.tensor([[81.0, 90, 80.25], [126, 135, 117.75], [131.25, 138.75, 120]])
    torch.testing.assert_close(output[0, 0], expected)


@pytest.mark.parametrize('backend', BACKENDS)
def test_vertical_comes_first_and_taps_run_row_by_row(backend):
    x = torch.arange(25.0).view(1, 1, 5, 5)
    weight = torch.zeros(1, 1, 3, 3)
    weight[0, 0, 0, 2] = 1  # the third tap, at row 0, column 2
    for channel, value in ((4, 2 + 5), (5, 2 + 1), (0, 2)):
        offset = torch.zeros(1, 18, 3, 3)
        offset[0, channel] = 1
        with deform_backend(backend):
            assert deform_conv2d(x, offset, weight)[0, 0, 0, 0].item() == pytest.approx(value, abs=1e-5)


@pytest.mark.parametrize('backend', BACKENDS)
def test_zero_outside(backend):
    x = torch.full((1, 1, 2, 2), 8.0)
    positions = torch.tensor([-1.5, -1, -0.75, 0, 1, 1.25, 2, 3e9])  # of a sample of row and column 0
    offset = torch.zeros(1, 2, 2, 2)
    expected = [0, 0, 2, 8, 8, 6, 0, 0]
    for position, value in zip(positions, expected, strict=True):
        offset[0, 0, 0, 0] = position
        with deform_backend(backend):
            output = deform_conv2d(x, offset, torch.ones(1, 1, 1, 1))
        assert output[0, 0, 0, 0].item() == pytest.approx(value, abs=1e-5)


def test_zero_offset_and_unit_mask_is_a_convolution():
    x, weight, bias = torch.randn(2, 8, 9, 11), torch.randn(6, 4, 3, 3), torch.randn(6)
    output = deform_conv2d(
        x, torch.zeros(2, 36, 5, 4), weight, bias, (2, 3), 1, (1, 1), 2, 2, mask=torch.ones(2, 18, 5, 4)
    )
    torch.testing.assert_close(output, F.conv2d(x, weight, bias, (2, 3), 1, 1, 2), atol=1e-4, rtol=1e-4)


def test_whole_offsets_are_a_convolution_of_the_moved_input():
    x, weight = torch.randn(1, 3, 12, 13), torch.randn(5, 3, 3, 3)
    offset = torch.zeros(1, 18, 12, 13)
    offset[:, 0::2], offset[:, 1::2] = 2, -1
    moved = F.pad(x, (1, 0, 0, 2))[..., 2:, :-1]
    output = deform_conv2d(x, offset, weight, padding=1)
    # Compare the interior: at the border a convolution pads where the moved taps find pixels.
    inner = (..., slice(1, -3), slice(2, -1))
    torch.testing.assert_close(output[inner], F.conv2d(moved, weight, padding=1)[inner], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize('stretch', [1 << 20, 1000])
@pytest.mark.parametrize('config', CONFIGURATIONS)
def test_equals_torchvision_with_all_gradients(config, stretch, monkeypatch):
    monkeypatch.setattr(deform_sampling, 'COLUMN_ENTRIES', stretch)
    stride, padding, dilation, groups, deform_groups, *_ = config
    results = []
    for backend in BACKENDS:
        case = tensors(2, 8, (9, 11), *config)
        leaves = [tensor.requires_grad_() for tensor in case.values() if tensor is not None]
        with deform_backend(backend):
            output = deform_conv2d(
                **case,
                stride=stride,
                padding=padding,
                dilation=dilation,
                groups=groups,
                deform_groups=deform_groups,
            )
        results.append([output, *torch.autograd.grad(output.sin().sum(), leaves)])
    torch.testing.assert_close(results[1], results[0])


@pytest.mark.parametrize('config', CONFIGURATIONS)
def test_gradients_are_those_of_finite_differences(config):
    stride, padding, dilation, groups, deform_groups, *_ = config
    case = tensors(1, 8, (4, 5), *config, spread=0.3)
    # Away from whole pixels, where the interpolation has kinks.
    case['offset'] = case['offset'].clamp(-0.4, 0.4) + 0.5
    names = [name for name, tensor in case.items() if tensor is not None]

    def function(*leaves):
        return deform_conv2d(
            **{**case, **dict(zip(names, leaves, strict=True))},
            stride=stride,
            padding=padding,
            dilation=dilation,
            groups=groups,
            deform_groups=deform_groups,
        )

    assert torch.autograd.gradcheck(function, [case[name].requires_grad_() for name in names], fast_mode=True)


def test_gradient_of_an_offset_on_a_whole_pixel_is_the_one_to_the_right():
    # Every zero-initialised layer starts there. Row 3 -> 4 of 0, 1, 4, 9, 16, ... rises by 7; 4 -> 5 by 9.
    for width in (5, 7, 180, 641):
        x = (torch.arange(float(width)) ** 2).expand(1, 1, 2, width)
        offset = torch.zeros(1, 2, 2, width, requires_grad=True)
        deform_conv2d(x, offset, torch.ones(1, 1, 1, 1)).sum().backward()
        rises = 2 * torch.arange(width - 1.0) + 1
        torch.testing.assert_close(offset.grad[0, 1, 0, :-1], rises, rtol=1e-4, atol=1e-2)


def test_no_gradient_is_taken_on_the_wrong_side_of_a_kink():
    # Offsets so close to a whole pixel, on either side of it, that the normalised coordinates of grid_sample would
    # round some to it or beyond. A row of squares: it rises by 2 i - 1 before pixel i and by 2 i + 1 after it.
    width, near = 2000, slice(1, 64)
    x = (torch.arange(float(width)) ** 2).expand(1, 1, 2, width)
    for sign in (-1, 1):
        offset = torch.zeros(1, 2, 2, width)
        offset[:, 1] = sign * 2**-17
        deform_conv2d(x, offset.requires_grad_(), torch.ones(1, 1, 1, 1)).sum().backward()
        rises = 2 * torch.arange(float(width)) + sign
        torch.testing.assert_close(offset.grad[0, 1, 0, near], rises[near], rtol=1e-4, atol=1e-2)


def test_a_sample_exactly_outside_has_no_gradient():
    x = torch.full((1, 1, 4, 4), 5.0)
    offset = torch.zeros(1, 18, 4, 4, requires_grad=True)
    deform_conv2d(x, offset, torch.ones(1, 1, 3, 3), padding=1).sum().backward()
    first = offset.grad[0, :, 0, 0].view(3, 3, 2)  # the taps of the corner; those of row or column 0 lie on -1
    assert not first[0].any() and not first[:, 0].any()
    last = offset.grad[0, :, -1, -1].view(3, 3, 2)  # to the right of the last pixel it falls from 5 to 0
    torch.testing.assert_close(last[1, 1], torch.tensor([-5.0, -5.0]), atol=1e-3, rtol=0)


def test_only_the_gradients_asked_for_are_computed():
    for wanted in ('x', 'offset', 'weight', 'bias', 'mask'):
        torch.manual_seed(0)
        case = small_case()
        full = small_case(
            **{
                name: value.clone().requires_grad_()
                for name, value in case.items()
                if name in ('x', 'offset', 'weight', 'bias', 'mask')
            }
        )
        deform_conv2d(**full).square().sum().backward()
        single = {**case, wanted: case[wanted].clone().requires_grad_()}
        deform_conv2d(**single).square().sum().backward()
        torch.testing.assert_close(single[wanted].grad, full[wanted].grad)


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_computes_in_float32_for_half_precision(dtype):
    case = {name: value.to(dtype) if torch.is_tensor(value) else value for name, value in small_case().items()}
    output = deform_conv2d(**case)
    exact = deform_conv2d(**{name: value.float() if torch.is_tensor(value) else value for name, value in case.items()})
    assert output.dtype == dtype
    torch.testing.assert_close(output, exact.to(dtype), atol=0, rtol=0)


def test_computes_in_float32_under_autocast():
    case = small_case()
    case['x'].requires_grad_()
    exact = deform_conv2d(**case)
    exact.sum().backward()
    gradient, case['x'].grad = case['x'].grad, None
    with torch.autocast('cpu', torch.bfloat16):
        output = deform_conv2d(**case)
        output.sum().backward()
        mixed = deform_conv2d(**{**case, 'offset': case['offset'].bfloat16()})
    assert output.dtype == mixed.dtype == torch.float32
    torch.testing.assert_close(output, exact, atol=0, rtol=0)
    torch.testing.assert_close(case['x'].grad, gradient, atol=0, rtol=0)


def test_images_of_a_batch_are_independent():
    case = small_case()
    output = deform_conv2d(**case)
    for index in range(2):
        single = {name: case[name][index : index + 1] for name in ('x', 'offset', 'mask')}
        torch.testing.assert_close(deform_conv2d(**{**case, **single})[0], output[index])


@pytest.mark.parametrize('backend', BACKENDS)
def test_empty_batch(backend):
    case = small_case()
    empty = {name: case[name][:0].requires_grad_() for name in ('x', 'offset', 'mask')}
    case['weight'].requires_grad_()
    with deform_backend(backend):
        output = deform_conv2d(**{**case, **empty})
        output.sum().backward()
    assert output.shape == (0, 3, 6, 7) and not case['weight'].grad.any()


@pytest.mark.parametrize('value', [1e30, -1e30, 3e38, float('inf'), float('-inf'), float('nan')])
def test_wild_offsets_harm_only_their_own_position(value):
    case = small_case()
    calm = deform_conv2d(**case)
    case['offset'] = case['offset'].clone()
    case['offset'][0, :, 2, 3] = value
    for name in ('x', 'offset', 'weight', 'mask'):
        case[name].requires_grad_()
    output = deform_conv2d(**case)
    output.nansum().backward()
    changed = (output != calm).any(1)
    assert changed.sum() == 1 and changed[0, 2, 3]
    if abs(value) < float('inf'):  # nothing is sampled, the bias remains
        torch.testing.assert_close(output[0, :, 2, 3], case['bias'])


def test_layout_and_strides_of_the_input_do_not_matter():
    case = small_case()
    other = {
        name: value.to(memory_format=torch.channels_last) if torch.is_tensor(value) and value.dim() == 4 else value
        for name, value in case.items()
    }
    other['x'] = case['x'].repeat_interleave(2, dim=-1)[..., ::2]
    torch.testing.assert_close(deform_conv2d(**other), deform_conv2d(**case))


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(x=torch.randn(4, 6, 7)), r'4 dimensions.*\(4, 6, 7\)'),
        (dict(offset=torch.randn(2, 18, 6, 7)), r'offset .*\(2, 36, 6, 7\).*\(2, 18, 6, 7\)'),
        (dict(offset=torch.randn(2, 36, 6, 8)), r'offset .*\(2, 36, 6, 8\)'),
        (dict(mask=torch.rand(1, 18, 6, 7)), r'mask .*\(2, 18, 6, 7\).*\(1, 18, 6, 7\)'),
        (dict(bias=torch.randn(4)), r'bias .*\(3,\).*\(4,\)'),
        (dict(groups=2), r'groups=2 .*4 channels'),
        (dict(deform_groups=3), r'4 channels .* 3 deformable'),
        (dict(padding=0, dilation=4), r'\(-2, -1\)'),
        (dict(stride=0), r'stride .* got 0'),
        (dict(stride=(1, 2, 3)), r'stride .* got \(1, 2, 3\)'),
    ],
)
@pytest.mark.parametrize('backend', BACKENDS)
def test_mismatched_arguments_raise(backend, changes, message):
    with deform_backend(backend), pytest.raises(ValueError, match=message):
        deform_conv2d(**small_case(**changes))


def test_backend_follows_the_device_unless_named():
    assert active_backend('cpu') == 'grid_sample'
    assert active_backend('cuda:1') == active_backend(torch.device('cuda')) == 'torchvision'
    with deform_backend('torchvision'):
        assert active_backend('cpu') == 'torchvision'
        with deform_backend('grid_sample'):
            assert active_backend('cuda') == 'grid_sample'
        assert active_backend('cpu') == 'torchvision'
    assert active_backend('cpu') == 'grid_sample'
    with pytest.raises(ValueError, match="got 'mmcv'"), deform_backend('mmcv'):
        pass


def test_the_named_backend_computes(monkeypatch):
    used = []
    import torchvision

    compiled = torchvision.ops.deform_conv2d
    monkeypatch.setattr(torchvision.ops, 'deform_conv2d', lambda *args: used.append(1) or compiled(*args))
    deform_conv2d(**small_case())
    assert not used
    with deform_backend('torchvision'):
        deform_conv2d(**small_case())
    assert used


def test_memory_of_the_backward_pass_is_not_that_of_the_columns():
    class Saved(list):
        def pack(self, tensor):
            self.append(tensor.numel())
            return tensor

    saved, case = Saved(), small_case()
    with torch.autograd.graph.saved_tensors_hooks(saved.pack, lambda tensor: tensor):
        deform_conv2d(**{**case, 'x': case['x'].requires_grad_()})
    assert sum(saved) == sum(case[name].numel() for name in ('x', 'offset', 'mask', 'weight'))


@pytest.mark.golden
@pytest.mark.parametrize('index', range(4))
@pytest.mark.parametrize('version', ['v1', 'v2'])
@pytest.mark.parametrize('backend', BACKENDS)
def test_equals_mmcv(golden_root, backend, version, index):
    case = torch.load(golden_root / 'mmcv_deform_conv.pth')['cases'][index]
    names = ['input', 'offset', 'mask', 'weight', 'bias'] if version == 'v2' else ['input', 'offset', 'weight']
    leaves = {name: case[name].requires_grad_() for name in names if case[name] is not None}
    with deform_backend(backend):
        output = deform_conv2d(x=leaves['input'], **{k: v for k, v in leaves.items() if k != 'input'}, **case['spec'])
    grads = torch.autograd.grad(output, list(leaves.values()), case['grad_output'])
    torch.testing.assert_close([output, *grads], [case[version]['output'], *case[version]['grads']], atol=5e-5, rtol=0)
