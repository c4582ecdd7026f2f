"""Tables of scores and of methods, published numbers, and a cache of measured results."""
