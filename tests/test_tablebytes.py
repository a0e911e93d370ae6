"""TableBytes: where the units of a file lie, and files that lie about it."""

import io
import os

import numpy as np
import pytest
from astropy.io import fits

import hardcase
import rawfits
from skycnn.errors import ChangedError, InputError
from skycnn.fits import tablebytes


@pytest.fixture
def opened(tmp_path):
    """A function that writes bytes and opens them."""
    held = []

    def make(octets):
        path = tmp_path / "cat.fits"
        path.write_bytes(octets)
        held.append(os.open(path, os.O_RDONLY))
        return held[-1], len(octets)

    yield make
    for fd in held:
        os.close(fd)


def table(rows=4, wide=4, data=None, pcount=0, more=(), **changes):
    """Return a file with one table, some of whose cards lie."""
    cards = {"BITPIX": 8, "NAXIS": 2, "NAXIS1": wide, "NAXIS2": rows, "PCOUNT": pcount, "GCOUNT": 1, "TFIELDS": 1}
    cards |= {"TTYPE1": "A", "TFORM1": "J"} | changes
    head = [rawfits.card("XTENSION", "BINTABLE")]
    head += [rawfits.card(key, value) for key, value in cards.items() if value is not None]
    primary = [rawfits.card("SIMPLE", True), rawfits.card("BITPIX", 8), rawfits.card("NAXIS", 0)]
    content = bytes(range(1, 17)) if data is None else data
    return rawfits.hdu(primary) + rawfits.hdu([*head, *more], content)


@pytest.mark.parametrize("options", [{}, {"rows": 0}, {"wide": True}, {"named": False}])
def test_units_lie_where_astropy_finds_them(opened, options):
    octets = hardcase.make(**options)
    found = tablebytes.scan(*opened(octets), "cat")
    with fits.open(io.BytesIO(octets), disable_image_compression=True) as units:
        assert len(found) == len(units)
        for ours, theirs in zip(found, units, strict=True):
            info = theirs.fileinfo()
            assert (ours.start, ours.data) == (info["hdrLoc"], info["datLoc"])
            assert ours.end == info["datLoc"] + info["datSpan"]
            assert ours.size == theirs.size
            assert ours.name == theirs.header.get("EXTNAME", "")
    assert [unit.kind for unit in found] == ["image", "image", "compressed image", "table", "table"]
    assert [unit.number for unit in found] == [0, 1, 2, 3, 4]


def test_random_groups_and_ascii_tables_are_measured(opened):
    primary = [
        rawfits.card(k, v) for k, v in {"SIMPLE": True, "BITPIX": -32, "NAXIS": 3, "NAXIS1": 0, "NAXIS2": 3}.items()
    ]
    primary += [rawfits.card(k, v) for k, v in {"NAXIS3": 5, "GROUPS": True, "PCOUNT": 2, "GCOUNT": 7}.items()]
    octets = rawfits.hdu(primary, bytes(4 * 7 * 17))
    units = tablebytes.scan(*opened(octets), "cat")
    assert (units[0].size, units[0].end) == (476, 5760)
    ascii_table = [rawfits.card("XTENSION", "TABLE"), rawfits.card("BITPIX", 8), rawfits.card("NAXIS", 0)]
    units = tablebytes.scan(*opened(octets + rawfits.hdu(ascii_table)), "cat")
    assert units[1].kind == "ascii"


def test_a_short_last_block_is_tolerated(opened):
    octets = table()
    fd, _ = opened(octets[: -2880 + 16])
    unit = tablebytes.scan(fd, len(octets) - 2880 + 16, "cat")[1]
    assert unit.end == unit.data + 16


@pytest.mark.parametrize(
    ("octets", "message"),
    [
        (
            table()[: -2880 + 15],
            r"cat\[1\] is truncated or its header lies: it promises 16 bytes of data, 15 are there",
        ),
        (table()[:-2880], "truncated"),
        (table()[:2900], r"cat\[1\]: the header has no END card"),
        (table(rows=721), "truncated or its header lies"),
        (table(rows=10**15), "truncated or its header lies"),
        (table(NAXIS2=-1), r"cat\[1\]: NAXIS2 is unreadable: -1"),
        (table(NAXIS2="4"), "NAXIS2 is unreadable"),
        (table(NAXIS2=None), "NAXIS2 is unreadable"),
        (table(NAXIS=None), "NAXIS is unreadable"),
        (table(NAXIS=10**9), "NAXIS3 is unreadable"),
        (table(PCOUNT=-3), "PCOUNT is unreadable"),
        (table(GCOUNT=-3), "GCOUNT is unreadable"),
        (table(BITPIX="eight"), "BITPIX is unreadable"),
        (table(BITPIX=None), "BITPIX is unreadable"),
    ],
)
def test_files_that_lie_are_refused(opened, octets, message):
    with pytest.raises(InputError, match=message):
        tablebytes.scan(*opened(octets), "cat")


def test_the_primary_is_no_table_whatever_it_says(opened):
    octets = table()
    at = octets.index(b"END ")
    units = tablebytes.scan(*opened(octets[:at] + b"OND " + octets[at + 4 :]), "cat")
    assert [unit.kind for unit in units] == ["image"]


