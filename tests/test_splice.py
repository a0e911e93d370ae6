"""Splice: no old byte of a catalogue changes but in the cards that FITS.md's list allows."""

import os
import re
import shutil
import subprocess

import fitsio
import numpy as np
import pytest
from astropy.io import fits
from astropy.io.votable.ucd import check_ucd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hardcase
import rawfits
from skycnn.errors import ChangedError
from skycnn.fits import cards as fitscards
from skycnn.fits import catalogue, splice
from skycnn.fits.newheader import NewColumns, packed
from skycnn.fits.tablebytes import scan
from skycnn.schema import Column, estimate, flag_column

ADDED = (*estimate("Z_PHOT", "", "src.redshift.phot", "photometric redshift"), flag_column("Z_PHOT"))
PREDICTED = ("Z_PHOT", "Z_PHOT_LO", "Z_PHOT_HI", "Z_PHOT_ODDS", "Z_PHOT_FLAG")
VARIANTS = hardcase.VARIANTS | {"checksum alone": {"sums": ("CHECKSUM",)}}


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    """Cross the borders of chunks in tables of a few rows."""
    monkeypatch.setattr(splice, "CHUNK_BYTES", 1000)
    monkeypatch.setattr(catalogue, "CHUNK", 8)
    monkeypatch.setattr(catalogue, "READ_BYTES", 700)


def predict(path, **options):
    from skycnn.verbs import predict as verb

    return verb.predict(str(path), verb.Options(task="standin", **options))


def new_history(unit):
    lines = [card[8:].decode().rstrip() for card in unit.cards if card[:8] == b"HISTORY "]
    start = max(i for i, line in enumerate(lines) if re.match(r"skycnn  \d", line))
    return lines[start:]


BY_ASTROPY = sorted(VARIANTS.keys() - {"strange", "checksum alone"})
"""astropy sums a header of its own making where cards are no FITS, and forgets the data where DATASUM is absent."""


@pytest.fixture(params=VARIANTS)
def predicted(request, standin, tmp_path):
    """The bytes of a catalogue before and after `predict`, and its path."""
    path = tmp_path / "cat.fits"
    before = hardcase.make(**VARIANTS[request.param])
    path.write_bytes(before)
    predict(path)
    return before, path


def test_no_old_byte_changes(predicted):
    before, path = predicted
    after = path.read_bytes()
    lines = new_history(rawfits.units(after)[0][hardcase.NUMBER])
    assert lines[-1].split() == ["end", "skycnn"]
    unit = rawfits.check_extended(before, after, hardcase.NUMBER, [4, 4, 4, 4, 4], lines)
    assert rawfits.is_sound(unit)
    assert os.listdir(path.parent) == ["cat.fits"]


def test_new_columns_are_described_whole(predicted):
    _, path = predicted
    header = fitscards.values(rawfits.units(path.read_bytes())[0][hardcase.NUMBER].cards)
    first = header["TFIELDS"] - len(PREDICTED) + 1
    described = {}
    for i, name in enumerate(PREDICTED, first):
        assert header[f"TTYPE{i}"] == name
        described[name] = {
            key: header.get(f"{key}{i}") for key in ("TFORM", "TUNIT", "TDISP", "TCOMM", "TUCD", "TNULL")
        }
    assert [described[name]["TFORM"] for name in PREDICTED] == ["E", "E", "E", "E", "J"]
    for name, entries in described.items():
        assert entries["TDISP"], name
        assert entries["TCOMM"], name
        assert check_ucd(entries["TUCD"], check_controlled_vocabulary=True), name
    assert described["Z_PHOT_FLAG"]["TNULL"] == -1
    assert described["Z_PHOT_FLAG"]["TCOMM"].startswith("standin-sdss-flux ")
    assert re.search(r" [0-9a-f]{16}\b", described["Z_PHOT_FLAG"]["TCOMM"])


