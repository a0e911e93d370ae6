"""Stamps centred on catalogue rows, whatever they come from; ``stampsource.py`` is the door."""
