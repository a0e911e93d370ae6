"""Image files: their headers, pixels, world coordinates, units; where catalogue rows are in them."""
