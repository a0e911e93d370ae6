"""StampFile: stamps and their catalogue as a stream; whole or not there; a killed run's work is taken over."""

import errno
import gzip
import io
import os
import re
import shutil
import subprocess
import sys

import fitsio
import numpy as np
import pytest
from astropy.io import fits

import hardcase
import rawfits
import stamping
import standins
from extending import extend
from skycnn.errors import ChangedError, InputError, Interrupted, NoSpaceError, RunError
from skycnn.fits import catalogue, splice
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.provenance import parse
from skycnn.stamps.stampfile import partialfile
from skycnn.stamps.stampfile.cube import Cube

BANDS = ("g", "r")
VARIANTS = hardcase.VARIANTS | {"unpadded": {"last_padding": False}}


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Cross the borders of chunks; the same time in all runs."""
    monkeypatch.setattr(catalogue, "CHUNK", stamping.CHUNK)
    monkeypatch.setattr(splice, "CHUNK_BYTES", 3000)
    monkeypatch.setattr(partialfile, "RUN", 3)
    monkeypatch.setattr(partialfile, "READ_BYTES", 1500)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")


@pytest.fixture
def out(tmp_path):
    (tmp_path / "place").mkdir()
    return tmp_path / "place" / "stamps.fits"


def same(path, rows, bands=BANDS, side=6):
    """See that a file holds the made-up stamps of these rows."""
    rows = np.array(rows, int)
    with fits.open(path) as units:
        assert [unit.name for unit in units] == ["IMAGES", "CATALOGUE"]
        np.testing.assert_array_equal(units[0].data, stamping.pixels(rows, bands, side))
        table = units[1].data
        np.testing.assert_array_equal(table["DX"], stamping.rests(rows, bands)[:, 0, 0])
        np.testing.assert_array_equal(table["DY"], stamping.rests(rows, bands)[:, 0, 1])
        np.testing.assert_array_equal(table["FLAG"], np.where(rows % 5 == 0, 4, 0))


def left(out):
    return sorted(os.listdir(out.parent))


# ---- what is written


def test_every_stamp_stands_in_its_row(hard, out):
    stamping.cut(hard, out, facts={"PIXSCALE": 0.25, "BUNIT": "nmgy", "SURVEY": None})
    same(out, range(50))
    header = fits.getheader(out)
    assert (header["BANDS"], header["PIXSCALE"], header["BUNIT"]) == ("g r", 0.25, "nmgy")
    assert "SURVEY" not in header
    assert left(out) == ["stamps.fits"]


@pytest.mark.parametrize("name", VARIANTS)
def test_the_table_is_carried_byte_for_byte(tmp_path, out, name):
    before = hardcase.make(**VARIANTS[name])
    (tmp_path / "cat.fits").write_bytes(before)
    assert stamping.cut(tmp_path / "cat.fits", out)[1] == []
    after = out.read_bytes()
    (images, unit), rest = rawfits.units(after)
    assert rest == b""
    assert len(after) % 2880 == 0
    old = rawfits.units(before)[0][hardcase.NUMBER]
    lines = [card[8:].decode().rstrip() for card in unit.cards if card[:8] == b"HISTORY "]
    new = lines[lines.index(f"the table was {'OBJECTS' if VARIANTS[name].get('named', True) else 'nameless'!r}") :]
    pair = images.head + images.data + old.head + old.data, images.head + images.data + unit.head + unit.data
    rawfits.check_extended(*pair, 1, [8, 8, 4], new, (), ("EXTNAME",))
    assert unit.value("EXTNAME") == "CATALOGUE"
    assert rawfits.is_sound(unit)
    assert parse(lines)[-1].verb == "cutout"


@pytest.mark.parametrize("rows", [(0, 50), (0, 16), (16, 32), (5, 39), (49, 50), (7, 7), (3, None), (40, 999)])
def test_some_rows_alone(hard, out, rows):
    first, last = rows[0], min(50 if rows[1] is None else rows[1], 50)
    stamping.cut(hard, out, rows=(first, last))
    same(out, range(first, last))
    old, unit = rawfits.units(hard.read_bytes())[0][hardcase.NUMBER], rawfits.units(out.read_bytes())[0][1]
    wide = old.value("NAXIS1")
    assert [row[:wide] for row in unit.rows] == old.rows[first:last]
    assert unit.tail == old.tail
    assert rawfits.is_sound(unit)
    assert (f"rows {first}:{last} of it".encode() in unit.head) == ((first, last) != (0, 50))
    with fits.open(out) as units, fits.open(hard) as before:
        for name in ("SPECTRUM", "LIGHTCURVE", "UID", "WORDS", "BITS", "COMPLEX2"):
            for a, b in zip(units[1].data[name], before[hardcase.NUMBER].data[name][first:last], strict=True):
                np.testing.assert_array_equal(a, b)


def test_bands_that_lie_apart_have_columns_of_their_own(hard, out):
    stamping.cut(hard, out, apart=0.01, bands=("g", "F814W", "G"))
    names = ["DX", "DY", "DX_G_1", "DY_G_1", "DX_F814W", "DY_F814W", "DX_G_3", "DY_G_3", "FLAG"]
    with fits.open(out) as units:
        assert units[1].columns.names[-9:] == names
        assert units[1].columns["DX"].unit == "pixel"
    with Cube.open(str(out)) as cube:
        (batch,) = cube.batches(0, {}, np.ones(50, bool), bands=cube.bands, side=6)
        np.testing.assert_array_equal(batch.rests, stamping.rests(range(50), "grG", 0.01))


def test_a_difference_too_small_to_matter_makes_no_columns(hard, out):
    stamping.cut(hard, out, apart=0.0004)
    with fits.open(out) as units:
        assert units[1].columns.names[-3:] == ["DX", "DY", "FLAG"]


def test_columns_of_the_same_name_are_left_alone(hard, out, tmp_path):
    """A stamp file is a catalogue too: each time it is cut anew, its columns get another prefix, and the last count."""
    stamping.cut(hard, out, apart=0)
    for i, prefix in enumerate(("STAMP_", "STAMP2_"), 1):
        again = tmp_path / f"again{i}.fits"
        stamping.cut(out, again, bands=("g",), side=3)
        before, after = (fits.getdata(path, 1) for path in (out, again))
        assert list(after.names) == [*before.names, f"{prefix}DX", f"{prefix}DY", f"{prefix}FLAG"]
        np.testing.assert_array_equal(after["DX"], before["DX"])
        out = again
    content = bytearray(out.read_bytes())
    with fits.open(out) as units:
        at, wide = units.info(output=False) and units[1].fileinfo()["datLoc"], units[1].header["NAXIS1"]
    content[at + wide - 20 : at + wide - 12] = np.array([0.125], ">f8").tobytes()
    out.write_bytes(content)
    with Cube.open(str(out)) as cube:
        (batch,) = cube.batches(0, {}, np.ones(50, bool), bands=("g",), side=3)
    assert batch.rests[0, 0, 0] == 0.125


def test_rows_without_a_stamp_are_nan_and_not_holes(hard, out):
    stamping.cut(hard, out, without=[0, 3, 4, 49])
    with fits.open(out) as units:
        empty = np.isnan(units[0].data).all(axis=(1, 2, 3))
        assert np.flatnonzero(empty).tolist() == [0, 3, 4, 49]
        assert (units[1].data["FLAG"][empty] == 1024).all()
        assert np.isnan(units[1].data["DX"][empty]).all()


def test_long_facts_and_odd_numbers_are_valid_fits(hard, out):
    long = "a text that's longer than a card, " * 5
    bands = [letter * 19 + "'" for letter in "abcdefgh"]
    facts = {"PIXSCALE": 1e-7, "SURVEY": long.strip(), "N": True, "NOTHING": None, "INFINITE": np.inf}
    stamping.cut(hard, out, bands=bands, facts=facts, apart=0.1)
    header = fits.getheader(out)
    assert (header["PIXSCALE"], header["SURVEY"], header["N"]) == (1e-7, long.strip(), True)
    assert not {"NOTHING", "INFINITE"} & set(header)
    with Cube.open(str(out)) as cube:
        assert cube.bands == tuple(bands)
    if shutil.which("fitsverify"):
        assert verify(out).startswith("verification OK")


def test_warnings_of_a_catalogue_changed_without_its_checksum(hard, out):
    octets = bytearray(hard.read_bytes())
    unit = rawfits.units(bytes(octets))[0][hardcase.NUMBER]
    octets[octets.index(unit.data)] ^= 1
    hard.write_bytes(octets)
    (warning,) = stamping.cut(hard, out)[1]
    assert "DATASUM says" in warning
    assert stamping.cut(hard, out, rows=(1, 9), overwrite=True)[1] == []


@pytest.mark.parametrize("band", ["g r", "", "b" * 21, "\u00e9"])
def test_a_band_is_a_word(hard, out, band):
    with pytest.raises(InputError, match="a band's name"):
        stamping.cut(hard, out, bands=("i", band))
    assert left(out) == []


# ---- judged by others


def verify(path):
    return subprocess.run(["fitsverify", "-q", str(path)], capture_output=True, text=True, check=False).stdout


@pytest.mark.skipif(shutil.which("fitsverify") is None, reason="fitsverify is not installed")
@pytest.mark.parametrize("name", sorted(VARIANTS.keys() - {"strange"}))
def test_fitsverify_does_not_complain(tmp_path, out, name):
    (tmp_path / "cat.fits").write_bytes(hardcase.make(**VARIANTS[name]))
    stamping.cut(tmp_path / "cat.fits", out, apart=0.1)
    assert verify(out).startswith("verification OK"), verify(out)


@pytest.mark.skipif(shutil.which("stilts") is None, reason="STILTS is not installed")
def test_stilts_reads_the_catalogue(hard, out):
    stamping.cut(hard, out)
    names = "ID UID u NAME DX FLAG"
    words = ["stilts", "tpipe", f"in={out}#1", f"cmd=keepcols '{names}'", "ofmt=csv"]
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    found = [line.split(",") for line in ran.stdout.splitlines()[1:]]
    with fits.open(hard) as units:
        assert [row[1] for row in found] == [str(uid) for uid in units[hardcase.NUMBER].data["UID"].tolist()]
    np.testing.assert_allclose([float(row[4]) for row in found], stamping.rests(range(50), "g")[:, 0, 0])


def test_fitsio_reads_both(hard, out):
    stamping.cut(hard, out)
    np.testing.assert_array_equal(fitsio.read(str(out), ext=0), stamping.pixels(range(50), BANDS, 6))
    names = ["UID", "u", "MATRIX", "GOOD"]
    new, old = (fitsio.read(str(path), ext=ext, columns=names) for path, ext in ((out, 1), (hard, hardcase.NUMBER)))
    for name in names:
        np.testing.assert_array_equal(new[name], old[name])


def test_astropy_finds_the_checksum_right(hard, out):
    stamping.cut(hard, out)
    with fits.open(out, checksum=True) as units:
        assert len(units[1].data) == 50  # a warning would be an error


# ---- other outputs, other inputs


def test_standard_output_gets_the_same_bytes(hard, out, monkeypatch):
    stamping.cut(hard, out)

    class Pipe:
        closed, buffer = False, io.BytesIO()

        def isatty(self):
            return False

    monkeypatch.setattr(sys, "stdout", Pipe())
    stamping.cut(hard, "-")
    assert Pipe.buffer.getvalue() == out.read_bytes()


def test_a_packed_output(hard, out):
    stamping.cut(hard, out)
    stamping.cut(hard, f"{out}.gz")
    assert gzip.decompress((out.parent / "stamps.fits.gz").read_bytes()) == out.read_bytes()
    assert left(out) == ["stamps.fits", "stamps.fits.gz"]


def test_an_ascii_table_becomes_a_binary_one(tmp_path, out):
    columns = [fits.Column("ID", "I6", array=np.arange(20)), fits.Column("u", "E14.6", array=np.arange(20.0))]
    fits.HDUList([fits.PrimaryHDU(), fits.TableHDU.from_columns(columns)]).writeto(tmp_path / "a.fits")
    stamping.cut(tmp_path / "a.fits", out)
    same(out, range(20))
    np.testing.assert_array_equal(fits.getdata(out, 1)["u"], np.arange(20.0))


def test_an_existing_output_keeps_its_mode(hard, out):
    out.write_bytes(b"old")
    out.chmod(0o640)
    with pytest.raises(InputError, match="exists"):
        stamping.cut(hard, out)
    stamping.cut(hard, out, overwrite=True)
    same(out, range(50))
    assert out.stat().st_mode & 0o777 == 0o640


def test_a_new_output_is_readable_as_the_umask_says(hard, out):
    old = os.umask(0o027)
    try:
        stamping.cut(hard, out)
    finally:
        os.umask(old)
    assert out.stat().st_mode & 0o777 == 0o640


def test_predict_extends_the_catalogue_of_a_stamp_file_in_place(hard, out):
    stamping.cut(hard, out)
    before = out.read_bytes()
    assert extend(out) == 50
    after = out.read_bytes()
    lines = [card[8:].decode().rstrip() for card in rawfits.units(after)[0][1].cards if card[:8] == b"HISTORY "]
    start = max(i for i, line in enumerate(lines) if re.match(r"skycnn  \d", line))
    unit = rawfits.check_extended(before, after, 1, [4, 4, 4, 4], lines[start:])
    assert rawfits.is_sound(unit)
    assert extend(out) is None
    with Cube.open(str(out)) as cube, Catalogue.open(str(out)) as table:
        cube.check(table)


# ---- stopped and resumed

KEPT = [".stamps.fits.skycnn-journal", ".stamps.fits.skycnn-partial"]


@pytest.mark.parametrize("error", [Interrupted(2), KeyboardInterrupt()], ids=["signal", "keyboard"])
@pytest.mark.parametrize(
    ("word", "number", "taken"),
    [("write", 1, 0), ("write", 2, 0), ("done", 1, 0), ("write", 5, 16), ("done", 3, 32), ("finish", 1, 50)],
)
def test_a_stopped_run_resumes_to_the_same_bytes(hard, tmp_path, out, error, word, number, taken):
    stamping.cut(hard, tmp_path / "whole.fits")
    with pytest.raises(type(error)):
        stamping.cut(hard, out, stop=(word, number, error))
    assert left(out) == KEPT
    assert stamping.cut(hard, out)[0] == taken
    assert out.read_bytes() == (tmp_path / "whole.fits").read_bytes()
    assert left(out) == ["stamps.fits"]


def stopped(hard, out, **settings):
    with pytest.raises(Interrupted):
        stamping.cut(hard, out, stop=("done", 3, Interrupted(15)), **settings)
    return out.parent / KEPT[1]


@pytest.mark.parametrize(
    ("spoil", "taken"),
    [
        (lambda octets: octets[:2880] + bytes(len(octets) - 2880), 0),
        (lambda octets: octets[:4000], 0),
        (lambda octets: octets[: 2880 + 20 * 288] + b"\x01" + octets[2880 + 20 * 288 + 1 :], 16),
        (lambda octets: b"", 0),
        (lambda octets: bytes(2880) + octets[2880:], 32),
        (lambda octets: octets + b"more", 32),
    ],
    ids=["zeros", "short", "a byte", "empty", "header", "long"],
)
def test_only_pixels_that_are_there_are_taken_over(hard, tmp_path, out, spoil, taken):
    """After a power cut the journal may be there and the pixels not."""
    stamping.cut(hard, tmp_path / "whole.fits")
    partial = stopped(hard, out)
    partial.write_bytes(spoil(partial.read_bytes()))
    assert stamping.cut(hard, out)[0] == taken
    assert out.read_bytes() == (tmp_path / "whole.fits").read_bytes()


def test_a_lost_partial_file_is_made_anew(hard, tmp_path, out):
    stamping.cut(hard, tmp_path / "whole.fits")
    stopped(hard, out).unlink()
    assert stamping.cut(hard, out)[0] == 0
    assert out.read_bytes() == (tmp_path / "whole.fits").read_bytes()


@pytest.mark.parametrize(
    "change",
    [
        {"side": 5},
        {"bands": ("r", "g")},
        {"identity": {"images": "other"}},
        {"rows": (0, 48)},
        {"facts": {"PIXSCALE": 0.5}},
    ],
)
def test_stamps_of_another_run_are_thrown_away(hard, out, change):
    stopped(hard, out)
    assert stamping.cut(hard, out, **change)[0] == 0
    assert left(out) == ["stamps.fits"]


def test_rows_that_changed_meanwhile_are_cut_anew(hard, out):
    stopped(hard, out)
    octets = bytearray(hard.read_bytes())
    at = octets.index(rawfits.units(bytes(octets))[0][hardcase.NUMBER].data)
    octets[at] ^= 1  # ID of the first row
    hard.write_bytes(octets)
    assert stamping.cut(hard, out)[0] == 16
    same(out, range(50))


@pytest.mark.parametrize("word", ["write", "done", "finish"])
def test_any_other_error_leaves_nothing(hard, out, word):
    with pytest.raises(ZeroDivisionError):
        stamping.cut(hard, out, stop=(word, 1, ZeroDivisionError()))
    assert left(out) == []
    out.write_bytes(b"old")
    with pytest.raises(RunError):
        stamping.cut(hard, out, stop=(word, 1, RunError("x")), overwrite=True)
    assert (left(out), out.read_bytes()) == (["stamps.fits"], b"old")


WRITES = ("pwrite", "pwritev", "ftruncate", "posix_fallocate", "fsync", "copy_file_range", "replace")


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO], ids=["full", "broken"])
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_every_write_may_fail(hard, out, monkeypatch, code, ending):
    """The catalogue has few rows for it: each call that writes is let fail in turn."""
    out, calls = out.with_name(out.name + ending), []

    def watched(inner, fails):
        def outer(*args, **settings):
            calls.append(inner.__name__)
            if len(calls) == fails and not (inner.__name__ == "posix_fallocate" and code == errno.EIO):
                raise OSError(code, os.strerror(code))
            return inner(*args, **settings)

        return outer

    def attempt(fails):
        calls.clear()
        with monkeypatch.context() as patch:
            for name in WRITES:
                patch.setattr(os, name, watched(getattr(os, name), fails))
            stamping.cut(hard, out)

    attempt(None)
    total = list(calls)
    out.unlink()
    for number, name in enumerate(total, 1):
        if (name == "posix_fallocate" and code == errno.EIO) or (name == "copy_file_range" and code == errno.EIO):
            continue
        try:
            attempt(number)
        except RunError as error:
            assert os.strerror(code) in str(error)
            if number == len(total):
                assert left(out) == [out.name]  # the sync of the folder comes after the rename
                continue
            assert type(error) is (NoSpaceError if code == errno.ENOSPC else RunError)
            assert left(out) == [], name
        else:
            raise AssertionError(f"{name}, write {number} of {len(total)}, failed unseen")


def test_space_is_looked_for_before_the_first_write(hard, out, monkeypatch):
    monkeypatch.setattr("skycnn.files.safefile.check_space", lambda *_: (_ for _ in ()).throw(NoSpaceError("no space")))
    with pytest.raises(NoSpaceError):
        stamping.cut(hard, out)
    assert left(out) == []


def test_where_space_cannot_be_reserved_the_file_is_written_all_the_same(hard, out, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EOPNOTSUPP, "not supported")

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    stamping.cut(hard, out)
    same(out, range(50))


def test_an_output_that_came_meanwhile_stays(hard, out, monkeypatch):
    real = splice.splice_table

    def late(*args, **settings):
        out.write_bytes(b"somebody's")
        return real(*args, **settings)

    monkeypatch.setattr("skycnn.stamps.stampfile.stampfile.splice_table", late)
    with pytest.raises(ChangedError, match="it came while"):
        stamping.cut(hard, out)
    assert (left(out), out.read_bytes()) == (["stamps.fits"], b"somebody's")


def test_a_catalogue_that_changes_meanwhile_makes_no_file(hard, out, monkeypatch):
    real = splice.splice_table

    def late(*args, **settings):
        with open(hard, "ab") as file:
            file.write(b"x")
        return real(*args, **settings)

    monkeypatch.setattr("skycnn.stamps.stampfile.stampfile.splice_table", late)
    with pytest.raises(ChangedError, match="changed by another program"):
        stamping.cut(hard, out)
    assert left(out) == []


@pytest.mark.parametrize("kind", standins.KINDS)
def test_a_strangers_file_is_neither_believed_nor_written_to(hard, out, tmp_path, kind):
    stamping.cut(hard, tmp_path / "whole.fits")
    partial = stopped(hard, out)
    content = partial.read_bytes()
    partial.unlink()
    same = standins.put(kind, partial, content)
    if kind == "writable":  # nothing but its rows' sums tells that others wrote to it: it is the output in the making
        partial.write_bytes(content[:5000] + bytes(len(content) - 5000))
        stamping.cut(hard, out)
    else:
        with pytest.warns(UserWarning, match="begins anew"):
            stamping.cut(hard, out)
    assert same()
    assert out.read_bytes() == (tmp_path / "whole.fits").read_bytes()


@pytest.mark.parametrize(
    ("owner", "name", "call", "taken"),
    [
        ("skycnn.stamps.stampfile.stampfile.StampFile", "done", 3, 32),
        ("skycnn.stamps.stampfile.partialfile.PartialFile", "write", 5, 16),
        ("skycnn.fits.splice", "write_all", 2, 50),
        ("skycnn.files.safefile", "adopt", 1, 50),
    ],
)
def test_a_killed_run_resumes_to_the_same_bytes(hard, tmp_path, out, monkeypatch, owner, name, call, taken):
    """In a child process, which kills itself at the numbered call."""
    stamping.cut(hard, tmp_path / "whole.fits")
    child = os.fork()
    if child == 0:
        try:
            _killing(monkeypatch, owner, name, call)
            stamping.cut(hard, out)
        finally:
            os._exit(1)  # whatever happened: this process must not go on as a second run of the tests
    assert os.waitpid(child, 0)[1] == 9
    assert left(out) == KEPT
    assert stamping.cut(hard, out)[0] == taken
    assert out.read_bytes() == (tmp_path / "whole.fits").read_bytes()
    assert left(out) == ["stamps.fits"]


def _killing(monkeypatch, owner, name, call):
    from pydoc import locate

    inner, calls = getattr(locate(owner), name), []

    def outer(*args, **settings):
        calls.append(name)
        if len(calls) == call:
            os.kill(os.getpid(), 9)
        return inner(*args, **settings)

    monkeypatch.setattr(f"{owner}.{name}", outer)


@pytest.mark.parametrize(("columns", "bands", "each"), [(996, "g", False), (994, "gr", False), (992, "gr", True)])
def test_a_wide_table_takes_the_columns_that_it_has_room_for(tmp_path, out, columns, bands, each):
    fields = [fits.Column(name=f"C{i}", format="B", array=np.zeros(50, "u1")) for i in range(columns)]
    path = tmp_path / "wide.fits"
    fits.BinTableHDU.from_columns(fields).writeto(path)
    _, warnings = stamping.cut(path, out, bands=tuple(bands), apart=0.01)
    assert fits.getheader(out, 1)["TFIELDS"] - columns == (3 + 2 * len(bands) if each else 3)
    assert any("has no room for DX and DY of each band" in text for text in warnings) == (len(bands) > 1 and not each)


def test_a_table_without_room_is_refused_before_the_first_write(tmp_path, out):
    fields = [fits.Column(name=f"C{i}", format="B", array=np.zeros(50, "u1")) for i in range(997)]
    path = tmp_path / "wide.fits"
    fits.BinTableHDU.from_columns(fields).writeto(path)
    with pytest.raises(InputError, match="997 columns; 3 more exceed the 999"):
        stamping.cut(path, out, bands=("g",))
    assert not left(out)
