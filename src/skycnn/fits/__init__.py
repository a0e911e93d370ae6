"""FITS input and output: the only room that touches files of the sky."""
