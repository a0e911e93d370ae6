"""What column names and units tell of photometry; ``fluxes.py`` is the door."""
