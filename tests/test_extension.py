"""Extension: new columns of a catalogue, from the question whether they may be written to the rename."""

import bz2
import errno
import gzip
import os
import random
import shutil
import subprocess
import sys

import numpy as np
import pytest
from astropy.io import fits

import hardcase
import rawfits
from extending import COLUMNS, answers, extend
from skycnn.errors import ChangedError, InputError, Interrupted, LockedError, NoSpaceError, RunError, SkycnnError
from skycnn.fits import catalogue, provenance, splice
from skycnn.fits.extension import renamed
from skycnn.schema import NOT_RUN, Column, Flag, flag_column

NUMBER = hardcase.NUMBER
EXTRA = Column("Z_PHOT_X", "f4", "", "", "x", "F9.4")


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Cross the borders of chunks; the same time in all runs."""
    monkeypatch.setattr(catalogue, "CHUNK", 16)
    monkeypatch.setattr(splice, "CHUNK_BYTES", 3000)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")


def column(path, name):
    with fits.open(path) as units:
        return np.array(units[NUMBER].data[name])


def lines(octets, number=NUMBER):
    cards = rawfits.units(octets)[0][number].cards
    return [card[8:].decode().rstrip() for card in cards if card[:8] == b"HISTORY "]


def with_columns(octets, extra):
    """Return a catalogue's bytes whose table has more columns: (name, form, other cards, bytes (rows, width))."""
    found = rawfits.units(octets)[0]
    unit, parts = found[NUMBER], [unit.head + unit.data for unit in found]
    fields, cards = unit.value("TFIELDS"), []
    for i, (name, form, more, _) in enumerate(extra, fields + 1):
        cards += [rawfits.card(f"TTYPE{i}", name), rawfits.card(f"TFORM{i}", form)]
        cards += [rawfits.card(f"{key}{i}", value) for key, value in more.items()]
    size = unit.value("NAXIS1") + sum(rawfits.width(form) for _, form, _, _ in extra)
    changed = {"NAXIS1": size, "TFIELDS": fields + len(extra), "THEAP": size * unit.value("NAXIS2") + hardcase.GAP}
    head = []
    for card in unit.cards:
        name = card[:8].decode("latin-1").rstrip()
        if name not in ("CHECKSUM", "DATASUM"):
            head.append(rawfits.card(name, changed[name]) if name in changed else card)
    rows = [row + b"".join(part[3][i].tobytes() for part in extra) for i, row in enumerate(unit.rows)]
    parts[NUMBER] = rawfits.hdu([*head, *cards], b"".join(rows) + unit.tail)
    return b"".join(parts)


FOREIGN = np.arange(50).astype(">f4").reshape(-1, 1).view(np.uint8)


def test_answers_stand_in_their_rows(hard):
    before = hard.read_bytes()
    assert extend(hard) == 50
    after = hard.read_bytes()
    new = lines(after)[len(lines(before)) :]
    rawfits.check_extended(before, after, NUMBER, [4] * 4, new)
    np.testing.assert_array_equal(column(hard, "Z_PHOT"), column(hard, "u"))
    np.testing.assert_array_equal(column(hard, "Z_PHOT_HI"), column(hard, "u") + np.float32(2))
    (found,) = provenance.parse(lines(after))
    assert found.columns == ("Z_PHOT", "Z_PHOT_LO", "Z_PHOT_HI", "Z_PHOT_FLAG")
    assert len(found.input_sha256) == 64
    with fits.open(hard) as units:
        comment = units[NUMBER].header["TCOMM33"]
    assert comment.startswith("made-up 0123456789abcdef;")


def test_a_second_run_does_nothing(hard):
    extend(hard)
    state = hard.read_bytes(), hard.stat()
    assert extend(hard) is None
    assert (hard.read_bytes(), hard.stat().st_ino) == (state[0], state[1].st_ino)
    assert os.listdir(hard.parent) == ["hard.fits"]


def negative(columns, values, first):
    return answers(columns, {"u": -values["u"]}, first)


