"""Images of a LEGUS table: clusters drawn star by star at its positions, with its magnitudes, in the disc of a galaxy.

    python examples/recipes/legus_image.py legus_ngc628.csv [--out DIR] [--distance 4.5] [--region X0:X1,Y0:Y1]

Writes DIR/legus.fits, the table as a catalogue (see `legus_table`), and DIR/legus_N_BAND.fits, an image of each of the
table's pixel grids, on which both X, Y and RA, DEC are those of the table. Pixels are the survey's, 0.0396 arcsec.

Clusters have the table's age and E(B-V), its mass up to 1e6, and its flux in each band; F435W stands for F438W, in
Vega's system. Their radii are those that the concentration index has of EFF profiles of gamma 3 by the optics of F438W.
Objects of class 4 are a star where that index is a star's, below 1.5, or they are brighter than any galaxy of the
mocks; else a galaxy behind. The table is of 9.9 Mpc: at another --distance all objects are 5 log10(9.9 / distance) mag
brighter, and wider in proportion, but stay where they are on the sky. The disc is drawn by chance as about mocks of the
task, its light in waves; noise is that of m83-wfc3.
"""

import argparse
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import legus_table
import numpy as np
from astropy.io import fits

from skycnn import survey as surveys
from skycnn.simulate import clusterview, draws, impostors, starclusters, starfield, stargrid
from skycnn.simulate.clusterprofile import EFF
from skycnn.simulate.optics import psf_of
from skycnn.simulate.render import Renderer
from skycnn.simulate.starfield import StarField
from skycnn.simulate.starscenes import RAYS

SURVEY, BANDS, COLUMNS = "m83-wfc3", ("F336W", "F438W", "F814W"), ("MAG_F336W", "MAG_F435W", "MAG_F814W")
FAR = 9.9  # Mpc, of the table
GAMMA, COMPACT = 3.0, 1.5
BRIGHT = 10 ** (0.4 * (23.9 - impostors.GALAXIES[0]))  # microjansky in F814W, of the brightest galaxy of the mocks
HEAVIEST = 1e6  # solar masses; stars of a heavier cluster are as many, and brighter
TILE, PAD, MARGIN, CELL = 240, 64, 64, 64  # pixels; with the grid's edges, a tile's transform is of 3 x 2^7
GLARING, WIDE = 50.0, 496  # microjansky from which on an object's wings are seen beyond PAD; its stamp, pixels
ARMS = 6.0, 20.0  # tiles; wavelengths of the disc's light
SEED = 1


def concentration(psf, scale, radius):
    """Return the magnitudes within 1 less those within 3 pixels of EFF profiles of half-light radii, arcsec."""
    from scipy.special import j0, j1

    k = np.linspace(0, psf.limit(1e-5), 2000)
    angle = (np.arange(16)[:, None] + 0.5) / 16 * np.pi / 2
    x, y = (k * scale / (2 * np.pi) * part for part in (np.cos(angle), np.sin(angle)))
    pixel = (np.sinc(x) * np.sinc(y)).mean(axis=0)
    points = EFF(GAMMA).radius((np.arange(256) + 0.5) / 256)
    found = []
    for one in radius:
        seen = psf.radial(k) * pixel * j0(np.outer(k, one * points)).mean(axis=1)
        inner, outer = (reach * scale * (seen * j1(k * reach * scale)).sum() for reach in (1, 3))
        found.append(-2.5 * np.log10(inner / outer))
    return np.array(found)


def radii(index, psf, scale, distance):
    """Return half-light radii (n,), arcsec at a distance, by concentration indices at the table's."""
    steps = np.geomspace(0.005, 0.4, 40)
    wide = np.exp(np.interp(index, concentration(psf, scale, steps), np.log(steps)))
    return np.clip(wide * FAR / distance, *starclusters.RADII)


def fluxes(table, vega, distance):
    """Return fluxes (n, band), microjansky, at a distance; 0 where the table has no magnitude."""
    magnitude = np.stack([table[name] for name in COLUMNS], axis=1)
    flux = starfield.units(vega, 0.0) * 10 ** (-0.4 * magnitude) * (FAR / distance) ** 2
    return np.where(magnitude < legus_table.NOTHING, flux, 0.0)


class Objects:
    """What stands at the table's positions.

    Parameters
    ----------
    table : mapping of str to array (n,)
    survey : Survey
    scale, distance : float
        arcsec a pixel; Mpc.
    """

    def __init__(self, table, survey, scale, distance):
        self.table, self.survey, self.distance = table, survey, distance
        self.view = clusterview.of(survey, BANDS, distance)
        self.flux = fluxes(table, [survey.vega[band] for band in BANDS], distance)
        self.radius = radii(table["CI"], psf_of(survey, "F438W"), scale, distance)

    def points(self, row):
        """Return places (k, 2), arcsec, and fluxes (k, band) of a row's object."""
        random = draws.generator(SEED, row, "legus/object")
        if self.table["CLASS_MODE"][row] != 4:
            known = {name: self.table[name][row : row + 1] for name in ("AGE", "EBV", "MASS")}
            age = np.clip(np.log10(np.maximum(known["AGE"], 1)), *starclusters.AGES)
            mass = np.log10(np.clip(known["MASS"], 1e2, HEAVIEST))
            shape = legus_table.R_V * known["EBV"], mass, self.radius[row : row + 1]
            flux = self.flux[row : row + 1]
            drawn = starclusters.given(self.survey, BANDS, SEED + row, age, *shape, self.distance, flux)
            return drawn.light.centre[0]
        if self.table["CI"][row] < COMPACT or self.flux[row, -1] > BRIGHT:
            populations = self.view.disc.populations
            some = populations[int(random.integers(len(populations)))]
            place, flux = impostors.star(some, self.view.unit, self.view.wavelength, random)
        else:
            place, flux = impostors.galaxy(self.view.wavelength, self.view.law, random)
        return place, flux * (self.flux[row] / flux.sum(axis=0))