@pytest.mark.parametrize("predicted", BY_ASTROPY, indirect=True)
def test_astropy_finds_the_checksums_right(predicted):
    before, path = predicted
    assert all(map(rawfits.is_sound, rawfits.units(before)[0]))
    with fits.open(path, checksum=True, lazy_load_hdus=False) as units:
        for unit in units:
            assert unit.verify_checksum() in (1, 2)
            assert unit.verify_datasum() in (1, 2)


def test_astropy_reads_all_columns_as_before(standin, tmp_path):
    path, copy = tmp_path / "cat.fits", tmp_path / "before.fits"
    copy.write_bytes(hardcase.make())
    shutil.copy(copy, path)
    predict(path)
    with fits.open(copy) as old, fits.open(path) as new:
        one, two = old[hardcase.NUMBER].data, new[hardcase.NUMBER].data
        assert two.names == [*one.names, *PREDICTED]
        for name in one.names:
            np.testing.assert_array_equal(one[name].tolist(), two[name].tolist(), err_msg=name)
        assert two["UID"].dtype.kind == "u"
        assert np.isfinite(two["Z_PHOT"]).all()
        assert ((two["Z_PHOT_LO"] <= two["Z_PHOT"]) & (two["Z_PHOT"] <= two["Z_PHOT_HI"])).all()
        assert str(new[0].header) == str(old[0].header)


def test_fitsio_reads_all_columns_as_before(standin, tmp_path):
    path, copy = tmp_path / "cat.fits", tmp_path / "before.fits"
    copy.write_bytes(hardcase.make())
    shutil.copy(copy, path)
    predict(path)
    with fitsio.FITS(str(copy)) as old, fitsio.FITS(str(path)) as new:
        names = [name for name, form, _ in hardcase.FIELDS if not form.startswith("0")]
        assert new[hardcase.NUMBER].get_colnames()[-5:] == list(PREDICTED)
        for name in names:
            one, two = old[hardcase.NUMBER].read_column(name), new[hardcase.NUMBER].read_column(name)
            np.testing.assert_array_equal(np.array(one.tolist()), np.array(two.tolist()), err_msg=name)
        assert np.isfinite(new[hardcase.NUMBER].read_column("Z_PHOT")).all()


def run(*words):
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.skipif(shutil.which("fitsverify") is None, reason="fitsverify is not installed")
def test_fitsverify_does_not_complain(predicted, tmp_path):
    before, path = predicted
    old = tmp_path / "before.fits"
    old.write_bytes(before)
    ran = run("fitsverify", "-q", str(path))
    verdict = ran.stdout.split(str(path))[-1].strip()
    assert verdict == run("fitsverify", "-q", str(old)).stdout.split(str(old))[-1].strip()
    if b"lower   " not in before:
        assert ran.stdout.startswith("verification OK")


@pytest.mark.skipif(shutil.which("stilts") is None, reason="STILTS is not installed")
def test_stilts_does_not_complain(standin, tmp_path):
    path = tmp_path / "cat.fits"
    path.write_bytes(hardcase.make())
    predict(path)
    names = "ID UID u z err_z NAME Z_PHOT Z_PHOT_HI Z_PHOT_FLAG"
    ran = run("stilts", "tpipe", f"in={path}#{hardcase.NUMBER}", f"cmd=keepcols '{names}'", "ofmt=csv")
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    lines = ran.stdout.splitlines()
    assert lines[0].split(",") == names.split()
    assert len(lines) == 51
    found = np.array([line.split(",") for line in lines[1:]])
    with fits.open(path) as units:
        data = units[hardcase.NUMBER].data
        assert found[:, 1].tolist() == [str(number) for number in data["UID"].tolist()]
        np.testing.assert_array_equal(found[:, 6].astype(np.float32), data["Z_PHOT"])
        np.testing.assert_array_equal(found[:, 8].astype(int), data["Z_PHOT_FLAG"])
    described = run("stilts", "tpipe", f"in={path}#{hardcase.NUMBER}", "omode=meta")
    assert (described.returncode, described.stderr) == (0, "")
    assert "16th percentile of Z_PHOT" in described.stdout


