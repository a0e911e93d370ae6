"""profile: which quantities answers are shown along, how many bins, and that scores are those of the bins' rows."""

from dataclasses import replace

import numpy as np
import pytest

from scoredsample import sample, target
from skycnn import metrics
from skycnn.scoring import profile, rowbins, scoretable
from skycnn.scoring.scoretable import Predictor


def along(kind, rows, given=None, units=None):
    found = profile.find(target(kind), rows, scoretable.find(kind), "gr", given, units)
    return {each.label: each for each in found}


def with_inputs(rows, seed=1):
    n = len(rows.truth)
    random = np.random.default_rng(seed)
    flux = 10 ** random.uniform(0, 2, (n, 2))
    inputs = {"flux": flux, "error": np.stack([0.1 * flux[:, 0], np.full(n, 0.01)], axis=1)}
    return replace(rows, inputs=inputs, beside={"R_E": random.uniform(0.1, 1, n)})


def test_all_that_is_known_of_the_rows_has_a_profile_with_its_unit():
    found = along("redshift", with_inputs(sample("redshift")[1]), units={"R_E": "arcsec"})
    assert {label: each.unit for label, each in found.items()} == {
        "Z_SPEC": "",
        "Z_PHOT": "",
        "width of Z_PHOT": "",
        "magnitude in r": "AB mag",
        "R_E": "arcsec",
    }
    values = along("value", sample("value")[1])
    assert {label: each.unit for label, each in values.items()} == {"Z_SPEC": "deg", "Z_PHOT": "deg"}
    assert list(along("class", with_inputs(sample("class")[1]))) == ["magnitude in r", "R_E"]


def test_a_bins_scores_are_those_of_its_rows():
    rows = sample("redshift", 400)[1]
    found = along("redshift", rows)["Z_SPEC"]
    assert len(found.bins) == profile.BINS
    assert sum(b.rows for b in found.bins) == 400
    first = found.bins[0]
    inside = (rows.truth >= first.low) & (rows.truth < first.high)
    expected = metrics.sigma_nmad(rows.judged["Z_PHOT"].value[inside], rows.truth[inside])
    assert first.entries[0].scores["sigma_nmad"].value == pytest.approx(expected)
    assert found.middle[0] == pytest.approx(np.median(rows.truth[inside]))
    assert all(b.low <= middle <= b.high for b, middle in zip(found.bins, found.middle, strict=True))


@pytest.mark.parametrize(("n", "bins"), [(2 * profile.FEWEST - 1, 0), (2 * profile.FEWEST, 2), (3 * profile.FEWEST, 3)])
def test_few_rows_have_few_bins_or_none(n, bins):
    found = along("redshift", sample("redshift", n)[1])
    assert {len(each.bins) for each in found.values()} == ({bins} if bins else set())


def test_the_bins_of_by_are_taken_as_they_were_scored():
    rows = sample("class")[1]
    kinds = rowbins.RowBins("KIND", np.arange(300) % 3.0, np.arange(4) - 0.5, ("a", "b", "c"))
    own = Predictor("Z_PHOT", rows.judged["Z_PHOT"])
    bins = scoretable.binned(
        [own], rows.truth, scoretable.find("class"), kinds.values, kinds.edges, None, 5, kinds.names
    )
    found = along("class", rows, (kinds, bins))["KIND"]
    assert found.bins == bins
    assert found.middle.tolist() == [0, 1, 2]


def test_a_quantity_that_is_one_number_has_no_profile():
    rows = sample("redshift")[1]
    assert "R_E" not in along("redshift", replace(rows, beside={"R_E": np.full(300, 0.5)}))
    assert "R_E" not in along("redshift", replace(rows, beside={"R_E": np.full(300, np.nan)}))
