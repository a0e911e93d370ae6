"""The bytes of one image, uncompressed."""

import os

import pytest
from astropy.io import fits

import imagemaker
from skycnn.errors import ChangedError, InputError, NoSpaceError
from skycnn.images.imageheader import ImageSpec, read_headers
from skycnn.images.plainbytes import open_bytes


@pytest.fixture
def pixels():
    return imagemaker.array((100, 120))


@pytest.mark.parametrize("ending", ["", ".gz", ".bz2"])
def test_the_header_and_the_data_lie_where_told(tmp_path, pixels, ending):
    path = tmp_path / f"a.fits{ending}"
    fits.HDUList([fits.PrimaryHDU(pixels), fits.ImageHDU(pixels + 1), fits.ImageHDU(pixels + 2)]).writeto(path)
    (header,) = read_headers(ImageSpec(str(path), "1"))
    file, start = open_bytes(header, str(tmp_path))
    with file:
        assert os.pread(file.fileno(), 20, start) == b"XTENSION= 'IMAGE   '"
        data = os.pread(file.fileno(), header.size, start + header.offset - header.start)
        assert data == (pixels + 1).astype(">f8").tobytes()
        if ending:  # nothing but this image is on the disk
            assert os.fstat(file.fileno()).st_size == header.offset - header.start + header.size
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("stored", ["float32", "gz"])
def test_a_file_that_was_replaced(tmp_path, pixels, stored):
    path, _ = imagemaker.write(tmp_path / "a.fits", pixels, stored)
    (header,) = read_headers(ImageSpec(str(path)))
    os.utime(path, ns=(1, 1))
    with pytest.raises(ChangedError, match="changed or replaced"):
        open_bytes(header)
    path.unlink()
    with pytest.raises(InputError, match="cannot be read"):
        open_bytes(header)


@pytest.mark.parametrize("stored", ["gz", "bz2"])
@pytest.mark.parametrize("harm", ["cut", "flipped"])
def test_an_archive_that_proves_corrupt_later(tmp_path, pixels, stored, harm):
    big = imagemaker.array((900, 1000))
    path, _ = imagemaker.write(tmp_path / "a.fits", big, stored)
    octets = bytearray(path.read_bytes())
    if harm == "cut":
        del octets[len(octets) * 3 // 4 :]
    else:
        octets[len(octets) * 3 // 4] ^= 255
    path.write_bytes(octets)
    (header,) = read_headers(ImageSpec(str(path)))
    with pytest.raises(InputError, match=f"corrupt {stored} archive"):
        open_bytes(header)


def test_an_archive_of_a_file_that_is_too_short(tmp_path, pixels):
    import gzip

    path, _ = imagemaker.write(tmp_path / "a.fits", pixels, "float32")
    packed = tmp_path / "a.fits.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()[:-5760]))
    (header,) = read_headers(ImageSpec(str(packed)))
    with pytest.raises(InputError, match="shorter than its header says"):
        open_bytes(header)


def test_no_room_for_the_copy(tmp_path, pixels, monkeypatch):
    import errno

    from skycnn.images import plainbytes

    path, _ = imagemaker.write(tmp_path / "a.fits", pixels, "gz")
    (header,) = read_headers(ImageSpec(str(path)))

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(plainbytes, "_extract", full)
    with pytest.raises(NoSpaceError):
        open_bytes(header)
