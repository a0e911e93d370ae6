"""Stamps centred on catalogue rows, from any source; ``stampsource.py`` is the entry point."""
