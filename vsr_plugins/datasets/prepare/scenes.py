"""Hold out clips for validation without splitting a scene."""

import hashlib
import math
import re
from collections.abc import Collection, Sequence

_INDEX = re.compile(r'[ ._-]*\d+$')


def scene_of(clip: str) -> str:
    """Return the scene of a clip: its name without a trailing index, so that camel_0 and camel_1 are one scene.

    A name that consists of an index only is a separate scene.
    """
    return _INDEX.sub('', clip) or clip


def hold_out(clips: Sequence[str], fraction: float = 0.1, names: Collection[str] = ()) -> set[str]:
    """Select the clips of a validation set by complete scenes.

    The selection depends on the names of the scenes only: they are ordered by the hash of their name and the first ones
    are taken, so it is the same on all machines and nearly the same after clips are added.

    Args:
        clips (Sequence[str]): Names of all clips.
        fraction (float): Share of the scenes to hold out, rounded up; above 0. 1 holds out all, leaving nothing for
            training.
        names (Collection[str]): Clips or scenes to hold out instead, each with the rest of its scene.

    Returns:
        set[str]: Names of the clips held out; at least one is held out, and unless the fraction is 1 at least one is
        not.

    Raises:
        ValueError: If the clips cannot be split like this.
    """
    scenes = sorted({scene_of(clip) for clip in clips}, key=lambda scene: hashlib.sha256(scene.encode()).digest())
    if unknown := sorted(set(names) - set(clips) - set(scenes)):
        raise ValueError(f'no clip or scene is named {", ".join(unknown)}; the clips are {", ".join(clips)}')
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
            'training and validation by complete scenes; clips whose names differ only in a trailing index are one '
            'scene. A fraction of 1 holds out all, for measuring only'
        )
    return {clip for clip in clips if scene_of(clip) in held}
