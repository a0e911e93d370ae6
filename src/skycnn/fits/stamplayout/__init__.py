"""Layouts of stamps in a file: their header, plain and compressed planes, and those published by others."""
