"""Weight files: safe reading, atomic writing, strict loading, and conversion from other implementations.

The modules here import torch and safetensors only; a network is imported only to check weights against it.

The checkpoint path ``none`` means the initial weights: ``mim test`` requires a checkpoint, but a network without
weights (bicubic) has none.
"""

NO_CHECKPOINT = 'none'
