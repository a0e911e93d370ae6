"""mock --background from end to end: what files say of the frames, bits whatever the threads, what is refused."""

import json

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

import mocking

FRAMES = ("--background", "g=in/g.fits", "--background", "r=in/r.fits")
WORDS = ("--bands", "g,r", "--seed", 3, "--set", "stars=20")


@pytest.fixture
def mock(capfdbinary, monkeypatch, tmp_path):
    (tmp_path / "in").mkdir()
    rng = np.random.default_rng(1)
    cards = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 150.0, "CRVAL2": 2.0, "CRPIX1": 45, "CRPIX2": 35}
    header = fits.Header({"BUNIT": "nanomaggy", **cards, "CDELT1": -1e-4, "CDELT2": 1e-4})
    for band in "gr":
        pixels = rng.normal(0, 1, (70, 90)).astype("f4")
        pixels[:4] = 0
        pixels[20:22, 30:32] += 40
        fits.writeto(tmp_path / "in" / f"{band}.fits", pixels, header)
    Table({"X": [51.0, 61.0], "Y": [41.0, 31.0], "KIND": [1, 2]}).write(tmp_path / "in" / "cat.fits")
    return mocking.Command(capfdbinary, monkeypatch, tmp_path, mocking.CLUSTERS)


AVOID = ("--avoid", "in/cat.fits", "--xy", "X,Y", "--where", "KIND == 1")


def test_files_name_the_frames_and_what_was_avoided(mock):
    said = mock("-n", 9, *WORDS, *FRAMES, *AVOID, "--threads", 1, "--json")
    assert said.code == 0, said.err
    told = json.loads(said.out)["backgrounds"]
    with fits.open("m.fits", checksum=True) as units:
        units.verify("exception")
        assert [json.loads(unit.header["BACKGRND"]) for unit in units] == [told, told]
        assert "CLUSTERS" not in units[1].header and "in/cat.fits" in str(units[1].header["HISTORY"])
    assert {band: frame["file"] for band, frame in told["frames"].items()} == {"g": "g.fits", "r": "r.fits"}
    assert all(len(frame["sha256"]) == 64 for frame in told["frames"].values())
    assert (told["avoid"]["file"], told["avoid"]["sources"]) == ("cat.fits[1]", 1)
    assert (told["radius"], told["evident"]) == (4.0, 2)
    lines = said.err.splitlines()
    assert lines[0] == (
        f"skycnn: backgrounds: {told['places']} places on the frames, their centres farther than 4 pixels from 2 "
        "sources that stand out of the frames and 1 source of --avoid"
    )
    assert lines[1] == (
        "skycnn: warning: the frames of --background have pixels of 0.36 arcsec, and csst of 0.074: on the "
        "stamps their sky looks larger or smaller than it is"
    )


def test_threads_do_not_matter(mock):
    for threads in (1, 3):
        assert mock("-n", 300, *WORDS, *FRAMES, *AVOID, "--threads", threads, out=f"{threads}.fits").code == 0
    one, three = (fits.getdata(f"{threads}.fits", 0) for threads in (1, 3))
    assert np.array_equal(one, three)
    assert np.array_equal(fits.getdata("1.fits", 1), fits.getdata("3.fits", 1))
    assert mock("-n", 300, *WORDS, *FRAMES, "--threads", 1, out="all.fits").code == 0
    assert not np.array_equal(fits.getdata("all.fits", 0), one)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (AVOID, "--avoid names sources on the frames of --background, and there are none"),
        ((*FRAMES, "--xy", "X,Y"), "--xy is about the catalogue of --avoid, and there is none"),
        ((*FRAMES, "--where", "KIND == 1"), "--where is about the catalogue of --avoid, and there is none"),
        ((*FRAMES, "--avoid", "in/cat.fits"), "in/cat.fits[1] has no columns that are known as positions"),
        ((*FRAMES, *AVOID[:3], "X"), "--xy X is not understood (expected --xy X,Y)"),
        ((*FRAMES, *AVOID[:4], "--where", "SORT == 1"), "SORT"),
        ((*FRAMES, "--size", 64), "--background leaves 27 places for stamps of 64x64 pixels"),
        ((*FRAMES, "--size", 80), "frames smaller than a stamp: '90x70' (expected 80x80 pixels or more)"),
        ((*FRAMES, "--avoid", "in/nix.fits"), "in/nix.fits does not exist"),
    ],
)
def test_what_is_refused(mock, words, message):
    said = mock("-n", 3, *WORDS, *words, "--threads", 1)
    assert (said.code, message in said.err.replace("\n", " ")) == (2, True), said.err
