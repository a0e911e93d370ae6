"""Star clusters on stamps: bright stars beside points, smooth light beside its formula."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from clustered import scenes
from skycnn import survey
from skycnn.simulate import draws, isochrones
from skycnn.simulate.cluster import Cluster
from skycnn.simulate.clusterprofile import EFF, King
from skycnn.simulate.components import Components
from skycnn.simulate.imf import IMF
from skycnn.simulate.optics import psf_of
from skycnn.simulate.points import Points
from skycnn.simulate.psf import Moffat, RadialPSF
from skycnn.simulate.render import Renderer
from skycnn.simulate.ssp import SSP

WFC3 = survey.load("m83-wfc3")
PSFS = [psf_of(WFC3, band) for band in WFC3.bands]
RENDERER = Renderer(PSFS, WFC3.pixel_scale, 48)
YOUNG = EFF(2.8)
TABLE, KROUPA, UNIT = isochrones.load(), IMF.of(), np.array([3.0, 2.0, 1.0])


def cluster(row, age=7.5, mass=1e4, radius=0.16, profile=YOUNG):
    return Cluster.drawn(
        SSP(TABLE.at(age), KROUPA), mass, profile, radius, UNIT, draws.generator(4, row, "cluster/stars")
    )


@dataclass(frozen=True)
class Blurred(RadialPSF):
    """A star's PSF and a cluster's profile in one."""

    star: RadialPSF
    whole: Moffat

    def radial(self, k):
        return self.star.radial(k) * self.whole.radial(k)

    def limit(self, tolerance):
        return self.star.limit(tolerance)

    @property
    def r80(self):
        return self.star.r80

    @property
    def fwhm(self):
        return self.star.fwhm + self.whole.fwhm


def seen_smooth(profile, radius, offset):
    """Return the stamp of a cluster of smooth light alone, 1 in every band."""
    nothing = np.zeros((0, 2), np.float32), np.zeros((0, 3), np.float32)
    one = Cluster(*nothing, np.ones(3), radius, profile)
    return scenes([one]).stamps(RENDERER, offset)[0]


@pytest.mark.parametrize("gamma", [2.4, 3.0, 5.0])
@pytest.mark.parametrize("radius", [0.04, 0.12, 0.4])
def test_smooth_light_is_that_of_the_formula(gamma, radius):
    """An EFF profile is Moffat's of beta gamma / 2."""
    alpha = radius / np.sqrt(2 ** (2 / (gamma - 2)) - 1)
    offset = np.array([[0.3, -0.4]])
    seen = seen_smooth(EFF(gamma), radius, offset)
    star = Components(np.ones((1, 1, 3), np.float32), *(np.full((1, 1), value) for value in (0.0, 1.0, 1.0, 0.0)))
    exact = star.stamps(
        Renderer([Blurred(psf, Moffat(alpha, gamma / 2)) for psf in PSFS], WFC3.pixel_scale, 48), offset
    )[0]
    assert (np.abs(seen - exact) < 0.02 * exact.max(axis=(1, 2), keepdims=True)).all()


@pytest.mark.parametrize("profile", [EFF(2.8), King(10.0)])
def test_many_stars_lie_as_smooth_light_does(profile):
    """A population without a boundary to speak of: the mean of clusters of bright stars alone."""
    radius = 0.2
    rng = np.random.default_rng(8)
    away, angle = radius * profile.radius(rng.random(300_000)), 2 * np.pi * rng.random(300_000)
    place = np.stack([away * np.cos(angle), away * np.sin(angle)], axis=1)
    stars = Cluster(place, np.full((300_000, 3), 1 / 300_000), np.zeros(3), radius, profile)
    seen = scenes([stars]).stamps(RENDERER, np.array([[0.2, 0.1]]))[0]
    smooth = seen_smooth(profile, radius, np.array([[0.2, 0.1]]))
    assert (np.abs(seen - smooth) < 0.03 * smooth.max(axis=(1, 2), keepdims=True)).all()


def test_bright_stars_are_seen_as_points_are():
    one = replace(cluster(0), faint=np.zeros(3))
    offset = np.array([[-0.2, 0.45]])
    seen = scenes([one]).stamps(RENDERER, offset)[0]
    exact = Points.of([one.place], [one.flux]).stamps(RENDERER, offset)[0]
    assert (np.abs(seen - exact) < 0.02 * exact.max(axis=(1, 2), keepdims=True)).all()


def test_where_the_boundary_lies_hardly_matters_to_a_picture():
    """All stars drawn one by one, beside the same cluster with smooth light below the boundary."""
    whole = SSP(TABLE.at(7.5), KROUPA)
    masses = KROUPA.masses(np.random.default_rng(5).random(40_000), 0.1)
    alive = masses[masses < whole.isochrone.mass[-1]]
    light = whole.isochrone.luminosity(alive).astype(np.float32)
    rng = np.random.default_rng(6)
    away, angle = 0.2 * EFF(3.0).radius(rng.random(len(alive))), 2 * np.pi * rng.random(len(alive))
    place = np.stack([away * np.cos(angle), away * np.sin(angle)], axis=1)
    bright = alive >= whole.boundary
    every = Cluster(place, light, np.zeros(3), 0.2, EFF(3.0))
    some = Cluster(place[bright], light[bright], light[~bright].sum(axis=0), 0.2, EFF(3.0))
    a, b = scenes([every, some]).stamps(RENDERER)
    assert (np.abs(a - b).max(axis=(1, 2)) < 0.03 * a.max(axis=(1, 2))).all()
    assert 1 - bright.mean() > 0.9


def test_a_cluster_depends_on_its_own_row_alone():
    light = scenes([cluster(row, mass=3e3 * (row + 1)) for row in range(3)])
    some = light.take(np.array([2, 0]))
    assert np.array_equal(some.stamps(RENDERER), light.stamps(RENDERER)[[2, 0]])
    assert np.array_equal(some.total(), light.total()[[2, 0]])
    assert np.array_equal(cluster(1).place, cluster(1).place)
    assert not np.array_equal(cluster(1).place[:5], cluster(2).place[:5])
    assert light.take(np.zeros(0, int)).stamps(RENDERER).shape == (0, 3, 48, 48)
    assert light.take(np.zeros(0, int)).total().shape == (0, 3)


def test_totals_and_extents():
    one = cluster(3)
    light = scenes([one])
    assert light.total()[0] == pytest.approx(one.flux.sum(axis=0) + one.faint, rel=1e-5)
    assert (one.faint > 0).all()
    assert light.extent(np.zeros(3), 0.04)[0] == pytest.approx(np.hypot(*one.points()[0].T).max() / 0.04)
    tight = scenes([cluster(3, radius=0.02, profile=King(5.0))])
    assert tight.stamps(RENDERER)[0].sum(axis=(1, 2)) == pytest.approx(tight.total()[0], rel=0.05)


def test_half_of_the_stars_lie_within_r_h():
    place = np.concatenate([cluster(row, mass=1e5, radius=0.3).place for row in range(4)])
    within = (np.hypot(*place.T) < 0.3).mean()
    assert within == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(len(place)))
