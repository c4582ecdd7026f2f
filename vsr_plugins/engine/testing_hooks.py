"""Pictures of restored frames: files in a test, and the logs of a training in its validations."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from mmagic.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import Tensor

from ..media.atomic_files import atomic_write
from ..media.images.image_files import encode_png
from ..models.self_ensemble import ENSEMBLES, self_ensemble


@HOOKS.register_module()
class FramePicturesHook(Hook):
    """Write each restored frame of a test as a picture, and show frames of validations in TensorBoard.

    ``mim test`` writes ``WORK_DIR/TIME/frames/CLIP/00000000.png``, 8-bit RGB, one folder a clip::

        mim test mmagic CONFIG --checkpoint FILE --cfg-options default_hooks.pictures.test=True

    In a training, the middle frames of the first clips of each validation go to the visualizer, so that TensorBoard
    shows how they change.

    Args:
        test: Write the frames of a test.
        val_clips: Number of clips of a validation of which the middle frame is shown; 0 for none.
        out: Folder for the frames of a test; default see above.
    """

    priority = 'LOW'

    def __init__(self, test: bool = False, val_clips: int = 0, out: str | None = None) -> None:
        self.test = test
        self.val_clips = val_clips
        self.out = out
        self._seen = 0

    def before_val(self, runner: Runner) -> None:
        """Begin to count clips."""
        self._seen = 0

    def after_val_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Sequence | None = None
    ) -> None:
        """Show the middle frame of a clip."""
        for sample in outputs or ():
            if self._seen >= self.val_clips:
                return
            self._seen += 1
            frames = _frames(sample.output.pred_img)
            runner.visualizer.add_image(f'val/{sample.key}', frames[len(frames) // 2], step=runner.iter)

    def after_test_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Sequence | None = None
    ) -> None:
        """Write the frames of a clip, of a part of it, or one frame."""
        if not self.test:
            return
        root = Path(self.out or Path(runner.log_dir) / 'frames')
        for sample in outputs or ():
            frames, first, folder = _frames(sample.output.pred_img), 0, root / sample.key
            part = sample.get('part')
            if part is not None:
                frames, first = frames[part[1] : part[2]], part[0]
            if sample.output.pred_img.ndim == 3:
                # The key of a frame is that of its clip, and its index.
                folder, first = folder.parent, int(folder.name) if folder.name.isdecimal() else folder.name
            folder.mkdir(parents=True, exist_ok=True)
            for number, frame in enumerate(frames):
                name = f'{first + number:08d}' if isinstance(first, int) else first
                # Samplers that repeat samples let several processes write the same frame.
                with atomic_write(folder / f'{name}.png', runner.rank) as partial:
                    partial.write_bytes(encode_png(frame))


@HOOKS.register_module()
class SelfEnsembleHook(Hook):
    """Test any network with a self-ensemble, see ``vsr_plugins.models.self_ensemble``; trainings are unchanged.

    ``mim test`` takes it as ``--cfg-options custom_hooks="[dict(type='SelfEnsembleHook', kind='x8')]"``.

    Args:
        kind: ``'x8'``, ``'reverse'`` or ``'x16'``.

    Raises:
        ValueError: If ``kind`` is unknown.
    """

    def __init__(self, kind: str = 'x8') -> None:
        if kind not in ENSEMBLES:
            raise ValueError(f'kind must be one of {", ".join(ENSEMBLES)}, but got {kind!r}')
        self.kind = kind
        self._stack = ExitStack()

    def before_test(self, runner: Runner) -> None:
        """Begin to average."""
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        network = model.generator_ema if getattr(model, 'is_use_ema', False) else model.generator
        self._stack.enter_context(self_ensemble(network, self.kind))

    def after_test(self, runner: Runner) -> None:
        """Leave the network as it was."""
        self._stack.close()


def _frames(output: Tensor) -> np.ndarray:
    """(c, h, w) or (t, c, h, w), BGR in [0, 255] -> (t, h, w, 3) uint8 RGB."""
    frames = output if output.ndim == 4 else output[None]
    return frames.flip(1).permute(0, 2, 3, 1).clamp(0, 255).round().byte().cpu().numpy()
