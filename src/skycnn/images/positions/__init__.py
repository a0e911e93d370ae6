"""Where a catalogue's rows are: columns found by name, UCD and unit, brought to ICRS or to pixels."""
