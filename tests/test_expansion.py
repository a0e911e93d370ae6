"""Expansion: archives are uncompressed as far as they may be; what lies behind the last unit ends."""

import gzip

import pytest

import bombs
import rawfits
from skycnn.errors import InputError
from skycnn.files import memory
from skycnn.fits import expansion
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.source import open_source, parse
from skycnn.images.imageheader import ImageSpec, read_headers

IMAGE = rawfits.hdu([rawfits.card("XTENSION", "IMAGE"), rawfits.card("BITPIX", 8), rawfits.card("NAXIS", 0)])


@pytest.fixture(autouse=True)
def bounded(monkeypatch):
    monkeypatch.setattr(memory, "_requested", 70_000_000)


@pytest.mark.parametrize("kind", ["gz", "bz2"])
def test_a_bomb_is_stopped_by_its_header(tmp_path, monkeypatch, kind):
    path = bombs.archive(tmp_path / "a.fits", 2_500_000, kind)
    seen = []
    reached = expansion.Expansion.reached
    monkeypatch.setattr(expansion.Expansion, "reached", lambda self, size: seen.append(size) or reached(self, size))
    with pytest.raises(InputError, match=r"an archive of \d+ (kB|bytes) would become 100 MB \(expected at most 70 MB"):
        Catalogue.open(path)
    assert max(seen) <= 1 << 20


def test_a_bomb_whose_header_is_modest_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(expansion, "LOOSE", 3 << 20)
    path = tmp_path / "a.fits.gz"
    path.write_bytes(gzip.compress(bombs.PRIMARY) + bombs.zeros(20_000_000))
    with pytest.raises(InputError, match="goes on for more than 3 MB behind its last header-data unit"):
        open_source(parse(str(path)))
    path.write_bytes(gzip.compress(bombs.PRIMARY + rawfits.card("SIMPLE", True)) + bombs.zeros(90_000_000))
    monkeypatch.setattr(expansion, "LOOSE", 300 << 20)
    with pytest.raises(InputError, match=r"would become 7\d MB"):
        open_source(parse(str(path)))


@pytest.mark.parametrize("units", [1, 3])
def test_what_is_no_bomb_is_uncompressed_whole(tmp_path, units):
    octets = bombs.PRIMARY + units * IMAGE + b"loose ends" * 1000
    path = tmp_path / "a.fits.gz"
    path.write_bytes(gzip.compress(octets))
    source = open_source(parse(str(path)))
    assert source.size == len(octets)
    source.file.close()


def test_a_dense_archive_within_memory_is_read(tmp_path, monkeypatch):
    """An empty mask shrinks a thousandfold."""
    monkeypatch.setattr(memory, "_requested", 200_000_000)
    with Catalogue.open(bombs.archive(tmp_path / "a.fits", 2_500_000)) as opened:
        assert opened.rows == 2_500_000


def test_images_in_archives(tmp_path, monkeypatch):
    head = [rawfits.card(*card) for card in (("SIMPLE", True), ("BITPIX", 8), ("NAXIS", 2))]
    head += [rawfits.card("NAXIS1", 9000), rawfits.card("NAXIS2", 9000)]
    path = tmp_path / "a.fits.gz"
    path.write_bytes(gzip.compress(rawfits.header(head)) + bombs.zeros(81_000_000))
    with pytest.raises(InputError, match=r"\[0\]: an archive of \d+ kB would become 81 MB"):
        read_headers(ImageSpec(str(path)))
    monkeypatch.setattr(memory, "_requested", 100_000_000)
    assert read_headers(ImageSpec(str(path)))[0].shape == (9000, 9000)


def test_a_header_longer_than_a_piece(tmp_path):
    cards = [rawfits.card("SIMPLE", True), rawfits.card("BITPIX", 8), rawfits.card("NAXIS", 0)]
    octets = rawfits.hdu([*cards, *(rawfits.card(f"K{i}", i) for i in range(20_000))]) + IMAGE
    path = tmp_path / "a.fits.gz"
    path.write_bytes(gzip.compress(octets))
    source = open_source(parse(str(path)))
    assert source.size == len(octets)
    source.file.close()
