"""Import all modules that register in MMagic's ``HOOKS``, ``LOOPS`` and ``OPTIM_WRAPPERS``."""

from . import acceleration, bfloat16, latent_stage, load_parts, loops, resume_state, time_budget

__all__ = ['acceleration', 'bfloat16', 'latent_stage', 'load_parts', 'loops', 'resume_state', 'time_budget']
