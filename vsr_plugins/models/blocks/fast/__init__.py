"""Faster implementations of the blocks' mathematics."""
