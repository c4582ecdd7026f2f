"""Resumable training (loops, hooks, optimizer wrappers) and the reading of configs."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        'acceleration': ['AccelerationHook'],
        'bfloat16': ['BFloat16OptimWrapper'],
        'finite_loss': ['FiniteLossHook'],
        'latent_stage': ['LatentStageHook'],
        'load_parts': ['LoadPartsHook'],
        'loops': ['ResumableIterBasedTrainLoop'],
        'resume_state': ['ResumeStateHook'],
        'testing_hooks': ['FramePicturesHook', 'SelfEnsembleHook'],
        'training_record': ['TrainingRecordHook'],
    },
)
