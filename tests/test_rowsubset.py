"""Some rows of a table as a table of their own: bytes as they are, heap and sums too."""

import numpy as np
import pytest
from astropy.io import fits

import hardcase
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.rowsubset import subset


@pytest.mark.parametrize("numbers", [[3], [0, 1, 2, 40], [7, 3, 49], list(range(50)), []])
def test_rows_are_those_asked_for(hard, monkeypatch, numbers):
    monkeypatch.setattr("skycnn.fits.rowsubset.READ_BYTES", 700)
    with (
        Catalogue.open(str(hard), str(hardcase.NUMBER)) as whole,
        subset(whole, np.array(numbers, np.int64)) as some,
    ):
        names = [column.name for column in whole.columns if column.name and column.single]
        assert (some.rows, some.label, some.names) == (len(numbers), whole.label, whole.names)
        old = np.concatenate([rows for _, rows in whole.packed_chunks(names)])
        new = [rows for _, rows in some.packed_chunks(names)]
        assert np.array_equal(np.concatenate(new) if new else old[:0], old[numbers])
        some.source.file.seek(0)
        octets = some.source.file.read()
    (hard.parent / "some.fits").write_bytes(octets)
    with fits.open(hard) as one, fits.open(hard.parent / "some.fits", checksum=True) as two:
        spectra = one[hardcase.NUMBER].data["SPECTRUM"]  # in the heap
        for got, number in zip(two[1].data["SPECTRUM"], numbers, strict=True):
            assert np.array_equal(got, spectra[number])
