"""Kinds of input: a file each, with its sound bases and how it is mutated."""
