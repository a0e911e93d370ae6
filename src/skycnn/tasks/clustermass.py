"""clustermass: masses of galaxy clusters from images in ugriz, after Lin et al. (2022).

The mass is M500c. ``paper`` is the published way: a network learns which band a stamp is of, and another one answers by
its features; ``random`` is the same with features of random weights, to see what the first one's are worth. ``mass``
sees the light about the centre through windows out to R500 and beyond, the redshift and the richness where there are
such columns; it is trained on mocks and then tuned on the few clusters whose masses are known.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np

from skycnn.cosmology import kpc_per_arcsec, r500
from skycnn.network import bandfeatures
from skycnn.network.bandfeatures import BandFeatures
from skycnn.network.clusterlight import LOOKS, PIXEL, ClusterLight
from skycnn.network.tuning import tuned
from skycnn.posterior import Axis, Grid
from skycnn.schema import TASK_BITS
from skycnn.shapes import clusterfeatures
from skycnn.task import InputColumn, Mock, Network, Option, Plan, Task, TaskFlag, Truth

COLUMN, BIN = "LOG_M500", 0.05
AXIS = Axis(COLUMN, 13.5, 15.7, 44, "", "phys.mass", "log10 of M500c in solMass", blur=0.5)
OFTEN = (0.001, 0.999)
"""Percentiles of the training sample's masses that the grid holds, and half a dex beyond."""
MARGIN = 0.5
TRUTH = Truth((f"{COLUMN}_LABEL", COLUMN, "LOGM500", f"{COLUMN}_TRUE"), 12.0, 16.5)
COLUMNS = {
    "redshift": InputColumn(
        ("Z_LAMBDA", "Z_SPEC", "Z_BCG", "Z_CLUSTER", "Z", "REDSHIFT"), "the cluster's redshift", 0.0, 5.0, needed=False
    ),
    "richness": InputColumn(
        ("LAMBDA", "RICHNESS", "LAMBDA_CHISQ", "LAMBDA_RICHNESS"), "the number of red members", 0.0, 1e4, needed=False
    ),
}
NEAREST = 1e-3
"""Smallest redshift at which a length on the sky is told."""


def posterior(axes: Any = None) -> Grid:
    """Return the grid of masses."""
    return Grid(axes or [AXIS])


def posterior_for(truth: np.ndarray) -> Grid:
    """Return the grid that holds the masses of the training sample, which are the prior of every answer."""
    known = truth[np.isfinite(truth)]
    if not len(known):
        return posterior()
    low, high = np.quantile(known, OFTEN)
    first = min(0, math.floor((low - MARGIN - AXIS.low) / BIN))
    last = max(AXIS.bins, math.ceil((high + MARGIN - AXIS.low) / BIN))
    ends = {"low": round(AXIS.low + first * BIN, 2), "high": round(AXIS.low + last * BIN, 2), "bins": last - first}
    return posterior([asdict(AXIS) | ends])


def leaves(values: Mapping[str, Any]) -> np.ndarray:
    """Return of which clusters R500, by the answer, leaves the stamp; of none where the redshift is unknown."""
    redshift = np.asarray(values.get("redshift", np.full(len(values[COLUMN]), np.nan)), float)
    half = values["image"].shape[-1] * (values["pixel_scale"] or PIXEL) / 2
    radius = r500(np.asarray(values[COLUMN], float), redshift) / kpc_per_arcsec(np.maximum(redshift, NEAREST))
    return np.asarray(radius > half)


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
            Option("without", "nothing", "a part that is left out", choices=("nothing", *galaxyclusters.PARTS)),
        ),
        measured=False,
        row_bytes=galaxyclusters.ROW_BYTES,
    )


TASK = Task(
    name="clustermass",
    summary="masses of galaxy clusters, by their images",
    citation="Lin et al. 2022, MNRAS 512, 3885, arXiv:2203.06288",
    posterior=posterior,
    networks={
        "paper": Network(
            BandFeatures,
            ("image",),
            Plan(epochs=40, batch=64, rate=1e-3, average=0.99, patience=15),
            stages=bandfeatures.first_the_band,
        ),
        "random": Network(
            BandFeatures,
            ("image",),
            Plan(epochs=40, batch=64, rate=1e-3, average=0.99, patience=15),
            stages=bandfeatures.frozen,
        ),
        "mass": Network(
            ClusterLight,
            ("image", "redshift", "richness"),
            Plan(epochs=10, batch=64, rate=2e-3, average=0.995, patience=10, tune_epochs=30, tune_rate=3e-4),
            scale="pixel",
            stages=partial(tuned, frozen=LOOKS),
        ),
    },
    flag="CLUSTERMASS",
    truths={COLUMN: TRUTH},
    posterior_for=posterior_for,
    columns=COLUMNS,
    flags=(TaskFlag("R500_OUTSIDE", TASK_BITS, "R500, by the answer, leaves the stamp", leaves),),
    mock=mock,
    features=clusterfeatures.SETS,
)
