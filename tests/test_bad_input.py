"""Bad input: one clear line, the right exit code, every file as it was, nothing left lying about."""

import bz2
import gzip
import os
import pty
import re
import sys

import numpy as np
import pytest
from astropy.io import fits

from sdsslike import column, snapshot, table, write
from skycnn.schema import Flag

CASES = {}


def case(what, hint="", code=2):
    """Register a function of a folder that returns a command line, and what must be said about it."""

    def register(function):
        CASES[function.__name__] = (function, what, hint, code)
        return function

    return register


@case(r"cat\.fits does not exist$")
def missing(folder):
    return [folder / "cat.fits"]


@case(r"cta\.fits does not exist$", r"Did you mean .*cat\.fits\?")
def misspelt(folder):
    write(folder / "cat.fits")
    return [folder / "cta.fits"]


@case("is a folder")
def folder_as_catalogue(folder):
    (folder / "cat.fits").mkdir()
    return [folder / "cat.fits"]


@case("is a pipe or a device", "--out")
def pipe_in_place(folder):
    os.mkfifo(folder / "cat.fits")
    return [folder / "cat.fits"]


@case("cat.fits is empty")
def empty(folder):
    (folder / "cat.fits").touch()
    return [folder / "cat.fits"]


def foreign(folder, name, content):
    (folder / name).write_bytes(content)
    return [folder / name]


@case("is text, not FITS", "stilts tcopy ifmt=ascii in=.*cat.txt")
def text(folder):
    return foreign(folder, "cat.txt", b"id u g r\n1 19.2 18.1 17.5\n")


@case("is CSV, not FITS", "stilts tcopy ifmt=csv in=.*cat.csv out=.*cat.fits")
def csv(folder):
    return foreign(folder, "cat.csv", b"id,u,g,r\n1,19.2,18.1,17.5\n")


@case("is Parquet, not FITS", "stilts tcopy ifmt=parquet")
def parquet(folder):
    return foreign(folder, "cat.parquet", b"PAR1\x15\x04\x15\x10" + bytes(90) + b"PAR1")


@case("is VOTable.*, not FITS", "stilts tcopy ifmt=votable")
def votable(folder):
    return foreign(folder, "cat.vot", b'<?xml version="1.0"?>\n<VOTABLE version="1.4"></VOTABLE>\n')


@case("is HDF5, not FITS", "astropy.table")
def hdf5(folder):
    return foreign(folder, "cat.h5", b"\x89HDF\r\n\x1a\n" + bytes(100))


@case("is no FITS file", "")
def noise(folder):
    return foreign(folder, "cat.fits", bytes(range(128, 256)) * 40)


@case("the header has no END card", "fitsverify")
def truncated_in_header(folder):
    content = write(folder / "cat.fits").read_bytes()
    (folder / "cat.fits").write_bytes(content[: 2880 + 1000])
    return [folder / "cat.fits"]


@case(r"cat\.fits\[1\] is truncated", "fitsverify")
def truncated_in_data(folder):
    content = write(folder / "cat.fits", table(500)).read_bytes()
    (folder / "cat.fits").write_bytes(content[:-3000])
    return [folder / "cat.fits"]


def lying(folder, rows):
    content = write(folder / "cat.fits", table(500)).read_bytes()
    (folder / "cat.fits").write_bytes(content.replace(f"{500:>20}".encode(), f"{rows:>20}".encode(), 1))
    return [folder / "cat.fits"]


@case("truncated or its header lies", "fitsverify")
def header_promises_more_rows(folder):
    return lying(folder, 5000)


@case("bytes follow its last row", "lies about its rows")
def header_promises_fewer_rows(folder):
    return lying(folder, 100)


@case("NAXIS2 is unreadable")
def header_promises_minus_one_row(folder):
    return lying(folder, -1)


