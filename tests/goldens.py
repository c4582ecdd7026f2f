"""Outputs of other people's implementations on random weights."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor


def load_golden(root: Path, name: str) -> dict[str, Any]:
    """A golden file; where its weights are stored as scaled integers, they are float again."""
    golden = torch.load(root / f'{name}.pth', weights_only=True)
    scale = golden.get('state_scale') or {}
    golden['state_dict'] = _decoded(golden['state_dict'], scale)
    return golden


def _decoded(weights: dict[str, Any], scale: dict[str, Any]) -> dict[str, Any]:
    def decode(key: str, value: Any) -> Any:
        if isinstance(value, dict):
            return _decoded(value, scale.get(key, {}))
        if value.dtype == torch.int8:
            return value.float() * scale[key]
        return value.float() if value.is_floating_point() else value

    return {key: decode(key, value) for key, value in weights.items()}


def assert_near(actual: Tensor, expected: Tensor, atol: float = 1e-5) -> None:
    """Equal to ``atol``, whatever the size of the values."""
    torch.testing.assert_close(actual, expected, atol=atol, rtol=0)
