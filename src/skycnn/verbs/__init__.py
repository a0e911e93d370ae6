"""What the verbs do: one plain function each, usable from Python."""
