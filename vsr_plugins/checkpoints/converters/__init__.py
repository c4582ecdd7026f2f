"""Converters of released weights to the names of our and upstream's networks, one file per source."""
