"""Tables of scores and of methods, what has been published, and the store of measured results."""
