"""Frame: RADESYS and EQUINOX as FITS has them, and the way to ICRS as astropy has it."""

import subprocess
import sys

import numpy as np
import pytest
from astropy.coordinates import FK4, FK5, FK4NoETerms, Galactic, SkyCoord

from skycnn.errors import InputError
from skycnn.images.positions import frames
from skycnn.images.positions.frames import Frame

THEIRS = {
    Frame("ICRS"): "icrs",
    Frame("FK5", 2000.0): FK5(equinox="J2000"),
    Frame("FK5", 1975.5): FK5(equinox="J1975.5"),
    Frame("FK4", 1950.0): FK4(equinox="B1950"),
    Frame("FK4", 1975.0): FK4(equinox="B1975"),
    Frame("FK4-NO-E", 1950.0): FK4NoETerms(equinox="B1950"),
    Frame("GALACTIC"): Galactic(),
}


@pytest.mark.parametrize("frame", THEIRS, ids=str)
def test_as_astropy_has_it(frame):
    rng = np.random.default_rng(1)
    lon = np.concatenate([rng.uniform(0, 360, 1000), [0.0, 359.9999, 12.0, 12.0]])
    lat = np.concatenate([np.degrees(np.arcsin(rng.uniform(-1, 1, 1000))), [0.0, -45.0, 90.0, -90.0]])
    there = SkyCoord(lon, lat, unit="deg", frame=THEIRS[frame])
    ours = SkyCoord(*frame.to_icrs(lon, lat), unit="deg")
    assert ours.separation(there.icrs).arcsec.max() < 1e-8
    back = SkyCoord(*frame.from_icrs(ours.ra.deg, ours.dec.deg), unit="deg", frame=THEIRS[frame])
    assert back.separation(there).arcsec.max() < 1e-5  # at B1975 astropy itself comes back to 6e-6


@pytest.mark.parametrize("frame", THEIRS, ids=str)
def test_nan_stays_alone(frame):
    for way in (frame.to_icrs, frame.from_icrs):
        lon, lat = way(np.array([10.0, np.nan, 10.0]), np.array([20.0, 20.0, 20.0]))
        assert np.isnan(lon).tolist() == np.isnan(lat).tolist() == [False, True, False] or frame.name == "ICRS"
        assert lon[0] == lon[2]


READ = [
    ((None, None), Frame("ICRS")),
    (("", ""), Frame("ICRS")),
    (("ICRS", 2000.0), Frame("ICRS")),
    ((" icrs ", None), Frame("ICRS")),
    (("ICRF2", None), Frame("ICRS")),
    ((None, 2000.0), Frame("FK5", 2000.0)),
    ((None, 1950), Frame("FK4", 1950.0)),
    ((None, 1983.9), Frame("FK4", 1983.9)),
    (("FK5", None), Frame("FK5", 2000.0)),
    (("FK4", None), Frame("FK4", 1950.0)),
    (("FK4-NO-E", 1950.0), Frame("FK4-NO-E", 1950.0)),
    (("FK5", "J1975"), Frame("FK5", 1975.0)),
    (("FK4", " B1950.0"), Frame("FK4", 1950.0)),
    ((None, float("nan")), Frame("ICRS")),
    ((None, "J1975.0"), Frame("FK5", 1975.0)),
    ((None, "b2000"), Frame("FK4", 2000.0)),
    (("GALACTIC", None), Frame("GALACTIC")),
]


@pytest.mark.parametrize(("cards", "frame"), READ)
def test_read(cards, frame):
    assert frames.read(*cards, "a.fits") == frame


@pytest.mark.parametrize("cards", [("GEOCENTR", None), ("FK5", "soon"), ("FK4", 0.0), ("FK5", 1e9), (None, [1])])
def test_unreadable(cards):
    with pytest.raises(InputError, match=r"^a\.fits: its (RADESYS|EQUINOX)"):
        frames.read(*cards, "a.fits")


def test_names():
    assert [str(frame) for frame in THEIRS][:4] == ["ICRS", "FK5 J2000", "FK5 J1975.5", "FK4 B1950"]


def test_coordinates_are_imported_only_when_needed():
    code = (
        "import sys; from skycnn.images.positions import frames; f = frames.read(None, None, 'a');"
        "f.to_icrs(1.0, 2.0); assert 'astropy.coordinates' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_vectors_are_of_length_one():
    np.testing.assert_allclose(frames.vectors(np.array([0, 90.0, 7]), np.array([0, 0.0, 90])), np.eye(3), atol=1e-15)
