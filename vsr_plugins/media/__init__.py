"""Read and write videos and images as arrays of pixels; independent of any network."""
