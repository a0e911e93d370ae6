"""Tile-compressed tables: compressed by the test itself, by astropy's codec and by fpack, read as they were."""

import gc
import gzip
import shutil
import struct
import subprocess
import zlib

import numpy as np
import pytest
from astropy.io.fits.hdu.compressed._codecs import Rice1

import hardcase
import rawfits
from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue

ITEM = {"I": 2, "J": 4, "K": 8, "E": 4, "D": 8}
FIELDS = [
    ("ID", "K", {"TNULL": -1}),
    ("u", "E", {"TUNIT": "mag"}),
    ("X", "3D", {}),
    ("NAME", "5A", {}),
    ("FLAG", "I", {}),
    ("N", "J", {"TZERO": 2**31}),
    ("B", "4B", {}),
    ("L", "L", {}),
    ("BITS", "11X", {}),
    ("C", "M", {}),
]
PRIMARY = rawfits.hdu([rawfits.card("SIMPLE", True), rawfits.card("BITPIX", 8), rawfits.card("NAXIS", 0)])


def content(rows):
    """Return each field's bytes, uint8 (rows, width)."""
    rng = np.random.default_rng(5)
    found = []
    for name, form, _ in FIELDS:
        size = rawfits.width(form)
        octets = rng.integers(0, 256, (rows, size), dtype=np.uint8)
        if name == "FLAG":
            octets = rng.integers(-300, 300, rows).astype(">i2").reshape(-1, 1).view(np.uint8)
        elif name == "L":
            octets = rng.choice(np.frombuffer(b"TF", np.uint8), (rows, 1))
        elif form[-1] in "EDM":
            octets = rng.normal(size=(rows, size // 8 or 1)).astype(f">f{min(size, 8)}").view(np.uint8)
        elif name == "NAME":
            octets = rng.integers(65, 91, (rows, 5), dtype=np.uint8)
        found.append(octets)
    return found


def squeezed(octets, method, form):
    if method == "GZIP_1":
        return gzip.compress(octets.tobytes(), mtime=0)
    if method == "GZIP_2":
        item = ITEM.get(form[-1], 1)
        return gzip.compress(np.ascontiguousarray(octets.reshape(-1, item).T).tobytes(), mtime=0)
    if method == "RICE_1":
        item = ITEM.get(form[-1], 1)
        numbers = octets.view(f">i{item}" if item > 1 else "u1").ravel()
        native = numbers.astype(numbers.dtype.newbyteorder("="))
        return bytes(Rice1(blocksize=32, bytepix=item, tilesize=native.size).encode(native))
    return octets.tobytes()


def compressed(rows, tile, methods, *, wide=False, **lies):
    """Return a file with a table compressed tile by tile."""
    columns, letter = content(rows), "Q" if wide else "P"
    heap, descriptors = b"", []
    for first in range(0, rows, tile):
        for i, (octets, (_, form, _)) in enumerate(zip(columns, FIELDS, strict=True)):
            part = squeezed(octets[first : first + tile], methods[i % len(methods)], form)
            descriptors.append(struct.pack(">qq" if wide else ">ii", len(part), len(heap)))
            heap += part
    size, tiles = (16 if wide else 8) * len(FIELDS), -(-rows // tile)
    cards = {"BITPIX": 8, "NAXIS": 2, "NAXIS1": size, "NAXIS2": tiles, "PCOUNT": len(heap), "GCOUNT": 1}
    cards |= {"TFIELDS": len(FIELDS), "EXTNAME": "OBJECTS"}
    for i, (name, form, more) in enumerate(FIELDS, 1):
        cards |= {f"TTYPE{i}": name, f"TFORM{i}": f"1{letter}B(99)", f"ZFORM{i}": form}
        cards |= {f"ZCTYP{i}": methods[(i - 1) % len(methods)]} | {f"{key}{i}": value for key, value in more.items()}
    cards |= {"ZTABLE": True, "ZTILELEN": tile, "ZNAXIS1": sum(rawfits.width(form) for _, form, _ in FIELDS)}
    cards |= {"ZNAXIS2": rows, "ZPCOUNT": 0, "ZHECKSUM": "0000000000000000", "ZDATASUM": "0", "SEEING": 1}
    cards |= lies
    head = [rawfits.card("XTENSION", "BINTABLE"), *(rawfits.card(key, value) for key, value in cards.items())]
    return PRIMARY + rawfits.hdu(head, b"".join(descriptors) + heap)


def plain_rows(path, **options):
    with Catalogue.open(str(path), **options) as opened:
        return b"".join(rows.tobytes() for _, rows in opened.packed_chunks(opened.names)), opened.columns


@pytest.mark.parametrize("methods", [["GZIP_1"], ["GZIP_2"], ["NOCOMPRESS"], ["GZIP_2", "GZIP_1", "NOCOMPRESS"]])
@pytest.mark.parametrize(("rows", "tile"), [(50, 50), (50, 7), (50, 1), (1, 10)])
@pytest.mark.parametrize("wide", [False, True])
def test_rows_are_as_they_were(tmp_path, methods, rows, tile, wide):
    path = tmp_path / "cat.fits"
    # CFITSIO leaves complex numbers unshuffled, and so do we
    path.write_bytes(compressed(rows, tile, methods, wide=wide))
    found, columns = plain_rows(path)
    assert found == np.hstack(content(rows)).tobytes()
    assert [column.form for column in columns] == [form for _, form, _ in FIELDS]
    assert columns[0].null == -1
    assert columns[1].unit == "mag"


@pytest.mark.parametrize(("rows", "tile"), [(50, 50), (50, 7)])
def test_integers_by_rice(tmp_path, rows, tile):
    methods = ["RICE_1" if form[-1] in "IJB" else "GZIP_1" for _, form, _ in FIELDS]
    path = tmp_path / "cat.fits"
    path.write_bytes(compressed(rows, tile, methods))
    assert plain_rows(path)[0] == np.hstack(content(rows)).tobytes()


def test_no_rows(tmp_path):
    path = tmp_path / "cat.fits"
    path.write_bytes(compressed(0, 10, ["GZIP_1"]))
    found, columns = plain_rows(path)
    assert (found, len(columns)) == (b"", len(FIELDS))


def test_it_is_extended_only_when_made_plain(tmp_path):
    path = tmp_path / "cat.fits"
    image = rawfits.hdu([rawfits.card("XTENSION", "IMAGE"), rawfits.card("BITPIX", 8), rawfits.card("NAXIS", 0)])
    octets = compressed(50, 7, ["GZIP_2"]) + image
    path.write_bytes(octets)
    with Catalogue.open(str(path)) as opened:
        assert opened.encoding == "compressed table"
        with pytest.raises(InputError, match="is a tile-compressed table") as told:
            opened.check_extensible()
        assert "--decompress" in told.value.hint
    with Catalogue.open(str(path), decompress=True) as opened:
        opened.check_extensible()
        whole = opened.source.file
        whole.seek(0)
        units, rest = rawfits.units(whole.read())
    assert rest == b""
    assert [unit.head for unit in units][::2] == [PRIMARY, image]
    table = units[1]
    assert b"".join(table.rows) == np.hstack(content(50)).tobytes()
    names = {card[:8].decode().rstrip() for card in table.cards}
    assert not {name for name in names if name.startswith("Z")}
    assert {"CHECKSUM", "DATASUM", "SEEING", "TUNIT2"} <= names
    assert path.read_bytes() == octets


@pytest.mark.skipif(shutil.which("fpack") is None, reason="fpack is not installed")
@pytest.mark.parametrize("options", [["-table"], ["-table", "-g1"], ["-table", "-g2"]])
def test_what_fpack_made(tmp_path, options):
    fields = [field for field in FIELDS if field[0] != "BITS"]
    parts = [octets for octets, field in zip(content(300), FIELDS, strict=True) if field[0] != "BITS"]
    cards = {"BITPIX": 8, "NAXIS": 2, "NAXIS1": sum(part.shape[1] for part in parts), "NAXIS2": 300, "PCOUNT": 0}
    cards |= {"GCOUNT": 1, "TFIELDS": len(fields), "EXTNAME": "OBJECTS"}
    head = [rawfits.card("XTENSION", "BINTABLE"), *(rawfits.card(key, value) for key, value in cards.items())]
    head += hardcase._described(fields, False)
    path = tmp_path / "cat.fits"
    path.write_bytes(PRIMARY + rawfits.hdu(head, np.hstack(parts).tobytes(), ("DATASUM", "CHECKSUM")))
    subprocess.run(["fpack", *options, str(path)], check=True, capture_output=True, timeout=60)
    packed = path.with_name("cat.fits.fz")
    with Catalogue.open(str(packed)) as opened:
        assert opened.encoding == "compressed table"
    assert plain_rows(packed)[0] == np.hstack(parts).tobytes()
    with Catalogue.open(str(packed), decompress=True) as opened:
        opened.source.file.seek(0)
        units, _ = rawfits.units(opened.source.file.read())
    assert units[1].data == rawfits.units(path.read_bytes())[0][1].data
    assert rawfits.is_sound(units[1])


def test_variable_length_columns_are_refused(tmp_path):
    path = tmp_path / "cat.fits"
    size = sum(rawfits.width(form) for _, form, _ in FIELDS)
    path.write_bytes(compressed(5, 5, ["GZIP_1"], ZFORM4="PE(3)", ZNAXIS1=size + 3))
    with pytest.raises(InputError, match="variable-length columns") as told:
        Catalogue.open(str(path))
    assert "funpack" in told.value.hint


@pytest.mark.parametrize(
    ("lies", "message"),
    [
        ({"ZTILELEN": 0}, "10 tiles of ZTILELEN = 0 rows are not ZNAXIS2 = 50"),
        ({"ZTILELEN": 4}, "10 tiles of ZTILELEN = 4"),
        ({"ZTILELEN": 50}, "10 tiles of ZTILELEN = 50"),
        ({"ZNAXIS2": 49}, "of ID is corrupt: a gzip stream holds more than the 32 bytes"),
        ({"ZNAXIS2": 5000}, "10 tiles"),
        ({"ZNAXIS2": "x"}, "ZNAXIS2 is unreadable"),
        ({"ZNAXIS1": 7}, "NAXIS1 says 7"),
        ({"ZCTYP2": "HCOMPRESS_1"}, "column u is compressed by 'HCOMPRESS_1'"),
        ({"ZCTYP1": "NOCOMPRESS"}, "a compressed tile of ID holds"),
        ({"ZCTYP2": "RICE_1"}, "a compressed tile of u is corrupt"),
        ({"ZCTYP5": "RICE_1"}, "a compressed tile of FLAG is corrupt"),
        ({"ZFORM1": "J", "ZFORM4": "9A"}, "of ID is corrupt: a gzip stream holds more than the 20 bytes"),
        ({"ZFORM2": "nonsense"}, "no readable ZFORM2"),
        ({"PCOUNT": 10}, "compressed tile lies outside the data"),
        ({"TFORM1": "2J"}, "column 'ID' is 2J"),
    ],
)
def test_tables_that_lie_are_refused(tmp_path, lies, message):
    path = tmp_path / "cat.fits"
    path.write_bytes(compressed(50, 5, ["GZIP_1"], **lies))
    with pytest.raises(InputError, match=message):
        Catalogue.open(str(path))
    gc.collect()  # a temporary file left open would be a warning, and so an error


@pytest.mark.parametrize("place", [0.3, 0.6, 0.9])
def test_a_corrupt_tile_is_an_error(tmp_path, place):
    octets = bytearray(compressed(50, 25, ["GZIP_1"]))
    start = octets.index(b"\x1f\x8b")
    at = start + int((len(octets.rstrip(b"\0")) - start) * place)
    octets[at : at + 40] = bytes(40)
    path = tmp_path / "cat.fits"
    path.write_bytes(octets)
    with pytest.raises(InputError, match=r"compressed tile of .* (is corrupt|holds)"):
        Catalogue.open(str(path))
    gc.collect()


def test_a_tile_that_swells_is_not_unpacked_whole(tmp_path, monkeypatch):
    """A few bytes that claim to be gigabytes are stopped at the size of the tile."""
    seen = []
    whole = zlib.decompressobj

    class Watched:
        def __init__(self, **settings):
            self.inner = whole(**settings)

        @property
        def eof(self):
            return self.inner.eof

        def decompress(self, octets, most):
            seen.append((most, len(plain := self.inner.decompress(octets, most))))
            return plain

    monkeypatch.setattr(zlib, "decompressobj", Watched)
    path = tmp_path / "cat.fits"
    path.write_bytes(compressed(50, 50, ["GZIP_1"], ZNAXIS2=1, ZTILELEN=1))
    with pytest.raises(InputError, match="a gzip stream holds more than the 8 bytes"):
        Catalogue.open(str(path))
    assert seen == [(9, 9)]
