"""mock of a task whose light is points, with options, groups and nothing measured."""

import json

import numpy as np
import pytest
from astropy.io import fits

import mocking
from skycnn.simulate import mocks
from skycnn.simulate.mocks import Mocks

WORDS = ("--bands", "g,r", "--seed", 3, "--threads", 1)


@pytest.fixture
def mock(capfdbinary, monkeypatch, tmp_path):
    return mocking.Command(capfdbinary, monkeypatch, tmp_path, mocking.CLUSTERS)


def test_a_file_of_them(mock):
    said = mock("-n", 9, *WORDS, "--set", "stars=20", "--set", "kind=flat", "--preview", "m.png")
    assert said.code == 0, said.err
    with fits.open("m.fits", checksum=True) as units:
        units.verify("exception")
        pixels, table, headers = units[0].data, units[1].data, [unit.header for unit in units]
    drawn = mocking.clusters(mocking.CSST, "gr", 3, np.arange(9), "all", 20, 4.5, "flat")
    assert table["GROUP"].tolist() == [7, 7, 8, 8, 9, 9, 10, 10, 11]
    assert table["MASS_TRUE"] == pytest.approx(drawn.truth["MASS"])
    assert table["FLUX_G_TRUE"] == pytest.approx(drawn.light.total()[:, 0])
    assert set(table.names) == {
        "ID", "GROUP", "MASS_TRUE", "FLUX_G_TRUE", "FLUX_R_TRUE", "DX", "DY", "FLAG"
    }  # fmt: skip
    for header in headers:
        assert json.loads(header["OPTIONS"]) == {"stars": 20, "distance": 4.5, "kind": "flat"}
    offset = np.stack([table["DX"], table["DY"]], 1)
    clean = drawn.light.stamps(Mocks(mocking.recipe(bands=("g", "r"))).renderer, offset)
    assert np.corrcoef(pixels.ravel(), clean.ravel())[0, 1] > 0.98
    with open("m.png", "rb") as file:
        assert file.read(4) == b"\x89PNG"


def test_options_are_told(mock):
    said = mock("-n", 3, *WORDS, "--json")
    assert json.loads(said.out)["options"] == {"stars": 300, "distance": 4.5, "kind": "round"}
    for words, message in (
        ("star=3", "mocks of photoz have no option star (expected stars=300 (stars of each; a whole number from 1 to"),
        ("stars=0", "--set stars"),
        ("stars=2.5", "--set stars"),
        ("kind=square", "round or flat"),
        ("distance", "--set distance is not understood (expected NAME=VALUE)"),
    ):
        said = mock("-n", 3, *WORDS, "--set", words, out="other.fits")
        assert (said.code, message in said.err.replace("\n", " ")) == (2, True), said.err
    said = mock("-n", 3, *WORDS, "--set", "stars=3", "--set", "stars=4", out="other.fits")
    assert (said.code, "--set names stars twice" in said.err) == (2, True), said.err


def test_long_options_are_whole(mock):
    options = (*mocking.CLUSTERS.options[:2], mocking.Option("kind", "a" * 80 + "'s", "any"))
    mock.install(mocking.replace(mocking.CLUSTERS, options=options))
    assert mock("-n", 1, *WORDS).code == 0
    for unit in (0, 1):
        assert json.loads(fits.getheader("m.fits", unit)["OPTIONS"])["kind"] == "a" * 80 + "'s"


def test_a_catalogue_of_truths_alone(mock):
    assert mock("-n", 40, *WORDS, "--fluxes-only", "--set", "stars=3").code == 0
    assert fits.getdata("m.fits", 1).names == ["ID", "GROUP", "MASS_TRUE", "FLUX_G_TRUE", "FLUX_R_TRUE"]


def test_points_cannot_be_measured_without_stamps(mock):
    mock.install(mocking.replace(mocking.CLUSTERS, measured=True))
    said = mock("-n", 4, *WORDS, "--fluxes-only")
    assert (said.code, "fluxes of this light can be measured on stamps alone" in said.err) == (2, True), said.err
    assert mock("-n", 4, *WORDS).code == 0
    assert (fits.getdata("m.fits", 1)["FLUX_G"] > 0).all()


def test_what_is_not_measured_has_no_scene(mock):
    mock.install(mocking.replace(mocking.CLUSTERS, density=lambda: 3.0))
    said = mock("--scene", "64,64", *WORDS, out="sky")
    assert (said.code, "is not measured: there are no scenes of it" in said.err) == (2, True), said.err


def test_few_large_rows_are_drawn_at_once(monkeypatch):
    seen = []

    def draw(where, bands, seed, row, selection):
        seen.append(len(row))
        return mocking.draw(where, bands, seed, row, selection)

    made = Mocks(mocking.recipe(draw=draw, judged=(), row_bytes=1 << 20))
    whole = Mocks(mocking.recipe(judged=()))
    with made.blocks(20, 1, stamps=True) as blocks:
        pixels = np.concatenate([block.pixels for block in blocks])
    assert set(seen) == {8}
    made.fluxes(0)
    assert seen[-1] == 64
    assert np.array_equal(pixels, whole.stamps(0).pixels[:20])
    assert (whole._block, whole._together, whole._flux_block) == (mocks.BLOCK, mocks.DRAWN, mocks.FLUX_BLOCK)
    assert mocks._blocks(1 << 40) == (1, 1)


def frame(name, shape=(40, 50), unit="uJy"):
    """Write a frame whose pixels tell where they are, large beside any light."""
    pixels = 1e6 * (1 + np.arange(shape[0] * shape[1], dtype="f4").reshape(shape))
    fits.PrimaryHDU(pixels, fits.Header({"BUNIT": unit})).writeto(name)


def test_stamps_on_frames(mock):
    for band in "gr":
        frame(f"{band}.fits")
    words = ("--background", "g=g.fits", "--background", "r=r.fits[0]")
    assert mock("-n", 9, *WORDS, *words, "--set", "stars=3").code == 0
    pixels = fits.getdata("m.fits") / 1e6
    assert np.abs(pixels - np.round(pixels)).max() < 1e-3
    assert np.array_equal(np.round(pixels[:, 0]), np.round(pixels[:, 1]))
    assert len(np.unique(np.round(pixels[:, 0, 0, 0]))) > 5
    assert "g.fits" in str(fits.getheader("m.fits", 1)["HISTORY"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--background", "g=g.fits"), "--background names no frame of r (expected g=FILE r=FILE)"),
        (("--background", "g=g.fits", "--background", "i=g.fits"), "--background names a band that is not made: i"),
        (("--background", "g=g.fits", "--background", "r=small.fits"), "frames of several sizes"),
        (("--background", "g=g.fits", "--background", "r=g.fits", "--fluxes-only"), "does not go with --fluxes-only"),
        (("--background", "g"), "--background g is not understood (expected BAND=FILE)"),
    ],
)
def test_frames_that_are_refused(mock, words, message):
    frame("g.fits")
    frame("small.fits", (39, 50))
    said = mock("-n", 3, *WORDS, *words)
    assert (said.code, message in said.err.replace("\n", " ")) == (2, True), said.err


def test_a_task_may_have_no_use_for_frames(mock):
    mock.install(mocking.MOCK)
    said = mock("-n", 3, *WORDS, "--background", "g=g.fits")
    assert (said.code, "mocks of photoz are put on no --background" in said.err) == (2, True), said.err
