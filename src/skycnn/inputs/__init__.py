"""What a network is fed, found in a catalogue and its images: one file a kind of input."""
