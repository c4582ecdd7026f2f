"""Building blocks of networks: torch and numpy only, no registry."""
