"""Exported files are run by onnxruntime, as a user would run them, and compared with PyTorch."""

import cv2
import onnx
import onnxruntime
import pytest
import torch
from mmagic.registry import MODELS
from mmengine.config import Config
from torch import nn

import vsr_plugins  # noqa: F401
from vsr_plugins.cli import main
from vsr_plugins.inference import onnx_export as export
from vsr_plugins.inference.load_model import load_model
from vsr_plugins.inference.onnx_export import export_onnx
from vsr_plugins.models.blocks.deform import deform_conv2d

SMALL_SIZE = (16, 20)


class Small(nn.Module):
    """A network of the package's contract: a convolution, ``operation``, a pixel shuffle."""

    scale, multiple_of, window, output = 2, 2, None, 'all'

    def __init__(self, operation=torch.relu):
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(3, 12, 3, padding=1)
        self.operation = operation

    def forward(self, lqs):
        x = self.operation(self.conv(lqs.flatten(0, 1)))
        return nn.functional.pixel_shuffle(x, 2).unflatten(0, lqs.shape[:2])


def run(path, lqs):
    session = onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
    return torch.from_numpy(session.run(['output'], {'lqs': lqs.numpy()})[0])


def test_a_file_for_any_size_has_metadata_and_equals_pytorch(tmp_path):
    network = Small()
    done = export_onnx(network, tmp_path / 'small.onnx', frames=3)
    assert done.shape == (1, 3, 3, None, None) and done.multiple_of == 2 and done.difference < 1e-5
    for size in ((10, 32), (58, 16)):
        lqs = torch.rand(1, 3, 3, *size)
        torch.testing.assert_close(run(done.path, lqs), network(lqs).detach(), atol=1e-5, rtol=0)
    model = onnx.load(str(done.path))
    entries = {entry.key: entry.value for entry in model.metadata_props}
    assert entries == {
        'scale': '2',
        'multiple_of': '2',
        'frames': '3',
        'output': 'all',
        'range': 'RGB in [0, 1]',
        'overlap': '16',
        'min_size': '1',
        'pre_upsampled': 'False',
    }
    assert [entry.version for entry in model.opset_import if not entry.domain] == [20]
    assert [path.name for path in tmp_path.iterdir()] == ['small.onnx']


class EachFrame(Small):
    """Declares that every frame is restored by itself."""

    temporal_context = 0


class Chunked(Small):
    chunk_length = 4


@pytest.mark.parametrize(('network', 'frames'), [(EachFrame, 1), (Chunked, 4), (Small, 7)])
def test_the_default_clip_length_is_what_the_network_takes_at_a_time(tmp_path, network, frames):
    done = export_onnx(network(), tmp_path / 'small.onnx', size=SMALL_SIZE)
    assert done.shape == (1, frames, 3, *SMALL_SIZE)


@pytest.mark.slow
def test_an_editor_is_exported_with_its_normalisation(tmp_path):
    """The editor is trained on BGR with a mean; the file nevertheless takes RGB in [0, 1]."""
    preprocessor = dict(
        type='DataPreprocessor',
        mean=[20.0, 40.0, 60.0],
        std=[100.0, 50.0, 255.0],
        input_view=(1, -1, 1, 1),
        output_view=(1, -1, 1, 1),
    )
    network = dict(type='BicubicNet', scale=2)
    editor = dict(type='BaseEditModel', generator=network, pixel_loss=dict(type='MSELoss'))
    model = load_model(Config({'model': {**editor, 'data_preprocessor': preprocessor}}))
    done = export_onnx(model, tmp_path / 'small.onnx', size=SMALL_SIZE, frames=1)
    # Bicubic interpolation keeps a uniform colour under any normalisation that is the same at input and output.
    lqs = torch.tensor([0.2, 0.5, 0.9]).reshape(1, 1, 3, 1, 1).expand(1, 1, 3, *SMALL_SIZE).contiguous()
    output = run(done.path, lqs)
    torch.testing.assert_close(output.mean((0, 1, 3, 4)), torch.tensor([0.2, 0.5, 0.9]), atol=1e-5, rtol=0)


def align(x):
    offset = x[:, :2].repeat(1, 9, 1, 1) * 3
    weight = torch.linspace(-1, 1, 12 * 12 * 9).reshape(12, 12, 3, 3)
    return deform_conv2d(x, offset, weight, padding=1)


@pytest.mark.slow
def test_deformable_convolution_is_one_operator_from_opset_19(tmp_path):
    done = export_onnx(Small(align), tmp_path / 'deformable.onnx', size=SMALL_SIZE, frames=2, opset=19)
    nodes = [node.op_type for node in onnx.load(str(done.path)).graph.node]
    assert nodes.count('DeformConv') == 1 and done.difference < 1e-4
    with pytest.raises(ValueError, match='18.*19'):
        export_onnx(Small(align), tmp_path / 'older.onnx', size=SMALL_SIZE, frames=2, opset=18)
    assert not (tmp_path / 'older.onnx').exists()