def test_overwrite_replaces_the_bytes_alone(hard):
    extend(hard)
    before = hard.read_bytes()
    extend(hard, overwrite=True, model="f" * 64, answer=negative)
    after = hard.read_bytes()
    new = lines(after)[len(lines(before)) :]
    wide = rawfits.units(before)[0][NUMBER].value("NAXIS1")
    rawfits.check_extended(before, after, NUMBER, [], new, [(wide - 16, 16)], ["TCOMM33", "TNULL33"])
    np.testing.assert_array_equal(column(hard, "Z_PHOT"), -column(hard, "u"))
    assert [found.model_sha256[0] for found in provenance.parse(lines(after))] == ["0", "f"]
    assert rawfits.is_sound(rawfits.units(after)[0][NUMBER])
    assert extend(hard, model="f" * 64) is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"model": "f" * 64}, "model made-up 0123456789abcdef then, made-up ffffffffffffffff now"),
        ({"options": {"pdf": True}}, "pdf not given then, true now"),
        (
            {"columns": (*COLUMNS[:-1], EXTRA, COLUMNS[-1])},
            "no Z_PHOT_X",
        ),
    ],
)
def test_other_answers_are_refused_and_named(hard, change, told):
    extend(hard)
    before = hard.read_bytes()
    with pytest.raises(InputError, match=told) as error:
        extend(hard, **change)
    assert "--overwrite" in error.value.hint
    assert hard.read_bytes() == before
    assert os.listdir(hard.parent) == ["hard.fits"]


def test_changed_photometry_is_refused(hard):
    extend(hard)
    octets = bytearray(hard.read_bytes())
    unit = rawfits.units(bytes(octets))[0][NUMBER]
    at = octets.index(unit.data) + 16  # u of the first row
    octets[at : at + 4] = np.array([18.5], ">f4").tobytes()
    hard.write_bytes(octets)
    with pytest.raises(InputError, match="the columns used or the rows have changed") as told:
        extend(hard)
    assert "--only-new" in told.value.hint
    assert hard.read_bytes() == octets


def test_a_foreign_column_is_refused_whatever_its_case(tmp_path):
    path = tmp_path / "cat.fits"
    for name in ("Z_PHOT", "z_phot", "Z_Phot_Flag"):
        octets = with_columns(hardcase.make(), [(name, "E", {}, FOREIGN)])
        path.write_bytes(octets)
        with pytest.raises(
            InputError, match=f"has a column '{name}' already, and no record that skycnn wrote it"
        ) as told:
            extend(path)
        assert "--suffix" in told.value.hint
        assert path.read_bytes() == octets


def test_suffix_and_prefix_write_beside_it(tmp_path):
    path = tmp_path / "cat.fits"
    before = with_columns(hardcase.make(), [("Z_PHOT", "E", {}, FOREIGN)])
    path.write_bytes(before)
    extend(path, renamed(COLUMNS, "", "_NEW"))
    extend(path, renamed(COLUMNS, "MY_", ""))
    after = path.read_bytes()
    rawfits.check_extended(before, after, NUMBER, [4] * 8, lines(after)[len(lines(before)) :])
    np.testing.assert_array_equal(column(path, "Z_PHOT"), np.arange(50))
    np.testing.assert_array_equal(column(path, "MY_Z_PHOT_LO"), column(path, "Z_PHOT_LO_NEW"))
    assert extend(path, renamed(COLUMNS, "", "_NEW")) is None


@pytest.mark.parametrize("text", ["a b", "'", "caf\xe9", "x" * 21, "/"])
def test_names_that_are_no_words_are_refused(text):
    with pytest.raises(InputError, match="cannot be part of a column name"):
        renamed(COLUMNS, text, "")
    with pytest.raises(InputError, match="--suffix"):
        renamed(COLUMNS, "", text)
    assert len(renamed(COLUMNS, "x" * 20, "y" * 20)[-1].name) <= 68


OTHER_TYPES = [
    ("D", {}, ">f8"),
    ("J", {}, ">i4"),
    ("2E", {}, "2>f4"),
    ("E", {"TSCAL": 2.0}, ">f4"),
    ("E", {"TZERO": 1.0}, ">f4"),
    ("E", {"TDIM": "(1,1)"}, ">f4"),
    ("4A", {}, "S4"),
]


@pytest.mark.parametrize(("form", "more", "dtype"), OTHER_TYPES)
def test_overwriting_another_type_is_refused(tmp_path, form, more, dtype):
    path = tmp_path / "cat.fits"
    part = np.zeros(50, dtype).reshape(50, -1).view(np.uint8)
    octets = with_columns(hardcase.make(), [("z_phot", form, more, part)])
    path.write_bytes(octets)
    with pytest.raises(InputError, match=f"column 'z_phot' is {form}") as told:
        extend(path, overwrite=True)
    assert "E, as skycnn writes it" in str(told.value)
    assert "--suffix" in told.value.hint
    assert path.read_bytes() == octets
    assert os.listdir(tmp_path) == ["cat.fits"]


