"""Where weights come from: files read and written, loaded strictly, and converted from other implementations.

The modules here need torch and safetensors alone; a network is imported only where weights are checked against it.

``none`` in the place of a checkpoint's path stands for the weights as they are initialised: ``mim test`` demands a
checkpoint, and a network without weights (bicubic) has none.
"""

NO_CHECKPOINT = 'none'
