"""Stamps of galaxies, some of which merge, as a test needs them: drawn by hand, of no physics.

Every galaxy is a disc or a spheroid with clumps. A merger has a second one near it, and two tails; of the others some
have a neighbour without tails. Light is in microjansky a pixel, of surveys like `deepmerge-noisy`.
"""

import numpy as np
from astropy.io import fits
from astropy.table import Table
from scipy.ndimage import gaussian_filter1d

from skycnn import survey
from skycnn.simulate.noise import Noise

BANDS = ("F814W", "F160W", "F356W")
SURVEY = survey.load("deepmerge-noisy")
COLOURS = np.array([0.3, 1.0, 1.3])  # of the old stars; a young part is bluer
YOUNG = np.array([0.8, 1.0, 0.9])


def stamps(rows, seed=1, bands=2, side=75, *, zoom=1.0, noise=1.0, merging=None, size=1.0):
    """Return stamps, float32 (n, band, side, side), and which are mergers (n,).

    Parameters
    ----------
    rows, seed, bands, side : int
    zoom : float
        Pixels of so many times the size; light and noise are those of the survey, per area and per pixel.
    noise : float
        Times the survey's; 0 gives pristine stamps.
    merging : bool, optional
        All or none of them; left out, half.
    size : float
        Of the galaxies, times the usual.
    """
    rng = np.random.default_rng(seed)
    labels = rng.random(rows) < 0.5 if merging is None else np.full(rows, merging)
    sigma = Noise.of(SURVEY).sigma[:bands]
    images = np.empty((rows, bands, side, side), np.float32)
    for image, merger in zip(images, labels, strict=True):
        clean = _light(rng, bands, side, zoom, size, merger)
        for plane, band in zip(clean, BANDS, strict=False):
            width = SURVEY.psf[band] / SURVEY.pixel_scale / zoom / 2.355
            plane[:] = gaussian_filter1d(gaussian_filter1d(plane, width, 0), width, 1)
        image[:] = clean + noise * sigma[:, None, None] * rng.normal(size=clean.shape)
    return images, labels


def _light(rng, bands, side, zoom, size, merger):
    place = (np.arange(side) - (side - 1) / 2) * zoom
    x, y = place[None, :] + rng.uniform(-0.5, 0.5), place[:, None] + rng.uniform(-0.5, 0.5)
    total = np.exp(rng.normal(np.log(2.0), 0.6))  # microjansky
    light = _galaxy(rng, x, y, size, total, bands)
    if merger or rng.random() < 0.35:
        apart, angle, share = rng.uniform(1.5, 12) * size, rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 1)
        light += _galaxy(rng, x - apart * np.cos(angle), y - apart * np.sin(angle), size, share * total, bands)
    if merger:
        for turn in (0, np.pi):
            light += _tail(rng, x, y, size, total * rng.uniform(0.05, 0.25), turn + rng.uniform(0, 1), bands)
    return light * zoom**2


def _galaxy(rng, x, y, size, total, bands):
    angle, flat, scale = rng.uniform(0, np.pi), rng.uniform(0.3, 1), size * np.exp(rng.normal(np.log(2.5), 0.4))
    along = x * np.cos(angle) + y * np.sin(angle)
    across = (y * np.cos(angle) - x * np.sin(angle)) / flat
    radius = np.hypot(np.hypot(along, across), 0.5) / scale
    late = rng.random() < 0.7
    profile = np.exp(-radius) if late else np.exp(-3.67 * np.sqrt(radius))
    colour = (YOUNG if late else COLOURS)[:bands, None, None]
    light = total * profile / profile.sum() * colour
    for _ in range(rng.poisson(4) if late else 0):
        far, turn = rng.exponential(scale), rng.uniform(0, 2 * np.pi)
        spot = np.exp(-0.5 * ((x - far * np.cos(turn)) ** 2 + (y - flat * far * np.sin(turn)) ** 2) / (0.8 * size) ** 2)
        light += 0.04 * total * spot / max(spot.sum(), 1e-9) * YOUNG[:bands, None, None]
    return light


def _tail(rng, x, y, size, total, turn, bands):
    """Return an arc that winds outwards."""
    length, bend = rng.uniform(12, 26) * size, rng.choice([-1, 1]) * rng.uniform(0.5, 1.5)
    far = np.linspace(3 * size, length, 24)
    arc = turn + bend * far / length
    spots = [(r * np.cos(a), r * np.sin(a), size * (1.0 + 1.5 * r / length)) for r, a in zip(far, arc, strict=True)]
    light = sum(np.exp(-0.5 * ((x - u) ** 2 + (y - v) ** 2) / w**2) / w**2 for u, v, w in spots)
    return total * light / light.sum() * YOUNG[:bands, None, None]


def write(path, images, labels=None, bands=None, **cards):
    """Write a stamp file, with a column MERGER_TRUE where there are labels; return its path as a text."""
    first = fits.PrimaryHDU(images.astype(">f4"))
    names = " ".join(bands or BANDS[: images.shape[1]])
    facts = {"EXTNAME": "IMAGES", "BANDS": names, "PIXSCALE": SURVEY.pixel_scale, "BUNIT": "uJy"}
    first.header.update({**facts, "SURVEY": SURVEY.name, **cards})
    table = Table({"ID": np.arange(len(images))})
    if labels is not None:
        table["MERGER_TRUE"] = labels.astype(np.int16)
    second = fits.BinTableHDU(table, name="CATALOGUE")
    second.header["BANDS"] = names
    fits.HDUList([first, second]).writeto(path, overwrite=True)
    return str(path)
