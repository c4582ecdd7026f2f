"""Parts of networks; torch and numpy alone, no registry."""
