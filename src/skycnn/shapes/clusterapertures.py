"""ClusterApertures: the light of clusters of galaxies on stamps, within circles of so many kpc about their centre.

Pixels are as large as a galaxy or larger, such as 16 x 16 of SDSS. Light is told in characteristic galaxies at the
row's redshift, so that it means the same at all of them.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn import redsequence
from skycnn.cosmology import kpc_per_arcsec
from skycnn.shapes import redlight
from skycnn.shapes.aperturelight import overlap
from skycnn.shapes.redlight import BANDS, REFERENCE

Array = NDArray[Any]

RADII = (30, 60, 120, 250, 500, 1000)
"""Of the circles, kpc. What lies outside the stamp is not seen."""

RINGS = ((60, 120), (120, 250), (250, 500))
"""Radii, kpc, between which diffuse light is looked for."""

REACH = 300.0
"""How far from the centre the brightest galaxy may lie, kpc."""

FAINTEST, BRIGHTEST = 0.2, 20.0
"""Light of a galaxy that is counted, in characteristic ones (Rykoff et al. 2014: 0.2)."""

DETECTED = 3.0
"""Light of a pixel whose colour is looked at, over its noise."""

NODES = (0.7, 1, 1.4, 2, 2.8, 4, 5.6, 8, 11, 16, 22, 32, 45, 64, 91)
"""Radii of the circles that are summed, pixels; between them light grows as the area does."""

OUTER = 0.9
"""Pixels further from the centre than this share of half the stamp tell its level and its noise."""

ALIKE = 0.2
"""Likeness from which the brightest galaxy is taken for a red one."""

FARTHEST = 1.0
"""Redshift from which nothing is measured."""

PART = 32
"""Stamps measured at a time."""

BLOCK = ((0, 0), (0, 1), (1, 0), (1, 1))
"""Pixels that hold a galaxy whole, wherever in a pixel it is."""


def names() -> list[str]:
    """Return the names of all that is measured."""
    found = [f"image {what} {radius}" for what in ("i", "red", "count") for radius in RADII]
    return [*found, *(f"image diffuse {outer}" for _, outer in RINGS), "image brightest", "image depth"]


def measure(inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Return what is measured, float32 (n,) by name; NaN where i, the redshift or half a circle is absent.

    Parameters
    ----------
    inputs : mapping of str to array
        ``image`` (n, band, y, x), microjansky a pixel, NaN where there is none, ``redshift`` (n,), ``bands`` (band,),
        of which those of ugriz are looked at, and ``pixel_scale``, arcsec.

    Notes
    -----
    ``i`` and ``red`` are light within `RADII`, of ``red`` that of pixels of the red sequence's colours, by their
    likeness; ``count`` counts sources likewise. ``diffuse`` is the median of a ring's pixels times its area,
    ``brightest`` the red source of most light near the centre, ``depth`` the noise of a pixel in i.
    """
    image, redshift = inputs["image"], np.asarray(inputs["redshift"], np.float64)
    found = np.full((len(names()), len(image)), np.nan, np.float32)
    place = {str(band): number for number, band in enumerate(inputs["bands"])}
    if BANDS[REFERENCE] in place:
        scale = kpc_per_arcsec(redshift) * float(inputs["pixel_scale"])  # kpc a pixel
        usable = (redshift > redsequence.FITTED[0]) & (redshift < FARTHEST)
        usable &= np.isfinite(image[:, place[BANDS[REFERENCE]]]).mean(axis=(1, 2)) > 0.5
        for first in range(0, len(rows := np.flatnonzero(usable)), PART):
            part = rows[first : first + PART]
            light = np.full((len(part), len(BANDS), *image.shape[2:]), np.nan, np.float32)
            for band in place.keys() & set(BANDS):
                light[:, BANDS.index(band)] = image[part, place[band]]
            found[:, part] = np.stack(_part(light, redshift[part], scale[part]))
    return dict(zip(names(), found, strict=True))


def _part(image: Array, redshift: Array, scale: Array) -> list[Array]:
    """Return what is measured of some stamps, in the order of the names."""
    star = redlight.characteristic(redshift)
    light, there, noise = _levelled(image, star)
    side = image.shape[-1]
    with np.errstate(invalid="ignore"):
        seen = light[:, REFERENCE] > DETECTED * noise[:, REFERENCE, None, None]
        red = np.where(seen, redlight.likeness(light, noise, redshift) * light[:, REFERENCE], 0)
        sources, member = _sources(light, noise, redshift)
    planes = light[:, REFERENCE], red, member
    covered = _within(there.astype(np.float32), scale) / _within(np.ones((1, side, side), np.float32), scale)
    found = []
    for plane in planes:
        found += [*_within(np.nan_to_num(plane), scale) / np.where(covered > 0.5, covered, np.nan)]
    found += _rings(light[:, REFERENCE], scale)
    near = _distance(side).reshape(side, side) * scale[:, None, None] < REACH
    found.append(np.where(near, sources, 0).max(axis=(1, 2)))
    return [*found, noise[:, REFERENCE] * star]