# ---- any table there can be

KINDS = st.sampled_from(["L", "X", "B", "I", "J", "K", "A", "E", "D", "C", "M"])
FORM = st.one_of(
    st.tuples(KINDS, st.integers(0, 9)).map(lambda pair: f"{pair[1]}{pair[0]}"),
    KINDS,
    st.sampled_from(["PE(3)", "QD(2)", "1PB(7)", "0PE", "1QJ", "30A", "17X"]),
)
MORE = st.sampled_from(
    [
        {},
        {},
        {"TUNIT": "mag"},
        {"TSCAL": 2.5},
        {"TZERO": 32768},
        {"TNULL": -1},
        {"TDISP": "A9"},
        {"TCOMM": "it's / odd"},
    ]
)
ODD = st.lists(st.sampled_from([*hardcase.oddities(), *hardcase.NON_STANDARD]), max_size=6)
NEW = st.lists(
    st.sampled_from(
        [
            Column("A", "f4", "", "", "a", "F9.4"),
            Column("B", "f4", "mag", "phot.mag", "b", "F9.4"),
            Column("V", "f4", "", "", "a vector", "F9.4", 3),
            Column("Z_FLAG", "i4", "", "meta.code.qual", "flag", "I6"),
        ]
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda column: column.name,
)


@st.composite
def tables(draw):
    """Draw a file, its table's number, and the columns that are to be replaced."""
    forms = draw(st.lists(st.tuples(FORM, MORE), max_size=7))
    rows = draw(st.sampled_from([0, 1, 2, 3, 7, 23]))
    columns = tuple(draw(NEW))
    there = [column for column in columns if draw(st.booleans()) and draw(st.booleans())]
    fields = [(f"F{i}", form, more) for i, (form, more) in enumerate(forms)]
    for column in there:
        at = draw(st.integers(0, len(fields)))
        letter = {"f4": "E", "i4": "J"}[column.dtype]
        fields.insert(at, (column.name.lower(), f"{column.width}{letter}", {}))
    size = sum(rawfits.width(form) for _, form, _ in fields)
    gap, heap = draw(st.sampled_from([(0, 0), (0, 0), (0, 5), (3, 16), (2880, 1), (1, 0)]))
    states_theap = gap > 0 or (heap > 0 and draw(st.booleans()))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    head = [
        rawfits.card("XTENSION", "BINTABLE"),
        rawfits.card("BITPIX", 8),
        rawfits.card("NAXIS", 2),
        rawfits.card("NAXIS1", size, "width of table in bytes"),
        rawfits.card("NAXIS2", rows),
        rawfits.card("PCOUNT", gap + heap),
        rawfits.card("GCOUNT", 1),
        rawfits.card("TFIELDS", len(fields)),
    ]
    theap = [rawfits.card("THEAP", size * rows + gap)] if states_theap else []
    described = hardcase._described(fields, bool(fields) and draw(st.booleans()))
    blanks = [rawfits.card("", None)] * draw(st.integers(0, 3))
    odd = draw(ODD)
    cards = [*head, *odd[:3], *theap, *described, *odd[3:], *blanks]
    sums = draw(st.sampled_from([(), ("CHECKSUM",), ("DATASUM",), ("DATASUM", "CHECKSUM")]))
    table = rawfits.hdu(cards, rng.bytes(size * rows + gap + heap), sums)
    primary = [rawfits.card("SIMPLE", True), rawfits.card("BITPIX", 8), rawfits.card("NAXIS", 0)]
    image = [rawfits.card("XTENSION", "IMAGE"), rawfits.card("BITPIX", 16), rawfits.card("NAXIS", 1)]
    image += [rawfits.card("NAXIS1", 9), rawfits.card("PCOUNT", 0), rawfits.card("GCOUNT", 1)]
    other = rawfits.hdu(image, rng.bytes(18))
    before, after = draw(st.integers(0, 2)), draw(st.integers(0, 2))
    octets = rawfits.hdu(primary) + other * before + table + other * after
    places, at = {}, 0
    for name, form, _ in fields:
        places[name] = (at, rawfits.width(form))
        at += rawfits.width(form)
    numbers = {name: i for i, (name, _, _) in enumerate(fields, 1)}
    nulls = [f"TNULL{numbers[column.name.lower()]}" for column in there if column.dtype == "i4"]
    return octets, 1 + before, columns, [places[column.name.lower()] for column in there], nulls


def spliced(path, octets, number, columns, rows=None, lines=()):
    """Return the new file's bytes, the warnings, and the new rows."""
    path.write_bytes(octets)
    with open(path, "rb") as source, open(path.with_suffix(".new"), "w+b") as target:
        unit = scan(source.fileno(), len(octets), "cat")[number]
        from skycnn.fits.tablecolumn import layout

        there = {column.name.casefold(): column for column in layout(unit.header, "cat")}
        plan = NewColumns(
            columns,
            replaced={c.name: there[c.name.casefold()] for c in columns if c.name.casefold() in there},
            history=tuple(lines),
            stamp="2026-01-01T00:00:00",
        )
        rng = np.random.default_rng(7)
        values = {c.name: rng.integers(0, 100, (unit.rows, c.width)) for c in columns}
        fresh = packed(columns, values, unit.rows)
        notes = splice.splice(
            source.fileno(), len(octets), unit, target.fileno(), plan, rows or (lambda a, b: fresh[a:b]), "cat"
        )
        target.seek(0)
        return target.read(), notes, plan, fresh


@settings(max_examples=400, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(drawn=tables())
def test_no_old_byte_changes_in_any_table(tmp_path_factory, drawn):
    octets, number, columns, replaced, nulls = drawn
    folder = tmp_path_factory.getbasetemp()
    lines = ("skycnn  a line", "another")
    after, notes, plan, fresh = spliced(folder / "any.fits", octets, number, columns, lines=lines)
    widths = [4 * column.width for column in plan.added]
    unit = rawfits.check_extended(octets, after, number, widths, lines, replaced, nulls)
    assert notes == []
    assert rawfits.is_sound(unit)
    # the new bytes are those that were given, where they belong
    old_width, at = unit.value("NAXIS1") - sum(widths), 0
    tail = old_width
    for column in columns:
        size = 4 * column.width
        if column.name in plan.replaced:
            place = plan.replaced[column.name].offset
        else:
            place, tail = tail, tail + size
        found = [row[place : place + size] for row in unit.rows]
        assert found == [row[at : at + size].tobytes() for row in fresh]
        at += size


def test_the_answer_does_not_depend_on_the_chunks(tmp_path, monkeypatch):
    octets = hardcase.make(rows=31)
    results = set()
    for size in (1, 300, 999, 5000, 1 << 20):
        monkeypatch.setattr(splice, "CHUNK_BYTES", size)
        results.add(spliced(tmp_path / "cat.fits", octets, hardcase.NUMBER, ADDED)[0])
    assert len(results) == 1


def test_bytes_without_a_header_are_kept(tmp_path):
    octets = hardcase.make() + b"special records".ljust(2880)
    after = spliced(tmp_path / "cat.fits", octets, hardcase.NUMBER, ADDED)[0]
    rawfits.check_extended(octets, after, hardcase.NUMBER, [4] * 4)
    assert after.endswith(b"special records".ljust(2880))


def test_a_last_block_without_padding_is_kept_so(tmp_path):
    octets = hardcase.make(last_padding=False)
    after = spliced(tmp_path / "cat.fits", octets, hardcase.NUMBER, ADDED)[0]
    assert rawfits.units(after)[0][-1] == rawfits.units(octets)[0][-1]


@pytest.mark.parametrize("failure", [18, 38, 22, 95, 1])
def test_where_the_kernel_cannot_copy_the_bytes_are_the_same(tmp_path, monkeypatch, failure):
    octets = hardcase.make()
    wanted = spliced(tmp_path / "cat.fits", octets, hardcase.NUMBER, ADDED)[0]

    def refuse(*_):
        raise OSError(failure, "no")

    monkeypatch.setattr(os, "copy_file_range", refuse)
    assert spliced(tmp_path / "cat.fits", octets, hardcase.NUMBER, ADDED)[0] == wanted


def test_a_kernel_that_copies_nothing_is_not_believed(tmp_path, monkeypatch):
    octets = hardcase.make()
    wanted = spliced(tmp_path / "cat.fits", octets, hardcase.NUMBER, ADDED)[0]
    monkeypatch.setattr(os, "copy_file_range", lambda *_: 0)
    assert spliced(tmp_path / "cat.fits", octets, hardcase.NUMBER, ADDED)[0] == wanted


def test_writes_that_fall_short_are_taken_up(tmp_path, monkeypatch):
    octets = hardcase.make()
    wanted = spliced(tmp_path / "cat.fits", octets, hardcase.NUMBER, ADDED)[0]
    whole = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, data, at: whole(fd, bytes(data)[:77], at))
    assert spliced(tmp_path / "cat.fits", octets, hardcase.NUMBER, ADDED)[0] == wanted


@pytest.mark.parametrize("at", [0.3, 0.6, 0.99])
def test_a_file_truncated_on_the_way_is_an_error(tmp_path, at):
    octets = hardcase.make(rows=200)
    path = tmp_path / "cat.fits"

    def rows(first, end):
        os.truncate(path, int(len(octets) * at))
        return np.zeros((end - first, 16), np.uint8)

    with pytest.raises(ChangedError, match="truncated while it was read"):
        spliced(path, octets, hardcase.NUMBER, ADDED, rows)


def test_stale_checksums_are_told_and_mended(tmp_path):
    octets = bytearray(hardcase.make())
    unit = rawfits.units(bytes(octets))[0][hardcase.NUMBER]
    octets[octets.index(unit.data) + 5] ^= 1
    after, notes, *_ = spliced(tmp_path / "cat.fits", bytes(octets), hardcase.NUMBER, ADDED)
    assert re.search("DATASUM says", " ".join(notes))
    assert rawfits.is_sound(rawfits.units(after)[0][hardcase.NUMBER])


def test_a_header_changed_without_its_checksum_is_told(tmp_path):
    octets = hardcase.make().replace(b"'OBJECTS '", b"'OBJECTZ '")
    after, notes, *_ = spliced(tmp_path / "cat.fits", octets, hardcase.NUMBER, ADDED)
    assert re.search("CHECKSUM does not fit", " ".join(notes))
    assert rawfits.is_sound(rawfits.units(after)[0][hardcase.NUMBER])


def test_an_empty_checksum_is_unknown_and_no_complaint(tmp_path):
    octets = re.sub(rb"(CHECKSUM|DATASUM )= '[^']*'", rb"\1= '                '", hardcase.make())
    octets = b"".join(  # cards are 80 bytes again
        unit.head + unit.data for unit in rawfits.units(hardcase.make())[0]
    )
    blank = rawfits.card("DATASUM", "", "unknown")
    found = rawfits.units(octets)[0]
    cards = [blank if card[:8] == b"DATASUM " else card for card in found[hardcase.NUMBER].cards]
    cards = [rawfits.card("CHECKSUM", "", "unknown") if card[:8] == b"CHECKSUM" else card for card in cards]
    parts = [unit.head + unit.data for unit in found]
    parts[hardcase.NUMBER] = rawfits.header(cards) + found[hardcase.NUMBER].data
    after, notes, *_ = spliced(tmp_path / "cat.fits", b"".join(parts), hardcase.NUMBER, ADDED)
    assert notes == []
    assert rawfits.is_sound(rawfits.units(after)[0][hardcase.NUMBER])
