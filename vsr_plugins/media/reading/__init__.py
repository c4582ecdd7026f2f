"""Read the frames of videos, animations and sequences of images, with their times and cuts."""
