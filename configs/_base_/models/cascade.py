# Stages of the comparison of one step of x4 with two steps, with equally many parameters.
cascade_stage = dict(type='ESPCNNet', in_channels=1, activation='relu')
cascade_narrow = dict(**cascade_stage, num_blocks=2, mid_channels=(64, 16))