class Disc:
    """A galaxy's disc over an image: at each node of a grid a field of its own, which fades until the next node.

    Parameters
    ----------
    view : Sight
    scale : float
        arcsec a pixel.
    key : str
        Of the random numbers.
    across : int
        Nodes along x that are needed again in the next row.
    """

    def __init__(self, view, scale, key, across):
        self.view, self.scale, self.key = view, scale, key
        self.node = lru_cache(maxsize=2 * across + 4)(self._node)
        random = draws.generator(SEED, 0, f"{key}/arms")
        number, (angle, self._phase) = 2 * np.pi / random.uniform(*ARMS, 4), random.uniform(0, 2 * np.pi, (2, 4))
        self._waves = number * np.array([np.cos(angle), np.sin(angle)])
        fade = np.cos(np.pi / 2 * (np.arange(-TILE, TILE) + 0.5) / TILE) ** 2  # adds up to 1 with those of neighbours
        self._fade = fade[:, None] * fade

    def _node(self, i, j):
        """Return places (k, 2) in pixels from the node, fluxes (k, band), and light (band, 2 TILE, 2 TILE)."""
        random = draws.generator(SEED, j << 16 | i, self.key)
        field, disc = StarField.drawn(self.view.disc, self.view.law, random), self.view.disc
        whole = 10 ** (starfield.EDGES[-1] + self.rate(i, j)) * (disc.parsec / 1000) ** 2
        field = replace(field, mass=field.mass * whole / field.mass.sum())
        place, flux = field.stars(TILE * self.scale, random)
        place = place / self.scale
        kept = random.random(len(place)) < (np.cos(np.pi / 2 * place / TILE) ** 2).prod(axis=1)
        light = field.light(2 * TILE, self.scale, np.zeros(2), random) * self._fade
        return place[kept].astype(np.float32), flux[kept].astype(np.float32), light.astype(np.float32)

    def rate(self, i, j):
        """Return log10 of the rate at which stars form about a node: as scattered as about mocks, but smooth."""
        low, high = starfield.RATES
        height = np.sin(np.array([i, j]) @ self._waves + self._phase).sum() / 2.4
        return (low + high) / 2 + (high - low) / 2 * np.clip(height, -1, 1)

    def tile(self, i, j):
        """Return what is on the tile between nodes (i, j) and (i + 1, j + 1): places less its middle, fluxes, light."""
        places, fluxes, light = [], [], 0.0
        for di, dj in ((0, 0), (1, 0), (0, 1), (1, 1)):
            place, flux, smooth = self.node(i + di, j + dj)
            place = place + TILE * np.array([di - 0.5, dj - 0.5])
            here = (np.abs(place) < TILE / 2).all(axis=1)
            places.append(place[here])
            fluxes.append(flux[here])
            x, y = TILE * (1 - di), TILE * (1 - dj)
            light = light + smooth[:, y : y + TILE, x : x + TILE]
        return np.concatenate(places), np.concatenate(fluxes), light


