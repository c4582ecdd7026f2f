"""From a trained model to frames and files."""