def test_overwriting_a_foreign_column_keeps_its_place_and_adds_the_rest(tmp_path):
    path = tmp_path / "cat.fits"
    flags = np.full((50, 1), 7, ">i4").view(np.uint8)
    extra = [("z_phot", "1E", {"TUNIT": "mag"}, FOREIGN), ("Z_PHOT_FLAG", "J", {"TNULL": 0}, flags)]
    before = with_columns(hardcase.make(), extra)
    path.write_bytes(before)
    extend(path, overwrite=True)
    after = path.read_bytes()
    wide = rawfits.units(before)[0][NUMBER].value("NAXIS1")
    new = lines(after)[len(lines(before)) :]
    rawfits.check_extended(before, after, NUMBER, [4, 4], new, [(wide - 8, 8)], ["TCOMM31", "TNULL31"])
    np.testing.assert_array_equal(column(path, "z_phot"), column(path, "u"))
    with fits.open(path) as units:
        assert units[NUMBER].header["TNULL31"] == -1
        assert "0123456789abcdef" in units[NUMBER].header["TCOMM31"]


@pytest.mark.parametrize("spare", [3, 4])
def test_no_more_than_999_columns_found_before_the_first_write(tmp_path, monkeypatch, spare):
    path = tmp_path / "cat.fits"
    count = 999 - spare - len(hardcase.FIELDS)
    extra = [(f"C{i}", "B", {}, np.zeros((50, 1), np.uint8)) for i in range(count)]
    octets = with_columns(hardcase.make(), extra)
    path.write_bytes(octets)
    if spare == 4:
        assert extend(path) == 50
        with fits.open(path) as units:
            assert units[NUMBER].header["TFIELDS"] == 999
        return
    monkeypatch.setattr(os, "pwrite", lambda *_: pytest.fail("this is a write"))
    with pytest.raises(InputError, match="has 996 columns; 4 more exceed the 999 that FITS allows"):
        extend(path)
    assert path.read_bytes() == octets


# ---- some rows


@pytest.mark.parametrize("rows", [(0, 50), (0, 10), (10, 33), (49, None), (20, 20)])
def test_rows_answers_these_and_leaves_the_rest_null(hard, rows):
    asked = range(50)[slice(*rows)]
    assert extend(hard, rows=rows) == len(asked)
    with fits.open(hard) as units:
        data = units[NUMBER].data
        flag, value = np.array(data.field("Z_PHOT_FLAG")), np.array(data["Z_PHOT"])
        inside = np.isin(np.arange(50), asked)
        assert (flag[~inside] == -1).all()
        assert np.isnan(value[~inside]).all()
        assert (flag[inside] == 0).all()
        np.testing.assert_array_equal(value[inside], data["u"][inside])


def test_rows_that_are_not_there_are_refused(hard):
    with pytest.raises(InputError, match=r"--rows begins at 50, and .* has 50 rows"):
        extend(hard, rows=(50, None))


def changed(path, row, octets, width=16):
    """Write into the answers of a row of a catalogue whose last columns they are, of ``width`` bytes."""
    content = bytearray(path.read_bytes())
    unit = rawfits.units(bytes(content))[0][NUMBER]
    at = content.index(unit.data) + (row + 1) * unit.value("NAXIS1") - width
    content[at : at + len(octets)] = octets
    path.write_bytes(content)


def test_only_new_answers_the_rest_and_leaves_chunks_that_are_done(hard):
    extend(hard, rows=(0, 40))
    seen = []

    def answer(columns, values, first):
        seen.append(first)
        return answers(columns, {"u": values["u"] + 100}, first)

    assert extend(hard, only_new=True, answer=answer) == 10
    assert seen == [32, 48]  # chunks of 16 with something to do
    value, u = column(hard, "Z_PHOT"), column(hard, "u")
    np.testing.assert_array_equal(value, np.where(np.arange(50) < 40, u, u + np.float32(100)))
    assert extend(hard, only_new=True) is None


