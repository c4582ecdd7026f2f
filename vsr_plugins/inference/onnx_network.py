"""Run an exported ONNX file by onnxruntime as a network."""

from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor, nn

from ..models.input_spec import OVERLAP, InputSpec

ONNX_SUFFIX = '.onnx'


def is_onnx(model: object) -> bool:
    """Whether a model is named by the path of an ONNX file."""
    return isinstance(model, (str, Path)) and str(model).lower().endswith(ONNX_SUFFIX)


class OnnxNetwork(nn.Module):
    """A file of ``vsr export`` as a network on RGB in [0, 1], with the input requirements in its metadata.

    It runs on a CUDA device if the installed onnxruntime has one, else on the CPU.

    Args:
        path: The file.

    Attributes:
        spec: Input requirements.
        size: (h, w) that the file is for; None for any.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If onnxruntime is missing, or the file is not one of ``vsr export``.
    """

    def __init__(self, path: str | Path) -> None:
        super().__init__()
        if not Path(path).is_file():
            raise FileNotFoundError(f'there is no ONNX file at {Path(path).absolute()}')
        if find_spec('onnxruntime') is None:
            raise ValueError(f"{path} needs onnxruntime: pip install 'vsr_plugins[export]'")
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        options.intra_op_num_threads = torch.get_num_threads()
        wanted = ('CUDAExecutionProvider', 'CPUExecutionProvider')
        providers = [name for name in wanted if name in onnxruntime.get_available_providers()]
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=providers)
            entries = self._session.get_modelmeta().custom_metadata_map
            self.spec = _spec_of(self._session.get_inputs()[0].shape, entries)
        except Exception as error:  # onnxruntime's errors have no common type
            reason = str(error).splitlines()[0]
            raise ValueError(f'{path} is not an ONNX file of vsr export: {reason}') from error
        self.path = path
        self.multiple_of = self.spec.multiple_of
        sides = self._session.get_inputs()[0].shape[-2:]
        self.size = tuple(sides) if all(isinstance(side, int) for side in sides) else None

    def forward(self, lqs: Tensor) -> Tensor:
        """Restore frames as the exported network does: (1, t, c, h, w) or (n, c, h, w).

        Raises:
            ValueError: If the file is for frames of another size.
        """
        if self.size is not None and tuple(lqs.shape[-2:]) != self.size:
            (h, w), (height, width) = lqs.shape[-2:], self.size
            raise ValueError(
                f'{self.path} is for frames of {width}x{height}, but got {w}x{h}; export it without --size, or for that'
            )
        (output,) = self._session.run(None, {'lqs': lqs.float().cpu().numpy()})
        return torch.from_numpy(output).to(lqs.device)


def _spec_of(shape: list[int | str], entries: dict[str, str]) -> InputSpec:
    if 'scale' not in entries or 'frames' not in entries:
        raise ValueError('its metadata have no scale and frames')
    frames, output, is_single = int(entries['frames']), entries['output'], len(shape) == 4
    common = dict(
        scale=int(entries['scale']),
        multiple_of=int(entries['multiple_of']),
        min_size=int(entries.get('min_size', 1)),
        pre_upsampled=entries.get('pre_upsampled') == 'True',
    )
    if is_single:
        return InputSpec(**common, single_image=True, clip_len=1, overlap=0)
    if output == 'center':
        return InputSpec(**common, output='center', window=frames)
    # The number of frames is fixed in the file: shorter clips are mirrored, and chunks overlap by less than half.
    overlap = min(int(entries.get('overlap', OVERLAP)), frames // 2)
    return InputSpec(**common, output=output, clip_len=frames, overlap=overlap, min_frames=frames)