def _levelled(image: Array, star: Array) -> tuple[Array, Array, Array]:
    """Return stamps less the level about the cluster, in characteristic galaxies, where i is there, and the noise."""
    n, bands, side, _ = image.shape
    outer = np.flatnonzero(_distance(side) > OUTER * side / 2)
    around = np.sort(image.reshape(n, bands, -1)[..., outer], axis=-1)  # NaN last
    count = np.isfinite(around).sum(axis=-1, keepdims=True)

    def quantile(share: float) -> Array:
        place = np.clip(count * share, 0, around.shape[-1] - 1).astype(np.int64)
        taken: Array = np.take_along_axis(around, place, -1)[..., 0]
        return np.where(count[..., 0] > len(outer) // 10, taken, np.nan)

    level, low = quantile(0.5), quantile(0.16)
    unit = star[:, None].astype(np.float32)
    light = (image - level[..., None, None]) / unit[..., None, None]
    noise = np.maximum((level - low) / unit, 1e-6)  # of the lower half: sources are in the upper
    return light.astype(np.float32), np.isfinite(image[:, REFERENCE]), noise.astype(np.float32)


def _sources(light: Array, noise: Array, redshift: Array) -> tuple[Array, Array]:
    """Return the red light of sources at their pixels (n, y, x), and how like members those bright enough are.

    A source is where four pixels hold more light in i than those beside them do.
    """
    held = np.zeros_like(light)
    for down, across in BLOCK:
        held += np.roll(light, (-down, -across), axis=(2, 3))
    held[:, :, -1], held[:, :, :, -1] = np.nan, np.nan
    main = np.nan_to_num(held[:, REFERENCE])
    beside = np.full_like(main, -np.inf)
    for down in (-1, 0, 1):
        for across in (-1, 0, 1):
            if down or across:
                beside = np.maximum(beside, np.roll(main, (down, across), axis=(1, 2)))
    peak = (main > beside) & (main > 2 * DETECTED * noise[:, REFERENCE, None, None])
    at = np.nonzero(peak)
    alike = _likeness_at(held, 2 * noise, redshift, at)
    red, member = np.zeros_like(main), np.zeros_like(main)
    bright = main[at]
    red[at] = np.where(alike > ALIKE, bright, 0)
    member[at] = alike * ((bright > FAINTEST) & (bright < BRIGHTEST))
    return red, member


def _likeness_at(light: Array, noise: Array, redshift: Array, at: tuple[Array, ...]) -> Array:
    """Return the likeness of sources at some pixels: row, y and x, each (m,)."""
    row, y, x = at
    return redlight.likeness(light[row, :, y, x], noise[row], redshift[row])


def _rings(light: Array, scale: Array) -> list[Array]:
    """Return the median of the pixels between `RINGS` times the rings' area (ring, n)."""
    n, side, _ = light.shape
    distance = _distance(side)
    order = np.argsort(distance, kind="stable")
    ordered, apart = light.reshape(n, -1)[:, order], distance[order]
    found = np.full((len(RINGS), n), np.nan)
    for row in range(n):
        ends = np.searchsorted(apart, np.array(RINGS) / scale[row])
        for ring, (first, last) in enumerate(ends):
            pixels = ordered[row, first:last]
            pixels = pixels[np.isfinite(pixels)]
            if len(pixels) > 4:
                inner, outer = RINGS[ring]
                found[ring, row] = np.median(pixels) * np.pi * (outer**2 - inner**2) / scale[row] ** 2
    return [*found]


def _within(planes: Array, scale: Array) -> Array:
    """Return the sums of planes (n or 1, y, x) within `RADII` about their centre, (radius, n)."""
    side = planes.shape[-1]
    circles = _circles(side)
    sums = planes.reshape(len(planes), -1) @ circles.T
    sums = np.concatenate([np.zeros((len(sums), 1)), sums], axis=1)
    sums = np.broadcast_to(sums, (len(scale), sums.shape[1]))
    nodes = np.square(np.concatenate([[0.0], NODES]))
    area = np.square(np.array(RADII)[:, None] / scale)
    after = np.clip(np.searchsorted(nodes, area), 1, len(nodes) - 1)
    share = np.clip((area - nodes[after - 1]) / (nodes[after] - nodes[after - 1]), 0, 1)
    rows = np.arange(len(scale))
    found: Array = sums[rows, after - 1] * (1 - share) + sums[rows, after] * share
    return found


@lru_cache(maxsize=4)
def _circles(side: int) -> Array:
    """Return the share of each pixel within circles of `NODES`, float32 (node, side x side)."""
    edge = np.arange(side + 1)[None] - side / 2
    return np.stack([overlap(edge, edge, radius)[0].ravel() for radius in NODES]).astype(np.float32)


@lru_cache(maxsize=4)
def _distance(side: int) -> Array:
    """Return the distance of each pixel from the stamp's centre, pixels, (side x side)."""
    place = np.arange(side) - (side - 1) / 2
    distance: Array = np.hypot(place[:, None], place).ravel()
    return distance
