"""FitsFile: only what looks like DEEPMERGE's files is opened as one."""

import sys

import numpy as np
import pytest
from astropy.io import fits

from skycnn.errors import InputError
from skycnn.fits.fitsfile import open_fits
from skycnn.fits.source import Spec


def labelled(path, *units):
    """Write stamps and labels, and other units."""
    stamps, labels = fits.PrimaryHDU(np.ones((2, 3, 4, 4), ">f4")), fits.ImageHDU(np.array([0, 1]), name="MergerLabels")
    fits.HDUList([stamps, labels, *units]).writeto(path)
    return Spec(str(path), None)


def test_labels_become_a_table(tmp_path):
    source, units = open_fits(labelled(tmp_path / "a.fits"), str(tmp_path))
    with source.file:
        assert [unit.kind for unit in units] == ["image", "image", "table"]
        assert source.path == str(tmp_path / "a.fits")


def test_other_files_are_opened_as_they_are(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "skycnn.fits.stamplayout.deepmerge", None)  # an import of it fails
    table = fits.BinTableHDU.from_columns([fits.Column("A", "J", array=[1, 2])])
    source, units = open_fits(labelled(tmp_path / "a.fits", table))
    with source.file:
        assert [unit.kind for unit in units] == ["image", "image", "table"]
        assert source.size == (tmp_path / "a.fits").stat().st_size


def test_an_array_that_is_no_stamps_is_refused(tmp_path):
    np.save(tmp_path / "a-x.npy", np.zeros(3))
    with pytest.raises(InputError, match=r"of shape \(3,\)"):
        open_fits(Spec(str(tmp_path / "a-x.npy"), None))
