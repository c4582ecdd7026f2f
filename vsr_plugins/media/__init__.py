"""Files in and out: videos and images as arrays of pixels. No network is known here."""