def test_only_new_fills_what_is_null_or_all_zero_and_marks_answers_that_are_not_those_of_the_row(hard):
    extend(hard, rows=(0, 40))
    changed(hard, 5, bytes(16))  # as a tool leaves a row that it appends
    changed(hard, 7, np.array([99], ">f4").tobytes())  # an answer of its own
    assert extend(hard, only_new=True) == 11
    value, u, flag = (column(hard, name) for name in ("Z_PHOT", "u", "Z_PHOT_FLAG"))
    np.testing.assert_array_equal(value, np.where(np.arange(50) == 7, np.float32(99), u))
    assert np.flatnonzero(flag).tolist() == [7]
    assert flag[7] == Flag.OTHER_PHOTOMETRY
    assert extend(hard, only_new=True) is None
    with pytest.raises(InputError, match="holds answers of other photometry in 1 row") as told:
        extend(hard)
    assert "--overwrite" in told.value.hint
    changed(hard, 7, u[7:8].astype(">f4").tobytes())
    assert extend(hard, only_new=True) == 0
    assert not column(hard, "Z_PHOT_FLAG").any()
    assert extend(hard) is None


def test_answers_that_another_program_changed_are_told(hard):
    extend(hard)
    changed(hard, 7, np.array([99], ">f4").tobytes())
    with pytest.raises(InputError, match="the answers have changed since 2023-11-14"):
        extend(hard)


def test_another_zero_point_is_other_photometry_though_no_byte_of_the_rows_changes(tmp_path):
    path = tmp_path / "cat.fits"
    columns = [fits.Column("u", "J", array=np.arange(9)), fits.Column("err_u", "E", array=np.ones(9))]
    unit = fits.BinTableHDU.from_columns(columns)
    unit.header["TSCAL1"], unit.header["TZERO1"] = 0.5, 20.5
    fits.HDUList([fits.PrimaryHDU(), unit]).writeto(path)
    extend(path)
    path.write_bytes(path.read_bytes().replace(b"20.5", b"21.5"))
    with pytest.raises(InputError, match="the columns used or the rows have changed"):
        extend(path)
    assert extend(path, only_new=True) == 0
    with fits.open(path) as units:
        assert (units[1].data["Z_PHOT_FLAG"] == Flag.OTHER_PHOTOMETRY).all()


def test_rows_answered_anew_do_not_vouch_for_the_others(hard):
    """The photometry of a row changes; answering other rows anew must not certify its old answer."""
    extend(hard)
    octets = bytearray(hard.read_bytes())
    at = octets.index(rawfits.units(bytes(octets))[0][NUMBER].data) + 16  # u of the first row
    octets[at : at + 4] = np.array([18.5], ">f4").tobytes()
    hard.write_bytes(octets)
    extend(hard, rows=(10, 20), overwrite=True)
    with pytest.raises(InputError, match="the columns used or the rows have changed"):
        extend(hard)
    assert extend(hard, only_new=True) == 0
    assert np.flatnonzero(column(hard, "Z_PHOT_FLAG")).tolist() == [0]


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_run_on_some_rows_leaves_appended_ones_null(hard, overwrite):
    extend(hard, rows=(0, 40))
    for row in range(40, 50):
        changed(hard, row, bytes(16))
    extend(hard, rows=(0, 20), only_new=not overwrite, overwrite=overwrite)
    assert (column(hard, "Z_PHOT_FLAG")[40:] == NOT_RUN).all()
    assert extend(hard, only_new=True) == 10
    np.testing.assert_array_equal(column(hard, "Z_PHOT"), column(hard, "u"))


def test_only_new_and_overwrite_exclude_each_other(hard):
    with pytest.raises(InputError, match="--only-new keeps the answers that --overwrite replaces"):
        extend(hard, only_new=True, overwrite=True)


def test_no_rows_get_the_columns(tmp_path):
    path = tmp_path / "cat.fits"
    before = hardcase.make(rows=0)
    path.write_bytes(before)
    assert extend(path) == 0
    after = path.read_bytes()
    rawfits.check_extended(before, after, NUMBER, [4] * 4, lines(after)[len(lines(before)) :])
    assert extend(path) is None


# ---- other containers


