"""What column names, units and flags tell of photometry; `fits.fluxes` is the door."""
