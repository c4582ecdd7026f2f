"""Released weights of other implementations under the names of our and upstream networks: one file a source."""
