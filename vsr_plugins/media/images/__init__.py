"""Read and encode single images."""
