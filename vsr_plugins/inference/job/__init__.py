"""An upscale that can be interrupted: its segments on disk, its threads and its processes."""
