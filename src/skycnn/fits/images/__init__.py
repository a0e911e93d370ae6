"""Images of the sky: files, pixels, world coordinates, footprints. ``fits/stamps.py`` is the door."""