@case("corrupt gz archive")
def corrupt_gz(folder):
    content = gzip.compress(write(folder / "cat.fits").read_bytes())
    (folder / "cat.fits.gz").write_bytes(content[: len(content) // 2])
    return [folder / "cat.fits.gz"]


@case("corrupt bz2 archive")
def corrupt_bz2(folder):
    content = bytearray(bz2.compress(write(folder / "cat.fits").read_bytes()))
    content[len(content) // 2] ^= 255
    (folder / "cat.fits.bz2").write_bytes(content)
    return [folder / "cat.fits.bz2"]


@case("has no table", "0 .*image")
def no_table(folder):
    write(folder / "cat.fits", fits.ImageHDU(np.zeros((4, 4), ">f4")))
    return [folder / "cat.fits"]


@case("several tables with the columns needed: 1 A .*, 2 B", r"'.*cat\.fits\[A\]'")
def two_tables(folder):
    write(folder / "cat.fits", fits.BinTableHDU(table(), name="A"), fits.BinTableHDU(table(), name="B"))
    return [folder / "cat.fits"]


@case("has no HDU 'C'", "It has: .*1 A")
def no_such_hdu(folder):
    write(folder / "cat.fits", fits.BinTableHDU(table(), name="A"))
    return [f"{folder / 'cat.fits'}[C]"]


@case("has no HDU '7'")
def no_such_number(folder):
    write(folder / "cat.fits")
    return [folder / "cat.fits", "--hdu", "7"]


@case(r"cat\.fits\[0\] is an? image, no table")
def image_as_table(folder):
    write(folder / "cat.fits")
    return [f"{folder / 'cat.fits'}#0"]


@case("names table 'A' and --hdu 'B'")
def two_names_for_a_table(folder):
    write(folder / "cat.fits", fits.BinTableHDU(table(), name="A"))
    return [f"{folder / 'cat.fits'}[A]", "--hdu", "B"]


@case("is an ASCII table", "stilts tcopy")
def ascii_table(folder):
    names = [f"{stem}_{band}" for band in "ugriz" for stem in ("modelMag", "modelMagErr")]
    columns = [fits.Column(name, "E15.7", array=[18.0]) for name in names]
    write(folder / "cat.fits", fits.TableHDU.from_columns(columns))
    return [folder / "cat.fits"]


@case(r"has no column 'NOPE'", "It has: OBJID")
def wrong_column(folder):
    write(folder / "cat.fits")
    return [folder / "cat.fits", "--band", "r=NOPE"]


@case("column 'KIND' holds text", "--band r=COLUMN")
def string_column(folder):
    write(folder / "cat.fits", table(KIND=np.full(50, "galaxy")))
    return [folder / "cat.fits", "--band", "r=KIND", "--error", "r=modelMagErr_r"]


@case("column 'APERTURES' holds 3 numbers a row", r"APERTURES\[0\]")
def vector_column(folder):
    write(folder / "cat.fits", table(APERTURES=np.ones((50, 3), ">f4")))
    return [folder / "cat.fits", "--band", "r=APERTURES", "--error", "r=modelMagErr_r"]


@case("--band names a band that standin-sdss-flux has not: 'x' .expected u g r i z")
def band_that_no_model_has(folder):
    write(folder / "cat.fits")
    return [folder / "cat.fits", "--band", "x=modelMag_r"]


@case("no column.*needs u g r i z", "--band .*It has: OBJID, modelMag_r")
def one_band(folder):
    write(folder / "cat.fits", table(bands="r"))
    return [folder / "cat.fits"]


@case("too few bands.*2 of its 5 bands, without u i z", "--model standin-sdss-flux")
def two_bands_of_five(folder):
    write(folder / "cat.fits", table(bands="gr"))
    return [folder / "cat.fits"]


@case("no column.*needs u g r i z", "It has: RA, DEC")
def no_photometry(folder):
    write(folder / "cat.fits", np.zeros(5, [("RA", ">f8"), ("DEC", ">f8")]))
    return [folder / "cat.fits"]


@case("has auto photometry twice: MAG_AUTO_u .* and u_MAG_AUTO", r"--photometry 'MAG_AUTO_\*' or .*'\*_MAG_AUTO'")
def ambiguous_columns(folder):
    names = [(f"{stem}_{band}", ">f4") for band in "ugriz" for stem in ("MAG_AUTO", "MAGERR_AUTO")]
    names += [(f"{band}_{stem}", ">f4") for band in "ugriz" for stem in ("MAG_AUTO", "MAGERR_AUTO")]
    write(folder / "cat.fits", np.ones(5, names))
    return [folder / "cat.fits"]


@case("--unit r is not understood: 'parsec' .expected nmgy")
def unknown_unit(folder):
    write(folder / "cat.fits")
    return [folder / "cat.fits", "--unit", "r=parsec"]


@case("no standin model was trained for survey 'hsc'.*standin-sdss-flux \\(sdss\\)", "--model")
def another_survey(folder):
    write(folder / "cat.fits")
    return [folder / "cat.fits", "--survey", "HSC"]


@case("no standin model was trained for survey 'hsc'", "--model")
def another_survey_by_card(folder):
    write(folder / "cat.fits", table(), SURVEY="HSC")
    return [folder / "cat.fits"]


@case("no model 'standin-hsc-flux'", "Installed: .*standin-sdss-flux")
def unknown_model(folder):
    write(folder / "cat.fits")
    return [folder / "cat.fits", "--model", "standin-hsc-flux"]


@case("has 996 columns; 5 more exceed the 999")
def too_many_columns(folder):
    write(folder / "cat.fits", table(**{f"C{i}": np.zeros(50, "u1") for i in range(985)}))
    return [folder / "cat.fits"]


@case("has a column 'Z_PHOT' already, and no record that skycnn wrote it", "--overwrite .*--suffix")
def name_exists(folder):
    write(folder / "cat.fits", table(Z_PHOT=np.ones(50, ">f4")))
    return [folder / "cat.fits"]


@case("has a column 'z_phot_lo' already", "--overwrite")
def name_exists_in_another_case(folder):
    write(folder / "cat.fits", table(z_phot_lo=np.ones(50, ">f4")))
    return [folder / "cat.fits"]


@case(r"column 'Z_PHOT' is D \(expected E,", "--suffix")
def overwrite_onto_another_type(folder):
    write(folder / "cat.fits", table(Z_PHOT=np.ones(50, ">f8")))
    return [folder / "cat.fits", "--overwrite"]


@case(r"column 'Z_PHOT' is 3E TDIM \(3\) \(expected E,", "--suffix")
def overwrite_onto_a_vector(folder):
    write(folder / "cat.fits", table(Z_PHOT=np.ones((50, 3), ">f4")))
    return [folder / "cat.fits", "--overwrite"]


@case("--suffix 'Z=' cannot be part of a column name", "")
def odd_suffix(folder):
    write(folder / "cat.fits")
    return [folder / "cat.fits", "--suffix", "Z="]


@case("the folder of .*cat.fits is read-only", "chmod u.w .*--out")
def read_only_folder(folder):
    write(folder / "cat.fits")
    folder.chmod(0o555)
    return [folder / "cat.fits"]


@case(r"cat\.fits is read-only|cannot be written", "--out")
def read_only_file(folder):
    write(folder / "cat.fits").chmod(0o444)
    return [folder / "cat.fits"]


@case("hard link", "--detach .*--out")
def hard_link(folder):
    os.link(write(folder / "cat.fits"), folder / "twin.fits")
    return [folder / "cat.fits"]


@case(r"new\.fits exists", "--overwrite")
def out_exists(folder):
    (folder / "new.fits").touch()
    return [write(folder / "cat.fits"), "--out", folder / "new.fits"]


@case("is the input itself", "Leave --out away")
def out_is_the_input(folder):
    return [write(folder / "cat.fits"), "--out", folder / "cat.fits", "--overwrite"]


@case("the folder of .* does not exist", "mkdir -p")
def out_in_no_folder(folder):
    return [write(folder / "cat.fits"), "--out", folder / "no" / "new.fits"]


@case("is a folder")
def out_is_a_folder(folder):
    (folder / "new.fits").mkdir()
    return [write(folder / "cat.fits"), "--out", folder / "new.fits"]


@case("the folder of .* is read-only")
def out_in_a_read_only_folder(folder):
    (folder / "locked").mkdir(mode=0o555)
    return [write(folder / "cat.fits"), "--out", folder / "locked" / "new.fits"]


@case("is the catalogue itself")
def provenance_over_the_catalogue(folder):
    return [write(folder / "cat.fits"), "--provenance", folder / "cat.fits", "--overwrite"]


@case("exists, and was not written by skycnn", "--overwrite")
def provenance_over_something_else(folder):
    (folder / "notes.json").write_text('{"mine": true}')
    return [write(folder / "cat.fits"), "--provenance", folder / "notes.json"]


@case("does not exist", "mkdir -p")
def provenance_in_no_folder(folder):
    return [write(folder / "cat.fits"), "--provenance", folder / "no" / "run.json"]


@case("--json and the catalogue cannot both go to standard output", "--out")
def json_into_the_catalogue(folder):
    return [write(folder / "cat.fits"), "--json", "--out", "-"]


@case("several catalogues", "--out")
def several_into_one(folder):
    return [write(folder / "cat.fits"), write(folder / "dog.fits"), "--out", folder / "new.fits"]


@case("--rows 5:2 is no range of rows", "--rows 0:100")
def rows_backwards(folder):
    return [write(folder / "cat.fits"), "--rows", "5:2"]


@case("--rows begins at 90, and .* has 50 rows")
def rows_beyond_the_end(folder):
    return [write(folder / "cat.fits"), "--rows", "90:100"]


@case("--only-new keeps the answers that --overwrite replaces")
def only_new_and_overwrite(folder):
    return [write(folder / "cat.fits"), "--only-new", "--overwrite"]


@case("--device abacus is not known .expected cpu")
def unknown_device(folder):
    return [write(folder / "cat.fits"), "--device", "abacus"]


@case("--batch")
def batch_of_none(folder):
    return [write(folder / "cat.fits"), "--batch", "0"]


@case("has no option --overwirte", "Did you mean --overwrite")
def misspelt_option(folder):
    return [write(folder / "cat.fits"), "--overwirte"]


@case("has no column 'NOPE'", "--bad 'COLUMN != 0'. It has: OBJID")
def condition_on_no_column(folder):
    return [write(folder / "cat.fits"), "--bad", "NOPE != 0"]


@pytest.fixture(params=CASES)
def bad(request, tmp_path):
    make, what, hint, code = CASES[request.param]
    words = make(tmp_path)
    yield words, what, hint, code
    tmp_path.chmod(0o755)


def test_bad_input_is_one_line_and_touches_nothing(bad, ask, tmp_path):
    words, what, hint, code = bad
    before = snapshot(tmp_path)
    said = ask(*words)
    told, *rest = said.err.splitlines()
    assert said.code == code
    assert said.out == b"" or ("--json" in words and said.out.startswith(b'{"error": '))
    assert re.match(f"skycnn: error: .*{what}", told)
    assert len(rest) <= 1
    assert all(line.startswith("hint: ") for line in rest)
    assert re.search(hint, "".join(rest))
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("closed", [True, False], ids=["closed", "a terminal"])
def test_no_catalogue_on_standard_input(closed, ask, tmp_path, monkeypatch):
    stream = None
    if not closed:
        parent, child = pty.openpty()
        stream = os.fdopen(child)
    monkeypatch.setattr(sys, "stdin", stream)
    said = ask("-", "--out", tmp_path / "new.fits")
    if stream is not None:
        stream.close()
        os.close(parent)
    assert (said.code, list(tmp_path.iterdir())) == (2, [])
    told = "is closed" if closed else "is a terminal"
    assert said.err.startswith(f"skycnn: error: standard input {told} (expected a FITS catalogue)\n")


def test_binary_to_a_terminal_is_refused(ask, tmp_path, monkeypatch):
    cat = write(tmp_path / "cat.fits")
    before = snapshot(tmp_path)
    parent, child = pty.openpty()
    os.set_blocking(child, False)
    with os.fdopen(child, "w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        said = ask(cat, "--out", "-")
        monkeypatch.undo()
    os.close(parent)
    assert (said.code, said.out) == (2, b"")
    assert said.err.splitlines()[0] == "skycnn: error: binary FITS to a terminal is refused"
    assert snapshot(tmp_path) == before


def test_somebody_else_s_file_in_a_sticky_folder_cannot_be_replaced(ask, tmp_path, monkeypatch):
    """As /tmp is: everybody may make files, and write into this one, but only its owner may rename over it."""
    cat = write(tmp_path / "cat.fits")
    tmp_path.chmod(0o1777)
    before = snapshot(tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    said = ask(cat, "-q", "--detach")
    assert said.code == 2
    told, hint = said.err.splitlines()
    assert re.match(r"skycnn: error: .*cat\.fits is another user's, in a folder where only owners replace", told)
    assert hint == "hint: --out FILE writes elsewhere."
    assert snapshot(tmp_path) == before


def test_standard_input_that_is_no_fits(ask, tmp_path, monkeypatch):
    (tmp_path / "cat.csv").write_text("id,u,g\n1,2,3\n")
    with open(tmp_path / "cat.csv") as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        said = ask("-")
    assert (said.code, said.out) == (2, b"")
    assert said.err.startswith("skycnn: error: standard input is CSV, not FITS\n")


def test_unknown_task_names_the_tasks(ask, tmp_path):
    cat = write(tmp_path / "cat.fits")
    before = snapshot(tmp_path)
    said = ask(cat, task="standing")
    assert said.code == 2
    told, hint = said.err.splitlines()
    assert "no task 'standing'" in told
    assert "photoz" in told
    assert hint == "hint: Did you mean --task standin?"
    assert snapshot(tmp_path) == before


def test_every_case_is_quiet_with_q_but_for_the_error(ask, tmp_path):
    said = ask(tmp_path / "cat.fits", "-q")
    assert (said.code, said.err) == (2, f"skycnn: error: {tmp_path / 'cat.fits'} does not exist\n")


def test_no_traceback_without_traceback(ask, tmp_path):
    assert "Traceback" not in ask(tmp_path / "cat.fits").err
    assert "Traceback" in ask(tmp_path / "cat.fits", "--traceback").err


# Not errors: rows without an answer are flagged, a table without rows gets its columns, a bad checksum is a warning.


def test_rows_without_numbers_are_flagged_not_refused(ask, tmp_path):
    content = table(6)
    for name in content.dtype.names[1:]:
        content[name][:4] = np.nan
    cat = write(tmp_path / "cat.fits", content)
    assert ask(cat).code == 0
    assert column(cat, "Z_PHOT_FLAG")[:4].tolist() == [Flag.TOO_FEW_BANDS] * 4
    assert np.isnan(column(cat, "Z_PHOT")[:4]).all()
    assert np.isfinite(column(cat, "Z_PHOT")[4:]).all()


def test_a_table_of_nothing_but_nan_is_answered_with_nothing(ask, tmp_path):
    content = table(6)
    for name in content.dtype.names[1:]:
        content[name] = np.nan
    said = ask(write(tmp_path / "cat.fits", content))
    assert said.code == 0
    assert "0 of 6 rows answered" in said.err
    assert "6 too few bands" in said.err


def test_a_table_without_rows_gets_the_columns(ask, tmp_path):
    cat = write(tmp_path / "cat.fits", table(0))
    assert ask(cat).code == 0
    assert len(column(cat, "Z_PHOT")) == 0
    assert len(column(cat, "Z_PHOT_FLAG")) == 0
    assert ask(cat).err.endswith("nothing to do\n")


@pytest.mark.parametrize("where", ["data", "header"])
def test_a_corrupt_checksum_is_a_warning(ask, tmp_path, where):
    cat = write(tmp_path / "cat.fits", table(), checksum=True, EXTNAME="GALAXIES")
    content = bytearray(cat.read_bytes())
    place = len(content) - 2880 + 5 if where == "data" else content.index(b"GALAXIES")
    content[place] ^= 1
    cat.write_bytes(content)
    said = ask(cat)
    assert said.code == 0
    told = [line for line in said.err.splitlines() if line.startswith("skycnn: warning: ")]
    assert len(told) == 1
    assert ("DATASUM" if where == "data" else "CHECKSUM") in told[0]
    with fits.open(cat, checksum=True) as units:  # a warning is an error: the sums are right again
        assert len(units[1].data) == 50
