"""Encode frames: which encoder and pixel format, segments of a video, animations."""
