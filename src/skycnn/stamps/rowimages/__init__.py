"""An image a row, by file name or URL, as a source of stamps."""
