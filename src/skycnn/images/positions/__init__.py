"""Positions of a catalogue's rows: columns recognised by name, UCD and unit, converted to ICRS or pixels."""
