"""RowSource: templates against a catalogue, and what is said before the work."""

import socket

import numpy as np
import pytest

import skyserver
from cutouts import SCALE, Sky, catalogue
from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.remote.fetch import RemoteOptions
from skycnn.stamps.rowimages.rowsource import find

SKY = Sky()
QUERY = "?ra={ra}&dec={dec}&size={size_px}"


@pytest.fixture
def remote(tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return RemoteOptions(connect=1, read=0.5, row=10, retries=1, pause=0.01, cache=str(tmp_path / "cache"))


@pytest.fixture
def server():
    with skyserver.serving(SKY.answer) as running:
        yield running


def objects(tmp_path, n=5, **more):
    _, (ra, dec) = SKY.places(n)
    return catalogue(tmp_path / "cat.fits", RA=ra, DEC=dec, **more)


def found(path, images, remote, **options):
    with Catalogue.open(path) as table, find(table, images, remote=remote, **options) as source:
        return source


def test_the_first_image_tells_the_scale(server, remote, tmp_path):
    source = found(objects(tmp_path), {"r": [server.url + "/ok" + QUERY], "g": [server.url + "/ok/g" + QUERY]}, remote)
    assert source.bands == ("r", "g") and source.columns == ("RA", "DEC")
    assert source.pixel_scale == pytest.approx(SCALE, rel=1e-4)
    assert len(source.notes) == 1 and source.notes[0].startswith("positions: RA DEC")
    assert server.calls.total() == 2


def test_angles_are_those_of_the_stamps(server, remote, tmp_path):
    asked = []

    def answer(path, query):
        asked.append(query)
        return SKY.cutout(150, 150, 80)

    server.image = answer
    path = objects(tmp_path, 1)
    with (
        Catalogue.open(path) as table,
        find(table, {"r": [server.url + "/ok?a={size_arcsec}&d={size_deg}"]}, remote=remote) as source,
    ):
        list(source.batches(0, table.read(source.columns), np.ones(1, bool), bands="r", side=20))
    assert [float(query["a"]) for query in asked] == pytest.approx([60, 20 * SCALE], rel=1e-4)
    assert [float(query["d"]) * 3600 for query in asked] == pytest.approx([60, 20 * SCALE], rel=1e-4)


def test_rows_that_have_none_are_passed_over(server, remote, tmp_path):
    path = objects(tmp_path, 5, F=["404", "404", "ok", "ok", "ok"])
    source = found(path, {"r": [server.url + "/{F}" + QUERY]}, remote)
    assert source.pixel_scale == pytest.approx(SCALE, rel=1e-4)
    assert found(path, {"r": [server.url + "/{F}" + QUERY]}, remote, rows=(0, 2)).pixel_scale is None


def test_images_without_a_wcs_are_said(server, remote, tmp_path):
    server.image = lambda path, query: SKY.cutout(150, 150, 16, keep_wcs=False)
    source = found(objects(tmp_path), {"r": [server.url + "/ok" + QUERY]}, remote)
    assert source.pixel_scale is None
    assert source.notes[1:] == ("images of r have no WCS: objects are taken to lie at their centres",)
    with pytest.raises(InputError, match=r"\{size_arcsec\} needs the images' pixel scale.*no WCS"):
        found(objects(tmp_path / "b"), {"r": [server.url + "/ok?{size_arcsec}"]}, remote)


def test_no_positions_no_matter(server, remote, tmp_path):
    path = catalogue(tmp_path / "cat.fits", ID=np.arange(3))
    source = found(path, {"r": [server.url + "/404/{id}"]}, remote)
    assert source.columns == ("ID",) and "centres" in source.notes[0]


def test_a_server_that_is_not_there(remote, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(InputError, match=r"no connection: Connection refused, 2 tries.*proxy"):
            found(objects(tmp_path), {"r": [url + "/{RA}"]}, remote)


@pytest.mark.parametrize(
    ("images", "stamps", "options", "said"),
    [
        ({"r": ["a/{NONE}.fits"]}, None, {}, "has no column 'NONE'"),
        ({"r": ["a/{V}.fits"]}, None, {}, "column 'V' is 2D"),
        ({"r": ["a/{ID.fits"]}, None, {}, "brace"),
        ({"r": ["a/{ID}.fits", "b/{ID}.fits"]}, None, {}, "2 sources"),
        ({"r": ["a/{ID}.fits"], "g": ["b.fits"]}, None, {}, "band g is a file"),
        ({}, "a/{ID}_{band}.fits", {}, "--stamps names files with all bands"),
        ({}, "a/{ra}.fits", {}, "with --stamps there are none"),
        ({"r": ["a/{ra}.fits"]}, None, {"xy": ("X", "X")}, "with --xy there are none"),
        ({"r": ["a/{ID}.fits"]}, None, {"sky": ("RA", "NONE")}, "NONE"),
        ({}, "a/{ID}.fits", {}, "none of the rows looked at has a stamp: a/0.fits: does not exist"),
    ],
)
def test_bad_requests(remote, tmp_path, images, stamps, options, said):
    path = objects(tmp_path, 3, ID=np.arange(3), X=np.zeros(3), V=np.zeros((3, 2)))
    with Catalogue.open(path) as table, pytest.raises(InputError, match=said):
        find(table, images, stamps, remote=remote, **options)


def test_no_rows_no_question(server, remote, tmp_path):
    path = objects(tmp_path, 1)
    source = found(path, {"r": [server.url + "/ok" + QUERY]}, remote, rows=(0, 0))
    assert server.calls.total() == 0 and source.bands == ("r",)
