"""Decisions that all processes of a distributed training must share."""

from typing import TypeVar

from mmengine.dist import broadcast_object_list

Value = TypeVar('Value')


def of_main_process(value: Value) -> Value:
    """Return the value of the main process; every process must call this at the same place.

    What depends on a clock or on another state of one process would otherwise differ: one process would validate or
    stop while the others wait for its gradients, or take its step at another learning rate.

    Args:
        value: Any picklable value.
    """
    values = [value]
    broadcast_object_list(values)
    return values[0]
