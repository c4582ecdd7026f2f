"""Raw data sets become the folders and annotation files that the configs name.

Each data set has a ``plan_<set>(src, ...)`` that looks at what is in ``src``, checks it and says what to make of it;
``execute`` makes it. Nothing is written before the whole source has been looked at.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        'clips': ['plan_clips'],
        'execution': ['Summary', 'execute'],
        'patches': ['BankSpec', 'plan_patches', 'write_patches'],
        'plan': ['Clip', 'ClipSpec', 'Plan'],
        'reds': ['plan_reds'],
        'set5': ['plan_set5'],
        'spmcs': ['plan_spmcs'],
        'vid4': ['plan_vid4'],
        'vimeo90k': ['plan_vimeo90k'],
    },
)
