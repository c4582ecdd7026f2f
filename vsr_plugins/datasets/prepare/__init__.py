"""Raw data sets become the folders and annotation files that the configs name.

Each data set has a ``plan_<set>(src, ...)`` that looks at what is in ``src``, checks it and says what to make of it;
``carry_out`` makes it. Nothing is written before the whole source has been looked at.
"""

from .clips import plan_clips
from .execute import Summary, carry_out
from .plan import Clip, ClipSpec, Plan
from .reds import plan_reds
from .spmcs import plan_spmcs
from .vid4 import plan_vid4
from .vimeo90k import plan_vimeo90k

__all__ = [
    'Clip',
    'ClipSpec',
    'Plan',
    'Summary',
    'carry_out',
    'plan_clips',
    'plan_reds',
    'plan_spmcs',
    'plan_vid4',
    'plan_vimeo90k',
]
