"""EarlierOutput: the file of --out as an earlier run left it, and anything else that it may hold."""

import re
import shutil

import numpy as np
import pytest
from astropy.io import fits

from sdsslike import snapshot, table
from skycnn.fits.earlieroutput import is_of


@pytest.fixture
def cat(tmp_path):
    """A table between images, with arrays of varying length."""
    columns = fits.BinTableHDU(table(40)).columns
    spectra = np.array([np.arange(i % 3, dtype="f4") for i in range(40)], object)
    unit = fits.BinTableHDU.from_columns([*columns, fits.Column("SPECTRUM", "PE()", array=spectra)])
    unit.header["HISTORY"] = "made by hand"
    path = tmp_path / "cat.fits"
    units = [fits.PrimaryHDU(np.ones((4, 4), "f4")), fits.ImageHDU(np.ones((5, 5))), unit, fits.ImageHDU(np.ones(9))]
    fits.HDUList(units).writeto(path, checksum=True)
    return path


@pytest.fixture
def twice(ask, tmp_path):
    """Write to --out, change something, and write there again; nothing may be touched by that."""

    def run(cat, change, first=(), second=None, out="new.fits"):
        out = tmp_path / out
        assert ask(cat, "--out", out, *first).code == 0
        change(cat, out)
        before = snapshot(tmp_path)
        said = ask(cat, "--out", out, *(first if second is None else second))
        assert snapshot(tmp_path) == before
        return said

    return run


def nothing(cat, out):
    pass


@pytest.mark.parametrize("words", [(), ("--table-only",), ("--rows", "3:20"), ("--pdf", "--suffix", "_A")], ids=str)
@pytest.mark.parametrize("name", ["new.fits", "new.fits.gz"])
def test_nothing_to_do_where_nothing_has_changed(ask, twice, cat, words, name):
    said = twice(cat, nothing, words, out=name)
    assert (said.code, said.err.count("\n")) == (0, 1)
    assert said.err.endswith(f"{name} holds these answers already (same model, options, photometry); nothing to do\n")
    said = ask(cat, "--out", cat.with_name(name), *words, "--dry-run")
    assert said.code == 0
    assert "holds these answers already: nothing would be done" in said.err


@pytest.mark.parametrize("before", [("--rows", "0:10"), ()], ids=["in part", "whole"])
def test_nothing_to_do_where_the_input_has_answers_too(ask, twice, cat, before):
    assert ask(cat, *before).code == 0
    assert "nothing to do" in twice(cat, nothing, ("--only-new",)).err


def test_marked_answers_are_told_again_and_again(ask, cat, tmp_path):
    assert ask(cat).code == 0
    with fits.open(cat, mode="update") as units:
        units[2].data["modelMag_r"][[3, 5]] += 1
    out = tmp_path / "new.fits"
    for _ in range(3):
        said = ask(cat, "--only-new", "--out", out)
        assert (said.code, "nothing to do" in said.err) == (3, False)
        assert f"2 rows of {out} hold answers of other photometry" in said.err


def image(cat, out):
    with fits.open(cat, mode="update") as units:
        units[3].data[3] = 7


def row(cat, out):
    with fits.open(cat, mode="update") as units:
        units[2].data["OBJID"][39] = 7


def magnitude(cat, out):
    with fits.open(cat, mode="update") as units:
        units[2].data["modelMag_r"][7] = 17


def heap(cat, out):
    with fits.open(cat, mode="update", memmap=False) as units:
        units[2].data["SPECTRUM"][1][:] = 5


def card(cat, out):
    with fits.open(cat, mode="update") as units:
        units[2].header["OBSERVER"] = "nobody"


def more(cat, out):
    with fits.open(cat, mode="append") as units:
        units.append(fits.ImageHDU(np.ones(3)))


def answer(cat, out):
    with fits.open(out, mode="update") as units:
        units[2].data["Z_PHOT"][7] = 0.5


def column(cat, out):
    with fits.open(out, memmap=False) as units:
        names = [name for name in units[2].columns.names if name != "Z_PHOT_ODDS"]
        new = fits.BinTableHDU.from_columns(fits.ColDefs([units[2].columns[name] for name in names]))
        for line in units[2].header["HISTORY"]:
            new.header["HISTORY"] = str(line)
        fits.HDUList([units[0].copy(), units[1].copy(), new]).writeto(out, overwrite=True)


def another(cat, out):
    """OUT is what was written of another catalogue with the same photometry."""
    with fits.open(out, memmap=False) as units:
        units.pop(1)
        units.writeto(out, overwrite=True)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (image, "the catalogue has changed"),
        (row, "the catalogue has changed"),
        (magnitude, "the catalogue has changed"),
        (heap, "the catalogue has changed"),
        (card, "the catalogue has changed"),
        (more, "the catalogue has changed"),
        (answer, "its answers have changed since 2023-11-14T22:13:20Z"),
        (column, "it has not all of Z_PHOT, Z_PHOT_LO, Z_PHOT_HI, Z_PHOT_ODDS, Z_PHOT_FLAG"),
        (another, "new.fits.*2"),
    ],
    ids=lambda part: getattr(part, "__name__", ""),
)
def test_what_has_changed_is_named_and_nothing_replaced(twice, cat, change, told):
    said = twice(cat, change)
    assert said.code == 2
    first, hint = said.err.splitlines()[-2:]
    assert first.startswith("skycnn: error: ") and "exists and holds other answers: " in first
    assert re.search(told, first)
    assert hint == "hint: --overwrite replaces it."


@pytest.mark.parametrize(
    ("second", "told"),
    [
        (("--rows", "0:10"), "other rows were asked for"),
        (("--bad", "OBJID < 5"), "bad not given then"),
        (("--unit", "r=mag"), "bands .* then, .* now"),
        (("--suffix", "_B"), "it has not all of Z_PHOT_B"),
    ],
)
def test_other_options_are_named(twice, cat, second, told):
    said = twice(cat, nothing, (), second)
    assert (said.code, bool(re.search(f"exists and holds other answers: .*{told}", said.err))) == (2, True)


def test_only_what_predict_wrote_is_an_earlier_output(ask, cat, tmp_path):
    assert not is_of(str(tmp_path / "none.fits"), "predict")
    assert not is_of(str(cat), "predict")
    (tmp_path / "text.fits").write_text("no FITS")
    assert not is_of(str(tmp_path / "text.fits"), "predict")
    shutil.copy(cat, tmp_path / "other.fits")
    said = ask(cat, "--out", tmp_path / "other.fits")
    assert (said.code, "other.fits exists\n" in said.err) == (2, True)
    assert ask(cat).code == 0
    assert is_of(str(cat), "predict")
    assert not is_of(str(cat), "cutout")
