"""posteriorcolumns: the grid in a comment, the interval beside a column, with a suffix too."""

from types import SimpleNamespace

import numpy as np
import pytest

from columns import column
from skycnn.distribution import Binned, HalfNormals
from skycnn.posterior import Axis, Bernoulli, Grid
from skycnn.scoring import posteriorcolumns


def catalogue(*names, pdf=None):
    """A table of scalar columns of these names, and a posterior of (name, form, comment)."""
    held = {name: column(name) for name in names}
    if pdf:
        held[pdf[0]] = column(pdf[0], pdf[1], comment=pdf[2])
    return SimpleNamespace(has=held.get)


@pytest.mark.parametrize(("spacing", "low"), [("linear", 0), ("log1p", 0), ("log", 0.04)])
def test_the_bins_are_those_that_the_posterior_writes(spacing, low):
    axis = Axis("Z_PHOT", low, 1.5, 30, spacing=spacing)
    written = {made.name: made for made in Grid([axis]).columns(pdf=True)}
    comment = written["Z_PHOT_PDF"].meaning
    found = posteriorcolumns.find(catalogue("Z_PHOT_LO", "Z_PHOT_HI", pdf=("Z_PHOT_PDF", "30E", comment)), "Z_PHOT")
    import torch

    assert found.edges == pytest.approx(axis.value(torch.arange(31, dtype=torch.float64)).numpy(), abs=1e-6)
    assert found.note == "distribution: the bins of Z_PHOT_PDF"
    chunk = {"Z_PHOT_LO": np.zeros(2), "Z_PHOT_HI": np.ones(2), "Z_PHOT_PDF": np.ones((2, 30))}
    assert isinstance(found.distribution(chunk, np.full(2, 0.5)), Binned)
    assert found.distribution({"Z_PHOT_PDF": np.ones((0, 30))}, np.zeros(0)).crps(np.zeros(0)).shape == (0,)


@pytest.mark.parametrize(
    ("form", "comment"),
    [
        ("30E", None),
        ("30E", "a posterior"),
        ("20E", "probability in 30 bins of linear from 0 to 1.5"),
        ("30E", "probability in 30 bins of log from 0 to 1.5"),
        ("30E", "probability in 30 bins of log from 2 to 1.5"),
        ("30J", "30 bins"),
    ],
)
def test_without_a_readable_grid_the_interval_is_taken(form, comment):
    found = posteriorcolumns.find(catalogue("Z_PHOT_LO", "Z_PHOT_HI", pdf=("Z_PHOT_PDF", form, comment)), "Z_PHOT")
    assert found.edges is None
    assert [made.name for made in found.columns] == ["Z_PHOT_LO", "Z_PHOT_HI"]
    assert "two half normals through Z_PHOT_LO, Z_PHOT, Z_PHOT_HI (an approximation)" in found.note
    chunk = {"Z_PHOT_LO": np.zeros(2), "Z_PHOT_HI": np.ones(2)}
    assert isinstance(found.distribution(chunk, np.full(2, 0.5)), HalfNormals)


def test_a_suffix_comes_after_the_endings():
    found = posteriorcolumns.find(catalogue("Z_PHOT_LO_NEW", "Z_PHOT_HI_NEW"), "Z_PHOT_NEW")
    assert [made.name for made in found.columns] == ["Z_PHOT_LO_NEW", "Z_PHOT_HI_NEW"]


def test_a_column_that_stands_alone_has_no_distribution():
    found = posteriorcolumns.find(catalogue("ZBEST", "ZBEST_LO"), "ZBEST")
    assert found.note == "no interval beside it"
    assert found.distribution({}, np.ones(3)) is None


def test_the_interval_of_a_class_is_no_distribution_of_its_truth():
    written = {made.name: made.meaning for made in Bernoulli("P", spread=True).columns()}
    held = {name: column(name, comment=comment) for name, comment in written.items()}
    found = posteriorcolumns.find(SimpleNamespace(has=held.get), "P", "class")
    assert found.note.startswith("P_LO, P_HI: where 68% of other trainings of the network would put it")
    assert found.distribution({}, np.ones(3)) is None
    assert posteriorcolumns.find(catalogue("P_LO", "P_HI"), "P", "class").note == ""
