"""Files of any kind: atomic replacement, locks, journals, scratch files."""
