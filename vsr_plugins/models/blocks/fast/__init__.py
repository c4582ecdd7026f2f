"""The same mathematics as the blocks, arranged for speed."""
