"""RowImages: stamps from an image a row, right to the pixel, and a flagged row with a word where one does not come."""

import os
import subprocess
import sys
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from astropy.io import fits

import skyserver
from cutouts import SCALE, Sky, catalogue
from skycnn.errors import InputError, NoSpaceError, RunError
from skycnn.fits.catalogue import Catalogue
from skycnn.remote.fetch import RemoteOptions
from skycnn.schema import Flag
from skycnn.stamps.rowimages.rowsource import find

SKY = Sky()
QUERY = "?ra={ra}&dec={dec}&size={size_px}"
N = 12


@pytest.fixture(scope="module")
def server():
    with skyserver.serving(SKY.answer) as running:
        yield running


@pytest.fixture
def remote(tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return RemoteOptions(
        concurrency=4, connect=30, read=30, row=60, retries=1, pause=0.01, limit=1 << 20, cache=str(tmp_path / "cache")
    )


def cut(path, images, remote, *, side=16, bands=None, wanted=None, rows=None, **options):
    """Return stamps by row (n, band, y, x), DX and DY (n, band, 2), flags (n,), and the source, closed."""
    with Catalogue.open(path) as table, find(table, images, remote=remote, rows=rows, **options) as source:
        bands = bands or source.bands
        parts = []
        for first, values in table.chunks(source.columns, rows):
            n = len(next(iter(values.values())))
            keep = np.ones(n, bool) if wanted is None else wanted[first : first + n]
            parts += list(source.batches(first, values, keep, bands=bands, side=side))
        taken = np.concatenate([part.rows for part in parts])
        order = np.argsort(taken)
        join = [np.concatenate([getattr(part, name) for part in parts])[order] for name in ("pixels", "rests", "flags")]
        return *join, source


def objects(tmp_path, n=N, **more):
    (x, y), (ra, dec) = SKY.places(n)
    return (x, y), catalogue(tmp_path / "cat.fits", RA=ra, DEC=dec, **more)


@pytest.mark.parametrize("side", [1, 15, 16])
def test_stamps_are_slices_of_the_sky(server, remote, tmp_path, side):
    (x, y), path = objects(tmp_path)
    pixels, rests, flags, source = cut(path, {"r": [server.url + "/ok" + QUERY]}, remote, side=side)
    for i in range(N):
        stamp, rest = SKY.stamp(x[i], y[i], side)
        np.testing.assert_array_equal(pixels[i, 0], stamp)
        np.testing.assert_allclose(rests[i, 0], rest, atol=1e-4)  # ra and dec in the URL have 8 decimals
    assert not flags.any()
    assert source.warnings() == []
    assert source.pixel_scale == pytest.approx(SCALE, rel=1e-4)


def test_fetches_go_side_by_side_and_never_twice(server, remote, tmp_path):
    _, path = objects(tmp_path)
    images = {"r": [server.url + "/slow/a" + QUERY + "&s=0.2"]}
    server.most_together = 0
    first = cut(path, images, remote)
    assert 2 <= server.most_together <= remote.concurrency
    calls = server.calls.total()
    again = cut(path, images, remote)
    assert server.calls.total() == calls
    np.testing.assert_array_equal(first[0], again[0])


FAULTS = {
    "404": "HTTP 404, no image",
    "patience?s=600": "HTTP 429 Too Many Requests; no time for another try after 600 s",
    "patience?s=0": "HTTP 429 Too Many Requests, 2 tries",
    "500": "HTTP 500 Internal Server Error, 2 tries",
    "truncated": "truncated: ",
    "short": "the image is shorter than its header says",
    "html": "HTML, not FITS: 'Maintenance'",
    "text": "text, not FITS: 'ERROR: position off the survey'",
    "empty": "an empty answer",
    "endless": "an answer of more than 1 MB, the limit",
    "huge": "the limit is 1",
    "bomb": "an archive of more than 1 MB, the limit",
    "hangup": "the answer broke off",
    "loop": "HTTP 302",
    "redirect?to=/404": "HTTP 404",
    "chunked/broken": "the answer broke off",
    "secret": "HTTP 401",
}


def test_every_fault_leaves_a_flagged_row_and_one_line(server, remote, tmp_path):
    names = [name for fault in FAULTS for name in ("ok", fault)]
    (x, y), path = objects(tmp_path, len(names), WHAT=names)
    url = server.url.replace("://", "://user:pass@") + "/as" + QUERY + "&what={WHAT}&token=t0ps3cret"
    pixels, rests, flags, source = cut(path, {"r": [url]}, remote)
    lines = source.warnings()
    assert len(lines) == len(FAULTS)
    for i, name in enumerate(names):
        if name == "ok":
            np.testing.assert_array_equal(pixels[i, 0], SKY.stamp(x[i], y[i], 16)[0])
            assert flags[i] == 0
        else:
            assert np.isnan(pixels[i]).all() and np.isnan(rests[i]).all()
            assert flags[i] == Flag.UNREADABLE | Flag.MISSING_BAND
            (line,) = [line for line in lines if line.startswith(f"row {i}: r http://127.0.0.1:")]
            assert FAULTS[name] in line
    assert [line for line in lines if "t0ps3cret" in line or "pass@" in line or "\n" in line] == []


@pytest.mark.parametrize(
    ("fault", "times", "said"),
    [
        ("slow", {"read": 0.2}, "no packet within 0.2 s, 2 tries"),
        ("drip", {"row": 1}, "the row's time is over"),
    ],
)
def test_a_server_that_hangs_costs_its_rows_alone(server, remote, tmp_path, fault, times, said):
    """What is sound comes from the cache: no load of the machine makes it late."""
    (x, y), path = objects(tmp_path, 4, WHAT=["ok"] * 4)
    images = {"r": [server.url + "/as" + QUERY + "&what={WHAT}"]}
    cut(path, images, remote)
    os.unlink(path)
    _, path = objects(tmp_path, 4, WHAT=["ok", fault, "ok", fault])
    pixels, _, flags, source = cut(path, images, replace(remote, **times))
    for i in (0, 2):
        np.testing.assert_array_equal(pixels[i, 0], SKY.stamp(x[i], y[i], 16)[0])
    assert np.isnan(pixels[1::2]).all()
    assert flags.tolist() == [0, Flag.UNREADABLE | Flag.MISSING_BAND] * 2
    assert len(source.warnings()) == 2 and all(said in line for line in source.warnings())


@pytest.mark.parametrize("good", ["chunked", "packed", "flaky", "busy", "redirect?to=/ok"])
def test_ways_to_answer_well(server, remote, tmp_path, good):
    (x, y), path = objects(tmp_path, 3)
    address = f"/{good}{'?' if '?' not in good else ''}{QUERY[1:] if '?' not in good else ''}"
    if "redirect" in good:
        address = f"/redirect?to=/ok{QUERY.replace('?', '%3F').replace('&', '%26').replace('=', '%3D')}"
    pixels, _, flags, _ = cut(path, {"r": [server.url + address]}, remote)
    for i in range(3):
        np.testing.assert_array_equal(pixels[i, 0], SKY.stamp(x[i], y[i], 16)[0])
    assert not flags.any()


def test_a_row_depends_on_itself_alone(server, remote, tmp_path):
    _, path = objects(tmp_path)
    images = {"r": [server.url + "/ok" + QUERY]}
    whole = cut(path, images, remote)
    one = cut(path, images, replace(remote, concurrency=1))
    wanted = np.arange(N) % 3 == 1
    some = cut(path, images, remote, wanted=wanted)
    part = cut(path, images, remote, rows=(5, 9))
    for i in range(3):
        np.testing.assert_array_equal(one[i], whole[i])
        np.testing.assert_array_equal(some[i], whole[i][wanted])
        np.testing.assert_array_equal(part[i], whole[i][5:9])


def test_rows_without_a_position_are_not_asked_for(server, remote, tmp_path):
    _, (ra, dec) = SKY.places(4)
    ra[1], dec[2] = np.nan, 95.0
    path = catalogue(tmp_path / "cat.fits", RA=ra, DEC=dec)
    calls = server.calls.total()
    pixels, _, flags, source = cut(path, {"r": [server.url + "/ok/nan" + QUERY]}, remote)
    assert flags.tolist() == [0, *[Flag.NO_POSITION | Flag.MISSING_BAND] * 2, 0]
    assert np.isnan(pixels[1:3]).all() and source.warnings() == []
    assert server.calls.total() == calls + 2 + 1  # and the first look, of another size


def test_edges_and_what_lies_off(server, remote, tmp_path):
    x, y = np.array([150.3, 2.2, -3.2, 150.3]), np.array([150.3, 150.3, 150.3, 299.4])
    ra, dec = SKY.wcs.all_pix2world(x, y, 0)
    path = catalogue(tmp_path / "cat.fits", RA=ra, DEC=dec)
    pixels, _, flags, _ = cut(path, {"r": [server.url + "/ok" + QUERY]}, remote)
    for i in range(4):
        np.testing.assert_array_equal(pixels[i, 0], SKY.stamp(x[i], y[i], 16)[0])
    assert flags.tolist() == [0, Flag.EDGE, Flag.EDGE | Flag.OFF_IMAGE, Flag.EDGE]


def test_bands_fail_one_by_one(server, remote, tmp_path):
    (x, y), path = objects(tmp_path, 3)
    images = {"g": [server.url + "/ok/{band}" + QUERY], "r": [server.url + "/404"], "i": [server.url + "/html"]}
    pixels, rests, flags, source = cut(path, images, remote, bands=("i", "g", "z"))
    assert source.bands == ("g", "r", "i")
    for i in range(3):
        np.testing.assert_array_equal(pixels[i, 1], SKY.stamp(x[i], y[i], 16)[0])
    assert np.isnan(pixels[:, [0, 2]]).all() and np.isnan(rests[:, [0, 2]]).all()
    assert flags.tolist() == [Flag.UNREADABLE | Flag.MISSING_BAND] * 3
    assert [line.split(": ")[0] for line in source.warnings()] == ["row 0", "row 1", "row 2"]
    assert any(path.startswith("/ok/g?") for path in server.calls)
    source = cut(path, images, remote, rows=(1, 3))[3]
    assert [line.split(": ")[0] for line in source.warnings()] == ["row 1", "row 2"]


def test_many_failures_are_counted(server, remote, tmp_path, monkeypatch):
    from skycnn.stamps.rowimages import rowimages

    monkeypatch.setattr(rowimages, "LISTED", 2)
    _, path = objects(tmp_path)
    lines = cut(path, {"r": [server.url + "/404" + QUERY]}, remote)[3].warnings()
    assert len(lines) == 3 and lines[2] == f"{N - 2} more rows: HTTP 404, no image"


def test_other_grids_are_refused_with_both_values_or_resampled(remote, tmp_path):
    coarse = Sky(scale=0.8, angle=65)
    _, path = objects(tmp_path, 3)

    def answer(path, query):
        return (SKY if "/g" in path else coarse).answer(path, query)

    with skyserver.serving(answer) as server:
        images = {band: [f"{server.url}/ok/{{band}}{QUERY}"] for band in "gr"}
        pixels, _, flags, source = cut(path, images, remote)
        assert flags.tolist() == [Flag.UNREADABLE | Flag.MISSING_BAND] * 3
        assert "row 0: r another pixel grid: scale 0.8 arcsec against 0.4" in source.warnings()
        again, rests, flags, source = cut(path, images, remote, resample=True)
    np.testing.assert_array_equal(again[:, 0], pixels[:, 0])
    assert np.isfinite(again).all() and not flags.any() and source.warnings() == []
    np.testing.assert_array_equal(rests[:, 0], rests[:, 1])


def test_resampled_to_the_scale_that_is_needed(remote, tmp_path):
    flat = Sky()
    flat.image[...] = 1.0
    _, path = objects(tmp_path, 3)
    with skyserver.serving(flat.answer) as server, Catalogue.open(path) as table:
        source = find(table, {"r": [f"{server.url}/ok{QUERY}"]}, remote=remote)
        with source, pytest.raises(InputError, match="--resample"):
            source.rescaled(0.7, "the model")
        with find(table, {"r": [f"{server.url}/ok{QUERY}"]}, remote=remote, resample=True) as source:
            source = source.rescaled(0.8, "the model")
            values = table.read(source.columns)
            (batch,) = source.batches(0, values, np.ones(3, bool), bands="r", side=16)
    np.testing.assert_allclose(batch.pixels, 4.0, rtol=1e-3)  # the light of four pixels
    np.testing.assert_allclose(batch.rests, 0, atol=1e-9)
    assert not batch.flags.any()


@pytest.mark.parametrize(("unit", "area"), [("nJy", 1), ("uJy/arcsec2", 0)])
def test_coarse_pixels_by_the_option_or_a_model_s(remote, tmp_path, unit, area):
    """The cutouts fetched are of fine pixels; resampled where the ratio is not whole; a surface brightness stays."""
    flat, asked = Sky(), []
    flat.unit, flat.image[...] = unit, 1.0
    _, path = objects(tmp_path, 3)

    def answer(path, query):
        asked.append(int(query["size"]))
        return flat.answer(path, query)

    with (
        skyserver.serving(answer) as server,
        Catalogue.open(path) as table,
        find(table, {"r": [f"{server.url}/ok{QUERY}"]}, remote=remote) as source,
    ):
        values = table.read(source.columns)
        made = [source.binned(4), source.rescaled(1.6, "it"), source.rescaled(1.8, "it")]
        assert [one.pixel_scale for one in made] == pytest.approx([1.6, 1.6, 1.8])
        assert [one.facts().get("bin") for one in made] == [4, 4, None]
        for one, pixels in zip(made, (16, 16, 4.5**2), strict=True):
            (batch,) = one.batches(0, values, np.ones(3, bool), bands="r", side=10)
            np.testing.assert_allclose(batch.pixels, pixels if area else 1, rtol=1e-3)
            assert not batch.flags.any() and (np.abs(batch.rests) <= 0.5 / 4 + 1e-6).all()
    assert set(asked[1:]) == {40, 48}  # of the same size none twice


def test_files_by_a_column_about_their_centres(remote, tmp_path):
    (x, y), _ = SKY.places(4)
    (tmp_path / "cut").mkdir()
    for i, size in enumerate((16, 17, 20)):
        (tmp_path / "cut" / f"N {i}.fits").write_bytes(SKY.cutout(x[i], y[i], size, keep_wcs=False))
    path = catalogue(tmp_path / "cat.fits", ID=["N 0", "N 1", "N 2", "N 3", "../N 0", ""])
    template = str(tmp_path / "cut" / "{id}.fits")
    with Catalogue.open(path) as table, find(table, {}, template) as source:
        assert (source.bands, source.columns) == (("1",), ("ID",))
        values = table.read(source.columns)
        (batch,) = source.batches(0, values, np.ones(6, bool), bands=("1",), side=16, dtype=">f4")
    assert batch.pixels.dtype == ">f4" and batch.rows.tolist() == list(range(6))
    np.testing.assert_array_equal(batch.pixels[0, 0], SKY.stamp(x[0], y[0], 16)[0])
    assert batch.rests[:3, 0].tolist() == [[0, 0], [-0.5, -0.5], [0, 0]]
    assert batch.flags.tolist() == [0, 0, 0, *[Flag.UNREADABLE | Flag.MISSING_BAND] * 3]
    assert source.warnings() == [
        f"row 3: 1 {tmp_path}/cut/N 3.fits: does not exist",
        "row 4: 1 id is '../N 0', which would leave the folder",
        "row 5: 1 id is empty",
    ]


BIG = 43158322455040512 + np.arange(3)
UNSIGNED, DIGITS = [2**64 - 1, 2**63 + 1, 5], [f"00{BIG[0]}", "007", "7"]


@pytest.mark.parametrize(
    ("made", "names", "last"),
    [
        (fits.Column("ID", "K", null=-1, array=[*BIG, -1]), BIG, "null"),
        (fits.Column("ID", "K", array=[*BIG, 0]), BIG, None),
        (
            fits.Column("ID", "K", bzero=2**63, array=np.array([2**64 - 1, *BIG[:2], 0], "u8")),
            [2**64 - 1, *BIG[:2]],
            None,
        ),
        (fits.Column("ID", "I", null=-1, array=[5, 6, 7, -1]), [5, 6, 7], "null"),
        (
            fits.Column("ID", "20A", array=["0043158322455040512 ", "007", "7", ""]),
            ["0043158322455040512", "007", "7"],
            "empty",
        ),
        (fits.Column("ID", "D", array=[5.0, 6.0, 7.0, np.nan]), [5, 6, 7], "null"),
        (fits.Column("ID", "D", array=[5.0, 6.0, 7.0, 2.0**60]), [5, 6, 7], "too large to be exact"),
    ],
    ids=["null", "plain", "unsigned", "short", "digits", "float", "large float"],
)
def test_files_are_named_by_exact_ids(remote, tmp_path, made, names, last):
    (x, y), _ = SKY.places(3)
    for i, name in enumerate(names):
        (tmp_path / f"{name}.fits").write_bytes(SKY.cutout(x[i], y[i], 16, keep_wcs=False))
    fits.BinTableHDU.from_columns([made]).writeto(tmp_path / "cat.fits")
    pixels, _, flags, source = cut(str(tmp_path / "cat.fits"), {}, remote, stamps=str(tmp_path / "{ID}.fits"))
    for i in range(3):
        np.testing.assert_array_equal(pixels[i, 0], SKY.stamp(x[i], y[i], 16)[0])
    assert flags.tolist() == [0, 0, 0, Flag.UNREADABLE | Flag.MISSING_BAND]
    assert (f"ID is {last}" if last else "does not exist") in source.warnings()[0]


def test_scaled_ids_name_files_exactly(remote, tmp_path):
    (x, y), _ = SKY.places(3)
    fits.BinTableHDU.from_columns([fits.Column("ID", "K", array=BIG // 1000)]).writeto(tmp_path / "cat.fits")
    with fits.open(tmp_path / "cat.fits", "update", do_not_scale_image_data=True) as file:
        file[1].header["TSCAL1"], file[1].header["TZERO1"], file[1].header["TNULL1"] = 1000, 7, -1
    (tmp_path / f"{BIG[0] // 1000 * 1000 + 7}.fits").write_bytes(SKY.cutout(x[0], y[0], 16, keep_wcs=False))
    _, _, flags, _ = cut(str(tmp_path / "cat.fits"), {}, remote, stamps=str(tmp_path / "{ID}.fits"))
    assert flags.tolist() == [0, 0, 0]


def test_files_with_all_bands(remote, tmp_path):
    from astropy.io import fits

    cubes = np.random.default_rng(0).normal(size=(3, 3, 16, 16)).astype(np.float32)
    for i, (cube, bands) in enumerate(zip(cubes, ("grz", "zgr", "ugr"), strict=True)):
        fits.PrimaryHDU(cube, fits.Header({"BANDS": bands})).writeto(tmp_path / f"{i}.fits")
    path = catalogue(tmp_path / "cat.fits", ID=np.arange(3))
    pixels, _, flags, source = cut(path, {}, remote, stamps=str(tmp_path / "{ID}.fits"))
    assert source.bands == ("g", "r", "z")
    np.testing.assert_array_equal(pixels[0], cubes[0])
    np.testing.assert_array_equal(pixels[1], cubes[1][[1, 2, 0]])
    np.testing.assert_array_equal(pixels[2, :2], cubes[2][[1, 2]])
    assert flags.tolist() == [0, 0, Flag.UNREADABLE | Flag.MISSING_BAND]
    assert "holds bands u g r" in source.warnings()[0]


def test_pixels_of_the_rows_own_image(remote, tmp_path):
    (x, y), _ = SKY.places(3)
    (tmp_path / "a.fits").write_bytes(SKY.cutout(149.5, 149.5, 300))
    path = catalogue(tmp_path / "cat.fits", F=["a"] * 3, X=x + 1, Y=y + 1)
    pixels, rests, flags, _ = cut(path, {"r": [str(tmp_path / "{F}.fits")]}, remote, xy=("X", "Y"))
    for i in range(3):
        stamp, rest = SKY.stamp(x[i], y[i], 16)
        np.testing.assert_array_equal(pixels[i, 0], stamp)
        np.testing.assert_allclose(rests[i, 0], rest, atol=1e-9)
    assert not flags.any()


def test_a_thread_that_waits_ends_when_the_source_is_closed(server, remote, tmp_path):
    _, path = objects(tmp_path, 4)
    hang = replace(remote, read=60, row=60)
    ended = []
    with Catalogue.open(path) as table, find(table, {"r": [server.url + "/ok" + QUERY]}, remote=hang) as source:
        values = table.read(source.columns)
        source.files.templates["r"] = replace(source.files.templates["r"], text=server.url + "/slow?s=60")
        batches = source.batches(0, values, np.ones(4, bool), bands="r", side=16)

        def take():
            try:
                next(batches)
            except RunError as error:
                ended.append(error)

        taker = threading.Thread(target=take)
        taker.start()
        while not any(path.startswith("/slow?s=60") for path in server.calls):
            time.sleep(0.01)
    taker.join(20)
    assert len(ended) == 1


PROGRAM = """
import os, signal, sys
import numpy as np
from skycnn.errors import Interrupted
from skycnn.fits.catalogue import Catalogue
from skycnn.remote.fetch import RemoteOptions
from skycnn.stamps.rowimages.rowsource import find

def stop(signum, frame):
    raise Interrupted(signum)

signal.signal(signal.SIGTERM, stop)
path, url, cache = sys.argv[1:]
try:
    with Catalogue.open(path) as table:
        print("started", flush=True)
        with find(table, {"r": [url]}, remote=RemoteOptions(cache=cache)) as source:
            print("looked", flush=True)
            list(source.batches(0, table.read(source.columns), np.ones(4, bool), bands="r", side=16))
except Interrupted as error:
    sys.exit(error.exit_code)
"""


@pytest.mark.parametrize("moment", ["look", "work"])
def test_a_signal_ends_the_process_while_fetches_hang(remote, tmp_path, moment):
    _, path = objects(tmp_path, 4)
    asked = threading.Event()

    def answer(route, query):
        if moment == "look" or int(query["size"]) == 16:
            asked.set()
            server.over.wait(60)
        return SKY.answer(route, query)

    with skyserver.serving(answer) as server:
        words = [path, server.url + "/ok" + QUERY, remote.cache]
        ran = subprocess.Popen([sys.executable, "-c", PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert asked.wait(60)
        ran.terminate()
        out, err = ran.communicate(timeout=30)  # the fetches have three minutes
    assert (ran.returncode, err) == (143, b"")
    assert out.split() == ([b"started"] if moment == "look" else [b"started", b"looked"])
    assert not list((tmp_path / "cache").glob(".skycnn-*"))


def test_a_full_disk_ends_the_run(server, remote, tmp_path, monkeypatch):
    from skycnn.remote import imagecache

    _, path = objects(tmp_path, 2)

    def full(*args):
        raise OSError(28, "No space left on device")

    with Catalogue.open(path) as table, find(table, {"r": [server.url + "/ok" + QUERY]}, remote=remote) as source:
        monkeypatch.setattr(imagecache.os, "replace", full)
        values = table.read(source.columns)
        with pytest.raises(NoSpaceError):
            list(source.batches(0, values, np.ones(2, bool), bands="r", side=16))


def test_facts_hide_addresses(server, remote, tmp_path):
    _, path = objects(tmp_path, 2)
    one, other = (cut(path, {"r": [f"{server.url}/ok{QUERY}&token={t}"]}, remote)[3].facts() for t in "ab")
    assert one != other and "127.0.0.1" not in str(one)


def test_census(server, remote, tmp_path):
    _, (ra, dec) = SKY.places(4)
    ra[1] = np.nan
    path = catalogue(tmp_path / "cat.fits", RA=ra, DEC=dec)
    with Catalogue.open(path) as table, find(table, {"r": [server.url + "/ok" + QUERY]}, remote=remote) as source:
        census = source.census(table, (0, 3), 16)
    assert (census.rows, census.unplaced) == (3, 1)
