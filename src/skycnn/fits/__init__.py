"""FITS as bytes: cards, tables, the splice of new columns, output, provenance; how stamps lie in a file."""