def drawn(objects, place, rows, shape, scale, key):
    """Return images (band, height, width) without noise, microjansky a pixel.

    Parameters
    ----------
    objects : Objects
    place : array (n, 2)
        x and y, pixels from 0.
    rows : array (n,)
        Of the objects there.
    shape : (int, int)
        Height and width.
    scale : float
    key : str
    """
    down, across = (-(-size // TILE) for size in shape)
    side = TILE + 2 * PAD
    grid = _grid(objects.survey, scale, side)
    disc = Disc(objects.view, scale, key, across)
    image = np.zeros((len(BANDS), down * TILE + 2 * PAD, across * TILE + 2 * PAD), np.float32)
    home = np.floor((place + 0.5) / TILE).astype(int)
    bright = (objects.flux[rows] > GLARING).any(axis=1)
    for j in range(down):
        for i in range(across):
            at, flux, light = disc.tile(i, j)
            here = np.flatnonzero((home == (i, j)).all(axis=1) & ~bright)
            lit = [objects.points(int(rows[k])) for k in here]
            middle = TILE * (np.array([i, j]) + 0.5) - 0.5
            at = np.concatenate([at, *(one[0] / scale + place[k] - middle for k, one in zip(here, lit, strict=True))])
            flux = np.concatenate([flux, *(one[1] for one in lit)])
            y, x = TILE * j, TILE * i
            image[:, y : y + side, x : x + side] += grid.stamp(at, flux)
            image[:, y + PAD : y + PAD + TILE, x + PAD : x + PAD + TILE] += light
    image, grid = image[:, PAD : PAD + shape[0], PAD : PAD + shape[1]], _grid(objects.survey, scale, WIDE)
    for k in np.flatnonzero(bright):
        at, flux = objects.points(int(rows[k]))
        corner = np.rint(place[k]).astype(int) - WIDE // 2
        x, y = corner.tolist()
        stamp = grid.stamp(at / scale + place[k] - corner - (WIDE - 1) / 2, flux)
        part = image[:, max(y, 0) : max(y + WIDE, 0), max(x, 0) : max(x + WIDE, 0)]
        part += stamp[:, max(-y, 0) :, max(-x, 0) :][:, : part.shape[1], : part.shape[2]]
    return image


def _grid(survey, scale, side):
    return stargrid.of(Renderer([psf_of(survey, band) for band in BANDS], scale, side))


def noised(image, noise, key):
    """Add noise and what cosmic rays left to images (band, height, width), a strip of `CELL` rows after the other."""
    for y in range(0, image.shape[1], CELL):
        strip = image[:, y : y + CELL]
        seen = noise.add(strip[None], SEED, [y], key)[0]
        random = draws.generator(SEED, y, f"{key}/rays")
        for x in range(0, strip.shape[2] - CELL + 1, CELL):
            if random.random() < RAYS and len(strip[0]) == CELL:
                seen[:, :, x : x + CELL] += impostors.rays((len(BANDS), CELL, CELL), noise.sigma, random)
        image[:, y : y + CELL] = seen


def images(out, table, frames, distance, region=None):
    """Write the catalogue and the images; return the files."""
    survey, out = surveys.load(SURVEY), Path(out)
    objects = Objects(table, survey, frames[0].scale, distance)
    which = np.zeros(len(table["ID"]), int)
    for number, frame in enumerate(frames, 1):
        which[frame.rows] = number
    if region is not None:
        (low, high), frames = region, frames[:1]
        kept = (which == 1) & ((np.stack([table["X"], table["Y"]], 1) >= low)
                               & (np.stack([table["X"], table["Y"]], 1) <= high)).all(axis=1)  # fmt: skip
    else:
        kept = np.ones(len(which), bool)
    out.mkdir(parents=True, exist_ok=True)
    written = [out / "legus.fits"]
    legus_table.write(written[0], {name: column[kept] for name, column in table.items()}, objects.radius[kept],
                      which[kept])  # fmt: skip
    for number, frame in enumerate(frames, 1):
        place = frame.pixels(table["RA"], table["DEC"])
        place[frame.rows] = np.stack([table["X"], table["Y"]], axis=1)[frame.rows]
        corner = np.array([1, 1]) if region is None else np.asarray(low)
        size = place[frame.rows].max(axis=0).astype(int) + MARGIN if region is None else np.asarray(high) - corner + 1
        place -= corner
        near = ((place > -PAD) & (place < size + PAD)).all(axis=1)
        own = place[frame.rows]
        for row in np.flatnonzero(near & (which != number)):  # pointings overlap, and some objects are in both
            near[row] = np.hypot(*(own - place[row]).T).min() * frame.scale > 3 * legus_table.NEAR
        rows, key = np.flatnonzero(near), f"legus/{number}"
        image = drawn(objects, place[rows], rows, (int(size[1]), int(size[0])), frame.scale, key)
        noised(image, objects.view.noise, key)
        for band, pixels in zip(BANDS, image, strict=True):
            header = fits.Header(frame.cards(corner) | {"BUNIT": "uJy", "FILTER": band, "DISTANCE": distance})
            written.append(out / f"legus_{number}_{band}.fits")
            fits.writeto(written[-1], pixels, header, overwrite=True)
        del image, pixels  # before the next is drawn: 0.5 GB
    return written


def corners(text):
    """Return the least and the largest x and y of ``X0:X1,Y0:Y1``."""
    try:
        (x0, x1), (y0, y1) = ((int(part) for part in axis.split(":")) for axis in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not X0:X1,Y0:Y1") from None
    if not (1 <= x0 < x1 and 1 <= y0 < y1):
        raise argparse.ArgumentTypeError(f"{text!r} is no region of pixels from 1 on")
    return (x0, y0), (x1, y1)


def main(path, out, distance, region):
    table = legus_table.read(path)
    frames = legus_table.frames(table)
    for number, frame in enumerate(frames, 1):
        print(f"X and Y of {len(frame.rows)} objects are on grid {number}, of {frame.scale:.4f} arcsec a pixel")
    for file in images(out, table, frames, distance, region):
        print(f"wrote {file}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", metavar="TABLE.csv")
    parser.add_argument("--out", default="out/legus", help="folder")
    parser.add_argument("--distance", type=float, default=4.5, help="Mpc, that the model is of; 9.9 is the table's own")
    parser.add_argument("--region", type=corners, help="X0:X1,Y0:Y1 of the first grid: this part alone")
    main(*vars(parser.parse_args()).values())
