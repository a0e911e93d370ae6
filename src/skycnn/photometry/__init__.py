"""Which columns of a catalogue are which band, in which unit; ``fluxes.py`` is the entry point."""
