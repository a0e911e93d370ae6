"""Images of a sky area as one source of stamps: footprints, placement of rows, cutting, resampling."""
