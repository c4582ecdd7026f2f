"""Patch of mmengine 0.10: list names of fields in a fixed order. Delete when ``metainfo_keys`` has one.

mmengine lists them in the order of a set; two samples with the same fields, added by different data sets, do not stack
if that order differs.
"""

from collections.abc import Callable

from mmengine.structures import BaseDataElement


def apply() -> None:
    """List names of fields in alphabetical order."""
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
