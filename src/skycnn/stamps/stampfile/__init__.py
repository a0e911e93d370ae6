"""The stamp file: written as a stream, resumed after a kill, read back as a cube."""
