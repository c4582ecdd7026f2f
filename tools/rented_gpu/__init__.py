"""A rented GPU put to use: what was handed over is unpacked, CUDA is checked, networks are timed, one is trained.

``command``, ``plan``, ``results`` and ``handed_over`` run before anything is installed: standard library alone.
"""
