"""Faster implementations of the blocks' mathematics; ``switch`` turns them off."""
