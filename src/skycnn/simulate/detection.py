"""Detection: the catalogue of a scene - which objects are found, where, and what is measured of them."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.simulate import draws
from skycnn.simulate.aperture import FACTOR, Measured
from skycnn.simulate.mocks import groups
from skycnn.simulate.scene import BLOCK, Scene, first_pixel

Array = NDArray[Any]

DETECTED = 5.0
"""Signal to noise, all bands together, of a detection."""

LURKING = 2.0
"""Signal to noise from which an object that is not detected spoils the isolation of another."""

CROWDED = 1.5
"""PSF widths within which of two detections only the brighter is told apart."""


@dataclass(frozen=True)
class Detections:
    """What a catalogue of the scene holds, n rows in the order of the candidates.

    Parameters
    ----------
    row, group : array (n,)
        Numbers of the candidates, and of what several of them show.
    truth : dict of array (n,)
    total : array (n, band)
        True fluxes, of all light, microjansky.
    place, true : array (n, 2)
        Measured and true x and y, pixels from 0.
    measured : Measured
        On stamps of the scene about the measured places.
    nearest : array (n,)
        Pixels to the nearest other detection; infinity where there is none.
    isolated : array (n,)
        Whether no other object that is seen at all lies within the circle about the stamp.
    """

    row: Array
    group: Array
    truth: dict[str, Array]
    total: Array
    place: Array
    true: Array
    measured: Measured
    nearest: Array
    isolated: Array


def detect(scene: Scene, field: Array) -> Detections:
    """Return what is detected on the scene (band, height, width), of objects whose whole stamp lies on it.

    An object is detected by its own light: its expected signal to noise with a deviate, as its place has one.
    """
    parts = list(_candidates(scene))
    row, group, true, signal, size, whole = (np.concatenate([part[i] for part in parts]) for i in range(6))
    truth = {name: np.concatenate([part[6][name] for part in parts]) for name in parts[0][6]}
    deviate = draws.normal(scene.seed, row, "scene/detection", 3)
    place = true + np.sqrt(2) * (size / FACTOR / np.maximum(signal, 1e-3))[:, None] * deviate[:, :2]
    side = scene.mocks.recipe.side
    corner = first_pixel(place, side)
    inside = ((corner >= 0) & (corner + side <= scene.shape)).all(axis=1)
    seen = np.flatnonzero((signal + deviate[:, 2] > DETECTED) & inside)
    seen = seen[_apart(scene, place[seen], signal[seen])]
    measured = _measured(scene, field, place[seen], corner[seen])
    lurking = signal > LURKING
    lurking[seen] = True
    around = _nearest(true[seen], true[lurking])
    isolated = around > side / math.sqrt(2)
    taken = {name: values[seen] for name, values in truth.items()}
    nearest = _nearest(place[seen], place[seen])
    return Detections(row[seen], group[seen], taken, whole[seen], place[seen], true[seen], measured, nearest, isolated)


def _candidates(scene: Scene) -> Iterator[tuple[Array, Array, Array, Array, Array, Array, dict[str, Array]]]:
    """Yield by block rows, groups, true places, expected signal to noise of all bands, aperture, fluxes, and truth."""
    for number in range(-(-scene.count // BLOCK)):
        row, drawn = scene.drawn(number)
        expected = drawn.light.expected(scene.mocks.photometry)
        if expected is None:
            raise InputError("what of this light is detected cannot be told: there are no scenes of it")
        signal = scene.mocks.photometry.together(expected)
        size = expected.radius / scene.scale
        yield row, groups(drawn, row), scene.places(row), signal, size, drawn.light.total(), dict(drawn.truth)


def _apart(scene: Scene, place: Array, signal: Array) -> Array:
    """Return which (m,) detections are told apart from brighter ones."""
    from scipy.spatial import cKDTree

    width = max(map(scene.mocks.recipe.width, scene.mocks.recipe.bands)) / scene.scale
    order = np.argsort(-signal, kind="stable")
    kept = np.ones(len(place), bool)
    for brighter, fainter in sorted(cKDTree(place[order]).query_pairs(CROWDED * width)):
        if kept[brighter]:
            kept[fainter] = False
    return np.sort(order[kept])


def _measured(scene: Scene, field: Array, place: Array, corner: Array) -> Measured:
    """Return fluxes measured on stamps of the field."""
    side = scene.mocks.recipe.side
    parts = []
    for start in range(0, max(len(place), 1), BLOCK):
        some = corner[start : start + BLOCK].astype(np.int64)
        stamps = np.empty((len(some), len(field), side, side), np.float32)
        for k, (x, y) in enumerate(some.tolist()):
            stamps[k] = field[:, y : y + side, x : x + side]
        rest = place[start : start + BLOCK] - some - (side - 1) / 2
        parts.append(scene.mocks.photometry.measure(stamps, rest))
    return Measured(*(np.concatenate([getattr(p, name) for p in parts]) for name in ("flux", "error", "radius")))


def _nearest(place: Array, others: Array) -> Array:
    """Return how far (n,) the nearest of the others lies from each place, itself left out, which is among them."""
    from scipy.spatial import cKDTree

    if not len(place):
        return np.empty(0)
    apart: Array = cKDTree(others).query(place, 2)[0][:, 1]
    return apart
