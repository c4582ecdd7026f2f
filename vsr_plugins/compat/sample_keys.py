"""Mends mmengine 0.10, which lists names of fields in the order of a set; goes when ``metainfo_keys`` has an order.

Two samples with the same fields, put in by different data sets, do not stack where that order differs.
"""

from collections.abc import Callable

from mmengine.structures import BaseDataElement


def apply() -> None:
    """Let names of fields come in alphabetical order."""
    BaseDataElement.metainfo_keys = _metainfo_keys
    BaseDataElement.keys = _keys_in_order(BaseDataElement.keys)


def _metainfo_keys(self: BaseDataElement) -> list[str]:
    return sorted(self._metainfo_fields)


def _keys_in_order(keys: Callable) -> Callable:
    if getattr(keys, 'in_order', False):
        return keys

    def in_order(self: BaseDataElement) -> list[str]:
        return sorted(keys(self))

    in_order.in_order = True
    return in_order
