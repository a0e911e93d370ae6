import numpy as np
import pytest

from skycnn import survey
from skycnn.simulate import absorption, bandpass, fluxtable, seds

CSST = survey.load("csst")


def straight(z, ebv):
    """Return fluxes (spectrum, band) with every wavelength dimmed by itself and no table."""
    library = seds.load()
    seen = library.wavelength * (1 + z)
    light = library.flux * 10 ** (-0.4 * ebv * absorption.calzetti(library.wavelength)) * absorption.hydrogen(seen, z)
    through = np.stack([bandpass.soft_box(*bandpass.place(CSST, band), seen) for band in CSST.bands])
    return light @ through.T / through.sum(axis=1)


@pytest.mark.parametrize("z", [0.013, 0.52, 1.234])
@pytest.mark.parametrize("ebv", [0.0, 0.25, 0.5])
def test_the_table_agrees_with_straight_integration(z, ebv):
    found = fluxtable.of_survey(CSST, CSST.bands)(np.array([z]), np.array([ebv]))[0, :-1, :-1]
    wanted = straight(z, ebv)[:-1]
    bright = wanted > 0.02
    assert found[bright] == pytest.approx(wanted[bright], rel=0.04)
    assert np.median(np.abs(found[bright] / wanted[bright] - 1)) < 0.006


def test_the_last_band_is_the_populations_own():
    table = fluxtable.of_survey(CSST, ["g"])
    assert np.exp(table.centre[-1]) == pytest.approx(bandpass.I_BAND[2], rel=0.01)
    assert fluxtable.of_survey(CSST, ["g"]) is table


def test_nothing_is_left_beyond_the_lyman_limit():
    flux = fluxtable.of_survey(CSST, ["NUV", "i"])(np.array([4.4]), np.zeros(1))[0]
    assert np.all(flux[:-1, 0] < 1e-3 * flux[:-1, 1])


@pytest.mark.parametrize("z", [0.1, 0.5, 1.0])
def test_colours_agree_with_the_throughputs(z):
    from pathlib import Path

    from astropy.io import fits

    folder = Path(__file__).parents[2] / "shared" / "data" / "filters"
    if not folder.is_dir():
        pytest.skip("../shared/data is not here")
    library = seds.load()
    real = []
    for band in CSST.bands:
        curve = fits.getdata(folder / f"csst_phot.{band.lower()}.fits")
        x, y = (curve[name].astype(float) for name in curve.dtype.names)
        real.append(np.interp(library.wavelength, x, y, 0, 0))
    redshift, none = np.array([z]), np.zeros(1)
    ours = fluxtable.of_survey(CSST, CSST.bands)(redshift, none)[0, :-1, :-1]
    theirs = fluxtable.FluxTable(np.stack(real))(redshift, none)[0, :-1]
    away = -2.5 * np.log10(ours / theirs)
    assert np.median(np.abs(away)) < 0.01
    assert np.percentile(np.abs(away), 90) < 0.06
