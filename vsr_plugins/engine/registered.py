"""Import all modules that register in MMagic's ``HOOKS``, ``LOOPS`` and ``OPTIM_WRAPPERS``."""

from . import (  # noqa: F401
    acceleration,
    bfloat16,
    finite_loss,
    latent_stage,
    load_parts,
    loops,
    resume_state,
    testing_hooks,
    time_budget,
    training_record,
)
