"""Foreign formats: named, with the command that converts them."""

import shlex
import shutil
import subprocess
import sys

import numpy as np
import pytest
from astropy.table import Table

from skycnn.errors import InputError
from skycnn.fits.foreign import check_fits, votable_note

FOREIGN = [
    (b"PAR1\x15\x04", "Parquet", "stilts tcopy ifmt=parquet"),
    (b'<?xml version="1.0"?>\n<VOTABLE version="1.4">', "VOTable or other XML", "stilts tcopy ifmt=votable"),
    (b"\n <VOTABLE>", "VOTable", "stilts tcopy ifmt=votable"),
    (b"\x89HDF\r\n\x1a\n", "HDF5", "astropy"),
    (b"# %ECSV 1.0\n", "ECSV", "astropy"),
    (b"RA,DEC,u,g\n1,2,3,4\n", "CSV", "stilts tcopy ifmt=csv"),
    (b"# RA DEC\n1 2\n", "text", "stilts tcopy ifmt=ascii"),
    (b"hello", "text", "stilts"),
    (b"\xfd7zXZ\x00", "xz", "xz -d"),
    (b"\x28\xb5\x2f\xfd", "zstd", "zstd -d"),
    (b"PK\x03\x04", "zip", "unzip"),
    (b"\x1f\x9d\x90", "a .Z archive", "uncompress"),
]


@pytest.mark.parametrize(("octets", "name", "command"), FOREIGN)
def test_other_formats_are_named_and_the_command_that_converts_them(octets, name, command):
    with pytest.raises(InputError, match=rf"my cat\.dat is {name}, not FITS") as told:
        check_fits(octets, "my cat.dat")
    assert told.value.hint.startswith("Convert it first: ")
    assert command in told.value.hint
    assert any("my cat.dat" in word for word in shlex.split(told.value.hint))


@pytest.mark.parametrize(
    ("octets", "name", "hint"),
    [
        (b"\n<!DOCTYPE html><html>Not found</html>", "an HTML page", "fetch the file again"),
        (b"<HTML><body>Busy, try again</body>", "an HTML page", "fetch the file again"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n", "a Git LFS pointer", "git lfs pull"),
    ],
)
def test_what_comes_in_place_of_a_file(octets, name, hint):
    with pytest.raises(InputError, match=rf"a\.fits is {name}, not FITS") as told:
        check_fits(octets, "a.fits")
    assert hint in told.value.hint


def test_the_command_does_not_overwrite_what_it_reads():
    with pytest.raises(InputError) as told:
        check_fits(b"RA,DEC\n1,2\n", "cat.fits")
    words = shlex.split(told.value.hint)
    assert "in=cat.fits" in words and "out=cat-table.fits" in words


@pytest.mark.parametrize("octets", [b"\x00\x01\x02\x03", b"SIMPLX  = \xff", b"\x93NUMPY\x01\x00", b"caf\xe9"])
def test_anything_else_is_no_fits(octets):
    with pytest.raises(InputError, match="cat is no FITS file"):
        check_fits(octets, "cat")


def test_fits_is_fits_and_nothing_is_empty():
    check_fits(b"SIMPLE  =                    T", "cat")
    with pytest.raises(InputError, match="cat is empty"):
        check_fits(b"", "cat")


@pytest.mark.skipif(shutil.which("stilts") is None, reason="STILTS is not installed")
@pytest.mark.parametrize("kind", ["ascii.csv", "votable", "ascii.ecsv", "ascii.commented_header"])
def test_the_command_converts(tmp_path, kind):
    path = tmp_path / "my cat.dat"
    Table({"a": np.arange(3), "b": [0.5, 1.5, 2.5]}).write(path, format=kind)
    with pytest.raises(InputError, match="not FITS") as told:
        check_fits(path.read_bytes()[:2880], str(path))
    words = shlex.split(told.value.hint.removeprefix("Convert it first: "))
    words = [sys.executable, *words[1:]] if words[0] == "python" else words
    subprocess.run(words, cwd=tmp_path, check=True, capture_output=True, timeout=60)
    assert Table.read(tmp_path / "my cat.fits")["b"].tolist() == [0.5, 1.5, 2.5]


def test_the_votable_of_topcat_is_told_with_the_line_that_mends_it():
    assert votable_note({}, ["Z_PHOT"], "a.fits") is None
    assert votable_note({"VOTMETA": "T"}, ["Z_PHOT"], "a.fits") is None
    assert votable_note({"VOTMETA": True}, ["Z_PHOT"], "my a.fits").endswith(
        "A new one: stilts tcopy in='my a.fits' ofmt=fits-plus out='my a-plus.fits'"
    )
    assert votable_note({"VOTMETA": True}, ["Z_PHOT", "FLAG"], "a.fits", "b/c.fits").endswith(
        "This keeps them: stilts tjoin nin=2 in1=a.fits in2=b/c.fits icmd2='keepcols \"Z_PHOT FLAG\"' ofmt=fits-plus "
        "out=c-plus.fits"
    )


@pytest.mark.skipif(shutil.which("stilts") is None, reason="STILTS is not installed")
def test_that_line_keeps_the_descriptions(tmp_path):
    Table({"a": np.arange(3)}).write(tmp_path / "t.fits")
    Table({"a": np.arange(3), "Z_PHOT": np.arange(3.0)}).write(tmp_path / "new.fits")
    long = "a description that is longer than a card of a header can hold, for it has more than eighty characters"
    run = {"cwd": tmp_path, "check": True, "capture_output": True, "timeout": 60}
    command = ["stilts", "tpipe", "in=t.fits", f"cmd=colmeta -desc '{long}' a", "ofmt=fits-plus", "out=plus.fits"]
    subprocess.run(command, **run)
    note = votable_note({"VOTMETA": True}, ["Z_PHOT"], "plus.fits", "new.fits")
    subprocess.run(shlex.split(note[note.index("stilts") :]), **run)
    subprocess.run(["stilts", "tcopy", "in=new-plus.fits", "out=new.vot"], **run)
    text = (tmp_path / "new.vot").read_text()
    assert long in text and "Z_PHOT" in text
