"""clustermass: masses of galaxy clusters from images in ugriz, after Lin et al. (2022)."""

from typing import Any

from skycnn.posterior import Axis, Grid
from skycnn.task import InputColumn, Mock, Option, Task, Truth

COLUMN = "LOG_M500"
AXIS = Axis(COLUMN, 13.5, 15.7, 44, "", "phys.mass", "log10 of M500c in solMass", blur=0.5)
TRUTH = Truth((f"{COLUMN}_LABEL", COLUMN, "LOGM500", f"{COLUMN}_TRUE"), 12.0, 16.5)
COLUMNS = {
    "redshift": InputColumn(
        ("Z_LAMBDA", "Z_SPEC", "Z_BCG", "Z_CLUSTER", "Z", "REDSHIFT"), "the cluster's redshift", 0.0, 5.0, needed=False
    ),
    "richness": InputColumn(
        ("LAMBDA", "RICHNESS", "LAMBDA_CHISQ", "LAMBDA_RICHNESS"), "the number of red members", 0.0, 1e4, needed=False
    ),
}


def posterior(axes: Any = None) -> Grid:
    """Return the grid of masses."""
    return Grid(axes or [AXIS])


def mock() -> Mock:
    """Return the mocks: clusters that a richness selects, on images of the SDSS."""
    from skycnn.simulate import clusterphysics, galaxyclusters  # who predicts loads nothing of what mocks are made of

    everything = 2**31 - 1
    return Mock(
        draw=galaxyclusters.draw,
        columns=galaxyclusters.COLUMNS,
        catalogue=galaxyclusters.CATALOGUE,
        side=128,
        binning=galaxyclusters.BINNING,
        shown=("LOG_M500", "REDSHIFT", "MEMBERS"),
        options=(
            Option("labelled", everything, "rows that have a label, the first ones", 0, everything),
            Option("nuisances", "usual", "scatters, sky and seeing", choices=clusterphysics.NAMES),
            Option("icl", "usual", "whether intracluster light goes with mass", choices=("usual", "uninformative")),
        ),
        measured=False,
        row_bytes=galaxyclusters.ROW_BYTES,
    )


TASK = Task(
    name="clustermass",
    summary="masses of galaxy clusters, by their images",
    citation="Lin et al. 2022, MNRAS 512, 3885, arXiv:2203.06288",
    posterior=posterior,
    networks={},
    flag="CLUSTERMASS",
    truths={COLUMN: TRUTH},
    columns=COLUMNS,
    mock=mock,
)
