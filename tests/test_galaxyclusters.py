"""Mocks of galaxy clusters."""

import numpy as np
import pytest

from skycnn import redsequence, survey
from skycnn.cosmology import HUBBLE, kpc_per_arcsec, r500
from skycnn.errors import InputError
from skycnn.schema import AB_ZERO_POINT
from skycnn.simulate import galaxyclusters
from skycnn.simulate.clustergalaxies import BRIGHTEST, COUNTED
from skycnn.simulate.fieldlight import Spots

SDSS = survey.load("sdss")
ROWS = np.arange(40)


@pytest.fixture(scope="module")
def drawn():
    return galaxyclusters.draw(SDSS, "ugriz", 3, ROWS, "all", labelled=30)


def test_a_row_depends_on_no_other_and_on_its_seed(drawn):
    for rows in (ROWS[7:8], ROWS[[31, 7]]):
        some = galaxyclusters.draw(SDSS, "ugriz", 3, rows, "all", labelled=30)
        for name, values in some.truth.items():
            assert values == pytest.approx(drawn.truth[name][rows], nan_ok=True), name
        assert some.light.fields[-1].flux == pytest.approx(drawn.light.fields[7].flux)
    other = galaxyclusters.draw(SDSS, "ugriz", 4, ROWS[7:8], "all")
    assert other.truth["LOG_M500"] != pytest.approx(drawn.truth["LOG_M500"][7])


def test_truth_is_that_of_a_selected_cluster_and_the_first_rows_are_labelled(drawn):
    truth = drawn.truth
    assert set(truth) == {column.name for column in (*galaxyclusters.COLUMNS, *galaxyclusters.CATALOGUE)}
    assert (truth["RICHNESS"] > 20).all() and ((truth["REDSHIFT"] > 0.1) & (truth["REDSHIFT"] < 0.3)).all()
    assert truth["R500"] == pytest.approx(
        r500(truth["LOG_M500"], truth["REDSHIFT"]) / kpc_per_arcsec(truth["REDSHIFT"])
    )
    for name in ("LOG_M500_LABEL", "LOG_M500_LABEL_ERR"):
        assert np.isfinite(truth[name][:30]).all() and np.isnan(truth[name][30:]).all()
    off = truth["LOG_M500_LABEL"][:30] - truth["LOG_M500"][:30]
    assert 0.08 < off.std() < 0.22
    assert abs(truth["Z"] - truth["REDSHIFT"]).max() < 0.03


def test_bands_are_in_the_order_asked_and_only_the_sdss_has_them(drawn):
    some = galaxyclusters.draw(SDSS, "ig", 3, ROWS[:2], "all")
    assert some.light.fields[0].flux == pytest.approx(drawn.light.fields[0].flux[:, [3, 1]])
    with pytest.raises(InputError, match=r"mocks of clusters are of the SDSS's bands"):
        galaxyclusters.draw(survey.load("csst"), ["NUV"], 3, ROWS[:2], "all")


def test_light_goes_with_mass_unless_it_is_said_to_know_nothing():
    rows = np.arange(300)
    for icl, low, high in (("usual", 0.6, 1.0), ("uninformative", -0.25, 0.25)):
        truth = galaxyclusters.draw(SDSS, "r", 5, rows, "all", icl=icl).truth
        light = -0.4 * (truth["DIFFUSE"] - truth["CENTRAL"])  # at one redshift all magnitudes shift alike
        central = np.corrcoef(truth["LOG_M500"], truth["CENTRAL"] - 5 * np.log10(truth["REDSHIFT"]))[0, 1]
        assert central < -0.4
        slope = np.polyfit(truth["LOG_M500"], light, 1)[0] + 0.4
        assert low < slope < high


def test_nuisances_are_as_broad_as_they_are_named():
    usual, broad, other = (
        galaxyclusters.draw(SDSS, "gr", 6, ROWS, "all", nuisances=name).light for name in ("usual", "broad", "other")
    )
    assert usual.gain.std() == pytest.approx(0.01, rel=0.3) and other.gain.std() > 1.5 * usual.gain.std()
    assert np.ptp(broad.seeing) > np.ptp(usual.seeing)
    assert other.sky.std() == pytest.approx(2 * usual.sky.std(), rel=0.3)
    counts = [np.mean([len(field.sigma) for field in light.fields]) for light in (usual, other)]
    assert counts[1] > counts[0]


def test_a_stamp_shows_what_the_catalogue_counts(monkeypatch):
    """Else the stamp were a second count, which no real catalogue leaves."""
    nothing = Spots(np.zeros((0, 2)), np.zeros((0, 5)), np.zeros(0))
    monkeypatch.setattr(galaxyclusters, "_field", lambda random, physics: nothing)
    monkeypatch.setattr(galaxyclusters, "_others", lambda random, physics, redshift: [])
    some = galaxyclusters.draw(SDSS, "ugriz", 7, np.arange(60), "all")
    truth, counts = some.truth, []
    for spots, z, away in zip(some.light.fields, truth["REDSHIFT"], truth["RICHNESS"], strict=True):
        magnitude = AB_ZERO_POINT - 2.5 * np.log10(spots.flux)
        star = redsequence.characteristic(np.full(len(magnitude), z))
        redness = magnitude[:, 1] - magnitude[:, 2] - redsequence.colours(np.full(len(star), z), magnitude[:, 3])[:, 1]
        single = spots.ratio == 1  # no part of a wide profile
        bright = single & (magnitude[:, 3] < star + COUNTED) & (magnitude[:, 3] > star - BRIGHTEST)
        near = np.hypot(*spots.place.T) < 1000 / HUBBLE * (away / 100) ** 0.2 / kpc_per_arcsec(np.array(z))
        counts.append((bright & near & (redness > -0.1) & (redness < 0.2)).sum())
    off = np.array(counts) - truth["RICHNESS"]
    assert abs(off.mean()) < 2 and off.std() < 3  # of members alone, -3 and 6
