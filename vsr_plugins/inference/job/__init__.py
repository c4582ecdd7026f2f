"""Run an upscale that can be interrupted and resumed: segments on disk, threads, processes."""