@pytest.mark.parametrize(
    ("pack", "unpack", "ending"), [(gzip.compress, gzip.decompress, "gz"), (bz2.compress, bz2.decompress, "bz2")]
)
def test_archives_in_place_have_the_same_bytes_every_time(hard, pack, unpack, ending):
    plain = hard.read_bytes()
    path = hard.with_name(f"cat.fits.{ending}")
    results = set()
    for _ in range(2):
        path.write_bytes(pack(plain))
        extend(path)
        results.add(path.read_bytes())
    assert len(results) == 1
    extend(hard)
    assert unpack(path.read_bytes()) == hard.read_bytes()
    assert extend(path) is None
    assert sorted(os.listdir(hard.parent)) == sorted(["hard.fits", path.name])


@pytest.mark.parametrize(
    ("name", "unpack"), [("o.fits", bytes), ("o.fits.gz", gzip.decompress), ("o.fits.bz2", bz2.decompress)]
)
def test_out_is_packed_as_its_name_says(hard, name, unpack):
    before = hard.read_bytes()
    out = hard.with_name(name)
    extend(hard, out=out)
    assert hard.read_bytes() == before
    extend(hard)
    assert unpack(out.read_bytes()) == hard.read_bytes()


def test_an_output_is_made_of_answers_that_are_there(hard):
    extend(hard)
    assert extend(hard, out=hard.with_name("o.fits")) is None
    assert hard.with_name("o.fits").read_bytes() == hard.read_bytes()


@pytest.mark.skipif(shutil.which("fpack") is None, reason="fpack is not installed")
def test_a_compressed_table_is_written_back_only_when_asked(tmp_path):
    path = tmp_path / "cat.fits"
    columns = [fits.Column("u", "E", array=np.arange(3000)), fits.Column("err_u", "E", array=np.arange(3000))]
    columns += [fits.Column("ID", "K", array=np.arange(3000))]
    table = fits.BinTableHDU.from_columns(columns, name="OBJECTS")
    fits.HDUList([fits.PrimaryHDU(), table, fits.ImageHDU(np.zeros((3, 3)), name="SKY")]).writeto(path, checksum=True)
    subprocess.run(["fpack", "-table", "-D", "-Y", str(path)], check=True, capture_output=True, timeout=60)
    packed = path.with_name("cat.fits.fz")
    octets = packed.read_bytes()
    with pytest.raises(InputError, match="is a tile-compressed table") as told:
        extend(packed)
    assert "--decompress" in told.value.hint
    assert packed.read_bytes() == octets
    assert extend(packed, decompress=True) == 3000
    assert os.listdir(tmp_path) == ["cat.fits.fz"]
    with fits.open(packed, checksum=True) as units:
        assert units["OBJECTS"].data.names == ["u", "err_u", "ID", "Z_PHOT", "Z_PHOT_LO", "Z_PHOT_HI", "Z_PHOT_FLAG"]
        np.testing.assert_array_equal(units["OBJECTS"].data["Z_PHOT"], np.arange(3000))
        assert units["SKY"].data.shape == (3, 3)


# ---- what can go wrong


def writes(monkeypatch, fails):
    """Let the write of this number fail; return the count of writes that were tried."""
    count = [0]

    def watched(whole):
        def call(*args):
            count[0] += 1
            if count[0] == fails:
                raise OSError(errno.ENOSPC, "No space left on device")
            return whole(*args)

        return call

    for name in ("pwrite", "copy_file_range"):
        monkeypatch.setattr(os, name, watched(getattr(os, name)))
    return count


def test_no_space_at_any_write_leaves_the_old_file_and_nothing_else(hard, monkeypatch):
    before, status = hard.read_bytes(), hard.stat()
    with monkeypatch.context() as patched:
        count = writes(patched, 0)
        extend(hard, out=hard.with_name("trial.fits"))
    hard.with_name("trial.fits").unlink()
    assert count[0] > 10
    for number in range(1, count[0] + 1):
        with monkeypatch.context() as patched, pytest.raises(NoSpaceError, match="no space while writing"):
            writes(patched, number)
            extend(hard)
        assert hard.read_bytes() == before, number
        assert os.listdir(hard.parent) == ["hard.fits"], number
    assert hard.stat() == status or hard.stat().st_ino == status.st_ino
    assert extend(hard) == 50


def test_a_limit_on_file_sizes_leaves_the_old_file_and_nothing_else(hard):
    before = hard.read_bytes()
    code = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
