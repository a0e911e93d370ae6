"""RowFiles: the image of a row, from the disk or from a server, and why it is not there."""

import io
import time

import numpy as np
import pytest
from astropy.io import fits

import skyserver
from cutouts import Sky
from skycnn.remote.fetch import RemoteOptions
from skycnn.remote.urltemplate import UrlTemplate
from skycnn.stamps.rowimages.rowfiles import MissingError, RowFiles, redacted

SKY = Sky()


@pytest.fixture
def remote(tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return RemoteOptions(
        connect=30, read=30, row=60, retries=0, pause=0.01, limit=1 << 16, cache=str(tmp_path / "cache")
    )


def opened(template, remote, **values):
    files = RowFiles({"r": UrlTemplate.parse(template)}, remote)
    try:
        return files.open("r", values, time.monotonic() + 60)
    finally:
        files.close()


def missing(*args, **values):
    with pytest.raises(MissingError) as caught:
        opened(*args, **values)
    return caught.value


def test_a_file(tmp_path, remote):
    (tmp_path / "7.fits").write_bytes(SKY.cutout(100, 100, 16))
    assert opened(str(tmp_path / "{ID}.fits"), remote, ID=7).shape == (16, 16)
    assert opened(str(tmp_path / "{ID}.fits[0]"), remote, ID=7).shape == (16, 16)
    assert not (tmp_path / "cache").exists()


def test_no_file(tmp_path, remote):
    error = missing(str(tmp_path / "{ID}.fits"), remote, ID="a\nb")
    assert str(error) == f"{tmp_path}/a\\nb.fits: does not exist" and error.kind == "does not exist"
    assert str(missing(str(tmp_path / "{ID}.fits"), remote, ID="..")) == "ID is '..', which would leave the folder"
    (tmp_path / "1.fits").write_bytes(b"<html>")
    assert missing(str(tmp_path / "{ID}.fits"), remote, ID=1).kind.startswith("is an HTML page, not FITS")


def test_a_url_with_an_extension(remote):
    file = io.BytesIO()
    units = [fits.PrimaryHDU(), *(fits.ImageHDU(np.full((8, 8), i, np.float32), name=f"E{i}") for i in range(3))]
    fits.HDUList(units).writeto(file)
    with skyserver.serving(lambda path, query: file.getvalue()) as server:
        assert opened(server.url + "/ok/{ID}[E1]", remote, ID=1).headers[0].number == 2
        assert opened(server.url + "/ok/{ID}#3", remote, ID=1).headers[0].number == 3
        assert "holds 3 images" in missing(server.url + "/ok/{ID}", remote, ID=1).kind
        assert "[E9]" in str(missing(server.url + "/ok/{ID}[E9]", remote, ID=1))


def test_an_image_that_promises_more_than_it_may(remote):
    file = io.BytesIO()
    image = fits.CompImageHDU(np.zeros((200, 400), np.int16))
    fits.HDUList([fits.PrimaryHDU(), image]).writeto(file)
    assert len(file.getvalue()) < remote.limit
    with skyserver.serving(lambda path, query: file.getvalue()) as server:
        error = missing(server.url + "/ok", remote)
    assert error.kind == "an image of 400 x 200 pixels; the limit is 0 MB of float32"


def test_what_is_said_of_a_url(remote):
    with skyserver.serving(SKY.answer) as server:
        url = server.url.replace("://", "://me:secret@") + "/404/a%0Ab?token=secret#1"
        error = missing(url, remote)
    assert str(error) == f"{server.url}/404/a%0Ab: HTTP 404, no image"
    assert missing(server.url + "/404", remote).unreachable


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("https://u:p@h:8/a/b?c#d", "https://h:8/a/b"),
        ("http://h", "http://h"),
        ("https://h/\x1b[2J", "https://h/\\x1b[2J"),
    ],
)
def test_redacted(url, plain):
    assert redacted(url) == plain


def test_several_images_of_a_row_are_told_with_the_option_that_names_one(tmp_path, remote):
    units = [fits.ImageHDU(np.zeros((8, 8), "f4"), name=name) for name in ("G", "R")]
    fits.HDUList([fits.PrimaryHDU(), *units]).writeto(tmp_path / "1.fits")
    template = str(tmp_path / "{ID}.fits")
    error = missing(template, remote, ID=1)
    assert error.hint == f"Name the image of each band: --images 'r={template}[G]'"
    assert str(error).endswith(error.hint)
    files = RowFiles({"": UrlTemplate.parse(template)}, remote)
    with pytest.raises(MissingError) as caught:
        files.open("", {"ID": 1}, time.monotonic() + 60)
    files.close()
    options = f"--images 'G={template}[G]' --images 'R={template}[R]'"
    assert caught.value.hint == f"Name the image of each band: {options}"
    assert opened(f"{template}[R]", remote, ID=1).shape == (8, 8)