def with_opencv(x):
    return torch.from_numpy(cv2.blur(x.numpy(), (3, 3)))


def with_svd(x):
    return x * torch.linalg.eigvals(x[0, :, :4, :4]).real.mean()


def by_value(x):
    return x if x.mean() > 0 else -x


def for_one_size(x):
    return x * float(x.shape[-1])


@pytest.mark.slow
@pytest.mark.parametrize(
    ('operation', 'size', 'message'),
    [
        (with_opencv, SMALL_SIZE, r'Tensor\.numpy'),
        (with_svd, SMALL_SIZE, 'aten.*eig'),
        (by_value, SMALL_SIZE, 'aten::item'),
        (lambda x: x + torch.rand(()), SMALL_SIZE, 'onnxruntime.* 1e-04'),
        (for_one_size, None, '--size'),
    ],
)
def test_errors_name_the_obstacle_to_an_export(tmp_path, operation, size, message):
    with pytest.raises(ValueError, match=message) as caught:
        export_onnx(Small(operation), tmp_path / 'small.onnx', size=size, frames=1)
    assert '\n' not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_arguments_are_checked_before_anything_is_computed(tmp_path, monkeypatch):
    path = tmp_path / 'mine.onnx'
    path.write_bytes(b'mine')
    with pytest.raises(FileExistsError, match='mine.onnx'):
        export_onnx(Small(), path)
    assert path.read_bytes() == b'mine'
    with pytest.raises(ValueError, match='opset.*11'):
        export_onnx(Small(), tmp_path / 'a.onnx', opset=11)
    with pytest.raises(ValueError, match='DUFNet.*7.*3'):
        export_onnx(MODELS.build(dict(type='DUFNet')), tmp_path / 'a.onnx', frames=3)
    monkeypatch.setattr(export, 'find_spec', lambda name: None if name == 'onnxruntime' else object())
    with pytest.raises(ValueError, match=r'onnxruntime.*vsr_plugins\[export\]'):
        export_onnx(Small(), tmp_path / 'a.onnx')


def test_the_command_refuses_in_one_line(tmp_path, capsys):
    assert main(['export', str(tmp_path / 'none.py'), str(tmp_path / 'a.onnx')]) == 2
    assert capsys.readouterr().err.count('\n') == 1


DEFORMABLE = dict(mid_channels=8, deform_groups=2, num_blocks_extraction=1, num_blocks_reconstruction=1)
ANY, FIXED, NEVER = 'any size', 'fixed size', 'never'
# Network, arguments, frames, how it exports.
TABLE = [
    ('ESPCNNet', {}, 2, ANY),
    ('FSRCNNNet', {}, 2, ANY),
    ('SRCNNNet', {}, None, ANY),
    ('RRDBNet', dict(in_channels=3, out_channels=3, mid_channels=8, num_blocks=1, growth_channels=4), None, ANY),
    ('MSRResNet', dict(in_channels=3, out_channels=3, mid_channels=8, num_blocks=1), None, ANY),
    ('TemporalAdaptiveNet', {}, None, ANY),
    ('LatentAttentionNet', dict(mid_channels=4, num_layers=2, attn_layout='LS'), 3, ANY),
    ('EDVRNet', dict(in_channels=3, out_channels=3, num_frames=3, center_frame_idx=1, **DEFORMABLE), None, FIXED),
    ('TDANNet', {}, None, FIXED),
    ('ZoomingSlowMoNet', DEFORMABLE, 2, FIXED),
    ('SPMCNet', {}, None, FIXED),
    ('VESPCNNet', {}, None, FIXED),
    ('DUFNet', {}, None, ANY),
    ('VSRNet', {}, None, NEVER),
]


@pytest.mark.slow
@pytest.mark.parametrize(('name', 'arguments', 'frames', 'how'), TABLE, ids=[row[0] for row in TABLE])
def test_networks_export_as_the_table_says(tmp_path, name, arguments, frames, how):
    torch.manual_seed(0)
    network = MODELS.build(dict(type=name, **arguments)).eval()
    path = tmp_path / 'network.onnx'
    if how == NEVER:
        with pytest.raises(ValueError, match=name):
            export_onnx(network, path, SMALL_SIZE, frames)
        return
    done = export_onnx(network, path, None if how == ANY else (32, 40), frames)
    assert done.difference < 1e-4 and (None in done.shape) == (how == ANY)