sys.path.insert(0, {os.path.dirname(__file__)!r})
import extending
extending.extend(sys.argv[1])
"""
    for limit in (10, 1000, 20_000, len(before)):
        ran = subprocess.run(
            [sys.executable, "-c", code, str(hard), str(limit)], capture_output=True, text=True, check=False
        )
        assert "NoSpaceError: no space while writing" in ran.stderr
        assert hard.read_bytes() == before
        assert os.listdir(hard.parent) == ["hard.fits"]


@pytest.mark.parametrize("error", [Interrupted(15), KeyboardInterrupt()])
def test_a_signal_leaves_the_old_file_and_the_journal(hard, error):
    before = hard.read_bytes()
    seen = []

    def answer(columns, values, first):
        seen.append(first)
        if seen == [0, 16, 32]:
            raise error
        return {column.name: values["u"] for column in columns[:-1]}

    with pytest.raises(type(error)):
        extend(hard, answer=answer)
    assert hard.read_bytes() == before
    assert sorted(os.listdir(hard.parent)) == [".hard.fits.skycnn-journal", "hard.fits"]
    whole = hard.with_name("whole.fits")
    whole.write_bytes(before)
    extend(whole, answer=lambda columns, values, _: {column.name: values["u"] for column in columns[:-1]})
    assert extend(hard, answer=answer) == 18  # of 50, in chunks of 16
    assert seen == [0, 16, 32, 32, 48]
    assert hard.read_bytes() == whole.read_bytes()
    assert sorted(os.listdir(hard.parent)) == ["hard.fits", "whole.fits"]


def test_another_error_leaves_not_even_the_journal(hard):
    def answer(*_):
        raise RunError("out of memory for a single row")

    with pytest.raises(RunError):
        extend(hard, answer=answer)
    assert os.listdir(hard.parent) == ["hard.fits"]


@pytest.mark.parametrize("deed", ["appended", "replaced", "truncated", "touched"])
@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_catalogue_that_changed_meanwhile_is_left_as_it_is(hard, deed, elsewhere):
    after = None

    def answer(columns, values, first):
        nonlocal after
        if first == 32:
            if deed == "replaced":
                other = hard.with_name("theirs")
                other.write_bytes(hardcase.make(seed=2))
                os.replace(other, hard)
            elif deed == "truncated":
                os.truncate(hard, 30_000)
            else:
                with open(hard, "r+b") as file:
                    file.seek(0, 2 if deed == "appended" else 0)
                    file.write(b"SIMPLE")
                os.utime(hard, ns=(1, 1))
            after = hard.read_bytes()
        return {column.name: values["u"] for column in columns[:-1]}

    if deed == "replaced" and elsewhere:  # what was opened is still whole, and the output is its own file
        extend(hard, out=hard.with_name("o.fits"), answer=answer)
        assert column(hard.with_name("o.fits"), "Z_PHOT").shape == (50,)
        return
    with pytest.raises(ChangedError):
        extend(hard, out=hard.with_name("o.fits") if elsewhere else None, answer=answer)
    assert hard.read_bytes() == after
    assert os.listdir(hard.parent) == ["hard.fits"]


def damaged(octets, rng):
    """Return a file's bytes with some of them wrong, mostly in its headers."""
    found = bytearray(octets)
    for _ in range(rng.choice([1, 1, 2, 5])):
        starts = [0]
        for unit in rawfits.units(octets)[0]:
            starts.append(starts[-1] + len(unit.head) + len(unit.data))
        head = rng.choice(starts[:-1])
        size = octets.index(b"END".ljust(80), head) - head
        at, other = (min(head + 80 * rng.randrange(size // 80), len(found) - 80) for _ in range(2))
        deed = rng.random()
        if deed < 0.75:
            found[at + rng.randrange(80)] = rng.choice(b"0123456789 'TFEJKPQAX-.=/&Z()\xff\0")
        elif deed < 0.9:
            found[at : at + 80], found[other : other + 80] = found[other : other + 80], found[at : at + 80]
        elif deed < 0.95:
            found[rng.randrange(len(found))] = rng.randrange(256)
        else:
            del found[max(80, rng.randrange(len(found))) :]
    return bytes(found)


def test_any_damage_is_an_error_of_ours_or_does_no_harm(tmp_path):
    """The catalogue stays as it is, or the columns stand in it."""
    rng = random.Random(4)
    path = tmp_path / "cat.fits"
    wholes = [hardcase.make(rows=5), hardcase.make(rows=0, strange=True), hardcase.make(rows=3, named=False)]
    refused = 0
    for number in range(400):
        before = damaged(rng.choice(wholes), rng)
        path.write_bytes(before)
        try:
            extend(path)
        except SkycnnError:
            refused += 1
            assert path.read_bytes() == before, number
        else:
            assert path.read_bytes() != before, number
        assert os.listdir(tmp_path) == ["cat.fits"], number
    assert 100 < refused < 350


def test_a_second_run_meanwhile_is_refused(hard):
    def answer(columns, values, first):
        with pytest.raises(LockedError, match="is being written by another skycnn"):
            extend(hard)
        return {column.name: values["u"] for column in columns[:-1]}

    assert extend(hard, answer=answer) == 50


def test_a_link_is_followed_and_a_hard_link_kept_unless_it_may_go(hard, tmp_path):
    link = tmp_path / "link.fits"
    link.symlink_to("hard.fits")
    extend(link)
    assert link.is_symlink()
    assert "Z_PHOT" in fits.getdata(hard, NUMBER).names
    other = tmp_path / "other.fits"
    other.hardlink_to(hard)
    before = hard.read_bytes()
    with pytest.raises(InputError, match="1 more hard link"):
        extend(hard, overwrite=True, model="f" * 64)
    extend(hard, overwrite=True, model="f" * 64, detach=True)
    assert other.read_bytes() == before
    assert hard.read_bytes() != before


def test_a_vector_and_a_bare_flag_are_columns_too(hard):
    columns = (Column("PDF", "f4", "", "", "densities", "F10.5", 5), flag_column("X"))
    before = hard.read_bytes()
    extend(
        hard, columns, answer=lambda c, v, _: {"PDF": np.outer(v["u"], np.arange(5)), "X_FLAG": np.zeros(len(v["u"]))}
    )
    after = hard.read_bytes()
    rawfits.check_extended(before, after, NUMBER, [20, 4], lines(after)[len(lines(before)) :])
    found = column(hard, "PDF")
    assert found.shape == (50, 5)
    np.testing.assert_array_equal(found[:, 1], column(hard, "u"))


# ---- the table alone


def alone(octets, after, more=()):
    """See that a file is an empty primary and the extended table of another one."""
    (primary, unit), rest = rawfits.units(after)
    assert rest == b""
    assert primary.data == b""
    old = rawfits.units(octets)[0][NUMBER]
    pair = primary.head + old.head + old.data, primary.head + unit.head + unit.data
    rawfits.check_extended(*pair, 1, more, lines(after, 1)[len(lines(octets)) :])
    assert rawfits.is_sound(unit)


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_the_table_alone_goes_to_another_file(hard, tmp_path, ending):
    octets, out = hard.read_bytes(), tmp_path / f"new.fits{ending}"
    assert extend(hard, out=out, table_only=True) == 50
    after = gzip.decompress(out.read_bytes()) if ending else out.read_bytes()
    alone(octets, after, [4, 4, 4, 4])
    assert hard.read_bytes() == octets
    with fits.open(out, checksum=True) as units:
        assert len(units) == 2
        np.testing.assert_array_equal(units[1].data["Z_PHOT"], column(hard, "u"))
    if not ending:
        assert extend(out) is None  # it is a catalogue like any other


def test_the_table_alone_of_one_that_has_its_answers(hard, tmp_path):
    extend(hard)
    octets = hard.read_bytes()
    assert extend(hard, out=tmp_path / "new.fits", table_only=True) is None
    (_primary, unit), _ = rawfits.units((tmp_path / "new.fits").read_bytes())
    assert unit == rawfits.units(octets)[0][NUMBER]


@pytest.mark.parametrize("answered", [False, True])
def test_the_table_alone_does_not_replace_its_file(hard, answered):
    if answered:
        extend(hard)
    octets = hard.read_bytes()
    with pytest.raises(InputError, match="would replace all of") as told:
        extend(hard, table_only=True)
    assert "--out" in told.value.hint
    assert hard.read_bytes() == octets
    assert os.listdir(hard.parent) == ["hard.fits"]


@pytest.mark.skipif(shutil.which("fitsverify") is None, reason="fitsverify is not installed")
def test_fitsverify_finds_nothing_in_a_table_alone(hard, tmp_path):
    extend(hard, out=tmp_path / "new.fits", table_only=True)
    ran = subprocess.run(["fitsverify", "-q", tmp_path / "new.fits"], capture_output=True, text=True, check=False)
    assert ran.stdout.startswith("verification OK")
