"""Mux encoded frames with the sound, subtitles, tags and cover of their source."""
