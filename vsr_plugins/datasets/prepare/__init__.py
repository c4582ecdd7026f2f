"""Convert raw data sets to the folders and annotation files that configs use.

Each data set has a ``plan_<set>(src, ...)`` that lists and checks the contents of ``src`` and returns a plan;
``execute`` executes it. Nothing is written before the complete source has been checked.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        'clips': ['plan_clips'],
        'execution': ['Summary', 'execute'],
        'patch_writing': ['write_patches'],
        'patches': ['BankSpec', 'plan_patches'],
        'plan': ['Clip', 'ClipSpec', 'Plan'],
        'reds': ['plan_reds'],
        'set5': ['plan_set5'],
        'spmcs': ['plan_spmcs'],
        'vid4': ['plan_vid4'],
        'vimeo90k': ['plan_vimeo90k'],
    },
)
