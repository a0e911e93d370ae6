"""The sky as mocks need it: what galaxies are, how they are seen, what noise does; knows no file and no network."""
