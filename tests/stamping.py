"""A run as `cutout` makes it, but with stamps that are made up from the rows' numbers, without an image."""

import hashlib

import numpy as np

from extending import record
from skycnn.errors import Interrupted
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.output import Output
from skycnn.fits.source import parse
from skycnn.schema import Flag
from skycnn.stamps.stampfile.stampfile import StampFile
from skycnn.stamps.stamps import Batch, Stamps

CHUNK = 16


def pixels(rows, bands, side):
    """Return what the stamps of these absolute rows hold, float32 (n, band, side, side); every fifth has a NaN."""
    each = np.random.default_rng(7).normal(size=(len(bands), side, side)).astype(np.float32)
    out = np.asarray(rows, np.float32)[:, None, None, None] + each
    out[np.asarray(rows) % 5 == 0, :, 0, 0] = np.nan
    return out


def rests(rows, bands, apart=0.0):
    """Return DX and DY of these rows, float64 (n, band, 2)."""
    one = np.random.default_rng(3).uniform(-0.5, 0.5, (1000, 2))[np.asarray(rows)]
    return np.stack([one + apart * i for i in range(len(bands))], axis=1)


class Made(Stamps):
    """Stamps out of nothing, in an order of their own; rows in ``without`` have none."""

    def __init__(self, bands, apart=0.0, without=()):
        self.bands, self.apart, self.without = tuple(bands), apart, without

    def batches(self, first, values, wanted, *, bands, side, dtype="<f4"):
        rows = np.random.default_rng(first).permutation(np.flatnonzero(wanted))
        rows = rows[~np.isin(first + rows, self.without)]
        for part in np.array_split(rows, 3):
            flags = np.where((first + part) % 5 == 0, Flag.NAN_PIXELS, 0).astype(np.int32)
            yield Batch(
                part, pixels(first + part, bands, side).astype(dtype), rests(first + part, bands, self.apart), flags
            )

    def facts(self):
        return {}


def cut(
    text, out, *, bands=("g", "r"), side=6, rows=None, compress=None, overwrite=False, apart=0.0, without=(),
    facts=None, identity=None, stop=None, detach=False,
):  # fmt: skip
    """Write a stamp file; return rows taken over from an earlier run, and warnings.

    ``stop`` is (word, number, error): what to raise before the numbered ``write``, ``done`` or ``finish``.
    """
    spec = parse(str(text))
    output = Output(spec, str(out), overwrite=overwrite, detach=detach)
    source = Made(bands, apart, without)
    seen = {"write": 0, "done": 0, "finish": 0}

    def step(word):
        seen[word] += 1
        if stop is not None and stop[0] == word and seen[word] == stop[1]:
            raise stop[2]

    with output.locked():
        output.prepare(resume=True)
        with (
            Catalogue.open(spec, holds=lambda fields, _: any(f.name in ("u", "ID") for f in fields)) as catalogue,
            StampFile(
                output, catalogue, rows=rows, bands=bands, side=side, facts=facts or {"PIXSCALE": 0.25},
                compress=compress, identity=identity,
            ) as file,
        ):  # fmt: skip
            start, end = rows or (0, catalogue.rows)
            for first, packed in catalogue.packed_chunks([catalogue.names[0]], (start, end), CHUNK):
                n, digest = len(packed), hashlib.sha256(packed.data).digest()
                if file.held(first, n, digest):
                    continue
                found, flags = np.full((n, len(bands), 2), np.nan), np.full(n, Flag.NO_POSITION, np.int32)
                for batch in source.batches(first, {}, np.ones(n, bool), bands=bands, side=side, dtype=">f4"):
                    step("write")
                    file.write(first, batch)
                    found[batch.rows], flags[batch.rows] = batch.rests, batch.flags
                step("done")
                file.done(first, n, digest, found, flags)
            step("finish")
            mine = record((), used=(), verb="cutout", task="-", model="-", model_sha256="-", command="skycnn cutout")
            warnings = file.finish(mine)
    return file.resumed, warnings


INTERRUPTED = Interrupted(15)
