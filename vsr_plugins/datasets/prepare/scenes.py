"""Holding clips out for validation without taking a scene apart."""

import hashlib
import math
import re
from collections.abc import Collection, Sequence

_INDEX = re.compile(r'[ ._-]*\d+$')


def scene_of(clip: str) -> str:
    """The scene a clip shows: its name without a trailing index, so that camel_0 and camel_1 are one scene.

    A name that is nothing but an index is a scene of its own.
    """
    return _INDEX.sub('', clip) or clip


def hold_out(clips: Sequence[str], fraction: float = 0.1, names: Collection[str] = ()) -> set[str]:
    """Choose the clips of a validation set, whole scenes of them.

    The choice depends on the names of the scenes alone: they are ordered by the hash of their name and the first ones
    are taken, so it is the same everywhere and nearly the same after clips were added.

    Args:
        clips (Sequence[str]): Names of all clips.
        fraction (float): Share of the scenes to hold out, rounded up; above 0. 1 holds out all: nothing is trained on.
        names (Collection[str]): Clips or scenes to hold out instead, each with the rest of its scene.

    Returns:
        set[str]: Names of the clips held out; at least one is, and but for a fraction of 1 at least one is not.

    Raises:
        ValueError: If there is no such split.
    """
    scenes = sorted({scene_of(clip) for clip in clips}, key=lambda scene: hashlib.sha256(scene.encode()).digest())
    if unknown := sorted(set(names) - set(clips) - set(scenes)):
        raise ValueError(f'no clip and no scene is named {", ".join(unknown)}; the clips are {", ".join(clips)}')
    if not 0 < fraction <= 1:
        raise ValueError(f'the fraction to hold out must be above 0 and at most 1, but got {fraction}')
    if fraction == 1 and not names:
        return set(clips)
    if names:
        held = {name if name in scenes else scene_of(name) for name in names}
    else:
        held = set(scenes[: min(math.ceil(fraction * len(scenes)), len(scenes) - 1)])
    if not held or len(held) == len(scenes):
        raise ValueError(
            f'{len(clips)} clips of {len(scenes)} scene(s) ({", ".join(sorted(scenes)[:5])}) cannot be split into '
            'training and validation with whole scenes on one side; clips whose names differ only in a trailing index '
            'count as one scene. A fraction of 1 holds out all, for measuring alone'
        )
    return {clip for clip in clips if scene_of(clip) in held}
