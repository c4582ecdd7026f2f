"""Base class of the networks: mmengine's ``init_cfg`` without importing mmengine."""

import copy
from typing import cast

from torch import nn


class Network(nn.Module):
    """A ``torch.nn.Module`` that MMagic's editors initialise like mmengine's ``BaseModule``.

    Importing mmengine's own class takes several seconds (optimizers, distributed training, transformers), which a
    network that only restores a video does not need.

    Args:
        init_cfg: One or several mmengine initializers, applied by ``init_weights``.
    """

    def __init__(self, init_cfg: dict | list[dict] | None = None) -> None:
        super().__init__()
        self.is_init = False
        self.init_cfg = copy.deepcopy(init_cfg)

    @property
    def _is_init(self) -> bool:
        """Mmengine's name for ``is_init``."""
        return self.is_init

    @_is_init.setter
    def _is_init(self, value: bool) -> None:
        self.is_init = value

    def init_weights(self) -> None:
        """Apply ``init_cfg`` to this module and its children, as ``BaseModule.init_weights``."""
        from mmengine.model import BaseModule

        # It has the attributes that the method uses.
        BaseModule.init_weights(cast('BaseModule', self))

    def _dump_init_info(self) -> None:
        from mmengine.model import BaseModule

        BaseModule._dump_init_info(self)