def test_what_follows_the_last_unit_is_no_unit(opened):
    octets = table() + b"garbage".ljust(2880)
    units = tablebytes.scan(*opened(octets), "cat")
    assert [unit.number for unit in units] == [0, 1]


@pytest.mark.parametrize("naxis2", [3, 0])
def test_rows_that_no_header_accounts_for_are_refused(opened, naxis2):
    fd, size = opened(table(rows=naxis2))
    with pytest.raises(InputError, match=f"cat: bytes follow its last row .* NAXIS2 = {naxis2} may be too small"):
        tablebytes.check_tail(fd, tablebytes.scan(fd, size, "cat")[1], size, "cat")


def test_whole_blocks_that_no_header_accounts_for_are_refused(opened):
    fd, size = opened(table(rows=720, data=bytes(range(1, 181)) * 16 * 2))
    with pytest.raises(InputError, match="NAXIS2 = 720 may be too small"):
        tablebytes.check_tail(fd, tablebytes.scan(fd, size, "cat")[1], size, "cat")


@pytest.mark.parametrize("fill", [b"\0", b" "])
def test_padding_is_no_row(opened, fill):
    octets = table()[: -2880 + 16] + fill * (2880 - 16)
    fd, size = opened(octets)
    tablebytes.check_tail(fd, tablebytes.scan(fd, size, "cat")[1], size, "cat")


@pytest.mark.parametrize(("theap", "gap"), [(16, 0), (20, 4), (26, 10), (None, 0)])
def test_the_gap_lies_between_rows_and_heap(opened, theap, gap):
    unit = tablebytes.scan(*opened(table(pcount=10, data=bytes(26), THEAP=theap)), "cat")[1]
    assert tablebytes.heap_gap(unit, "cat") == gap
    assert (unit.rows, unit.row_bytes) == (4, 4)


@pytest.mark.parametrize("theap", [15, 0, 27, 10**12])
def test_a_heap_outside_the_data_is_refused(opened, theap):
    unit = tablebytes.scan(*opened(table(pcount=10, data=bytes(26), THEAP=theap)), "cat")[1]
    with pytest.raises(InputError, match="THEAP lies outside the data"):
        tablebytes.heap_gap(unit, "cat")


def test_without_a_heap_its_place_means_nothing(opened):
    unit = tablebytes.scan(*opened(table(THEAP=0)), "cat")[1]
    assert tablebytes.heap_gap(unit, "cat") == 0


def test_a_table_without_axes_has_no_rows(opened):
    unit = tablebytes.scan(*opened(table(NAXIS=0, NAXIS1=None, NAXIS2=None, data=b"")), "cat")[1]
    assert (unit.rows, unit.row_bytes, unit.size) == (0, 0, 0)


@pytest.mark.parametrize("lie", [{"NAXIS": 0}, {"NAXIS": 1}, {"BITPIX": 16}, {"GCOUNT": 2}, {"GCOUNT": 0}])
def test_a_table_of_another_shape_is_refused(opened, lie):
    unit = tablebytes.scan(*opened(table(data=bytes(64), **lie)), "cat")[1]
    with pytest.raises(InputError, match="cat: its data are not NAXIS1 x NAXIS2"):
        tablebytes.heap_gap(unit, "cat")


def test_short_reads_are_taken_up_and_the_end_is_an_error(opened, monkeypatch):
    fd, _ = opened(b"0123456789")
    whole = os.preadv
    monkeypatch.setattr(os, "preadv", lambda fd, views, at: whole(fd, [views[0][:3]], at))
    buffer = np.zeros((2, 4), np.uint8)
    tablebytes.read_into(fd, buffer, 1, "cat")
    assert buffer.tobytes() == b"12345678"
    with pytest.raises(ChangedError, match="cat was truncated while it was read"):
        tablebytes.read_into(fd, buffer, 5, "cat")


@pytest.mark.parametrize(("rows", "sound"), [(3, True), (2**20, True), (10**18, False)])
def test_rows_without_a_byte(rows, sound):
    unit = tablebytes.Hdu(1, 0, 2880, 0, 2880, (), {"XTENSION": "BINTABLE", "NAXIS1": 0, "NAXIS2": rows, "PCOUNT": 0})
    if sound:
        assert tablebytes.heap_gap(unit, "t") == 0
        return
    with pytest.raises(InputError, match=r"t: NAXIS2 promises 1000000000000000000 rows of NAXIS1 = 0 bytes"):
        tablebytes.heap_gap(unit, "t")


@pytest.mark.parametrize("axes", [(2**63 - 1, 2), (10**9, 10**9, 10**9), (2**62,) * 300])
def test_a_promise_beyond_any_file(axes):
    header = {"BITPIX": -64, "NAXIS": len(axes)} | {f"NAXIS{i}": n for i, n in enumerate(axes, 1)}
    with pytest.raises(InputError, match=rf"NAXIS{len(axes)}, PCOUNT and GCOUNT promise \S+ bytes of data"):
        tablebytes.data_size(header, "t")
