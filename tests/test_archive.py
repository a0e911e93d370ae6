"""Archives: plain bytes and header-data units in one pass."""

import bz2
import gzip
import io

import pytest
from astropy.io import fits

import imagemaker
import rawfits
from skycnn.errors import InputError
from skycnn.images.archive import compression_of, plain, units


@pytest.fixture
def octets(tmp_path):
    path = tmp_path / "a.fits"
    pixels = imagemaker.array((40, 50))
    table = fits.BinTableHDU.from_columns([fits.Column("A", "PJ()", array=[[1, 2], [3]])])
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(pixels), table, fits.CompImageHDU(pixels.astype("i2"))]).writeto(
        path
    )
    return path.read_bytes()


@pytest.mark.parametrize(("pack", "name"), [(bytes, ""), (gzip.compress, "gz"), (bz2.compress, "bz2")])
def test_units_are_where_astropy_finds_them(octets, pack, name):
    file = io.BytesIO(pack(octets))
    assert compression_of(file) == name
    with plain(file, name, "a") as stream:
        found = list(units(stream, "a"))
    with fits.open(io.BytesIO(octets), disable_image_compression=True) as truth:
        assert [(unit.start, unit.data) for unit in found] == [(u._header_offset, u._data_offset) for u in truth]
        assert [unit.end - unit.data for unit in found] == [u._data_size for u in truth]
    assert [unit.kind for unit in found] == ["image", "image", "table", "compressed image"]
    assert not file.closed


def test_garbage_behind_the_last_unit_is_none(octets):
    with plain(io.BytesIO(octets + b"garbage" * 1000), "", "a") as stream:
        assert len(list(units(stream, "a"))) == 4


@pytest.mark.parametrize("name", ["gz", "bz2"])
@pytest.mark.parametrize("part", [0.5, 0.95])
def test_an_archive_that_is_cut_off(octets, name, part):
    packed = gzip.compress(octets) if name == "gz" else bz2.compress(octets)
    file = io.BytesIO(packed[: int(part * len(packed))])
    with pytest.raises(InputError, match=f"a is a corrupt {name} archive"), plain(file, name, "a") as stream:
        stream.read()


def test_a_system_error_is_not_the_archives():
    class Broken(io.BytesIO):
        def read(self, *_):
            raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output"), plain(Broken(), "gz", "a") as stream:
        stream.read()


def test_a_header_without_end():
    with (
        pytest.raises(InputError, match=r"a\[0\]: the header has no END"),
        plain(io.BytesIO(b"SIMPLE  =".ljust(2880) + b" " * 2880), "", "a") as stream,
    ):
        list(units(stream, "a"))


def test_data_beyond_any_file(tmp_path):
    path = tmp_path / "far.fits"
    cards = {"SIMPLE": True, "BITPIX": 8, "NAXIS": 1, "NAXIS1": 2**62}
    path.write_bytes(rawfits.header([rawfits.card(*card) for card in cards.items()]))
    with open(path, "rb") as file, pytest.raises(InputError, match=r"far.fits\[0\] promises data up to byte 46116860"):
        list(units(file, "far.fits"))
