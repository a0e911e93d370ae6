"""Stamps out of nothing, of bands, size and scale that a test asks for; they note what is done with them."""

import numpy as np

from skycnn.errors import InputError
from skycnn.schema import Flag
from skycnn.stamps.stamps import Batch, Census, Stamps


class Imagined(Stamps):
    """Rows from the last to the first, two at a time; pixels of a row are its absolute number, but for the last one.

    ``empty`` maps an absolute row to bands that are NaN, ``flags`` an absolute row to its flags.
    """

    columns = ("RA", "DEC")
    notes = ("stamps out of nothing",)

    def __init__(self, bands="gr", side=None, pixel_scale=None, *, empty=None, flags=None, resample=False):
        self.bands, self.side, self.pixel_scale, self.resample = tuple(bands), side, pixel_scale, resample
        self.empty, self.flags, self.asked, self.counted, self.closed = empty or {}, flags or {}, [], [], 0

    def batches(self, first, values, wanted, *, bands, side, dtype="<f4"):
        self.asked.append((first, wanted.tolist(), tuple(bands), side))
        rows = np.flatnonzero(wanted)[::-1]
        for some in (rows[at : at + 2] for at in range(0, len(rows), 2)):
            shape = (len(some), len(bands), side, side)
            pixels = np.broadcast_to((first + some)[:, None, None, None], shape).astype(dtype)
            pixels[..., -1, -1] += 1  # planes of one value show nothing
            for place, row in enumerate(first + some):
                for band in self.empty.get(row, ""):
                    pixels[place, list(bands).index(band)] = np.nan
                if self.flags.get(row, 0) & Flag.NAN_PIXELS:
                    pixels[place, :, 0, 0] = np.nan
            flags = np.array([self.flags.get(row, 0) for row in first + some], np.int32)
            yield Batch(some, pixels, np.zeros((*shape[:2], 2)), flags)

    def facts(self):
        return {"imagined": True}

    def census(self, catalogue, rows, side):
        self.counted.append((rows, side))
        return Census(rows[1] - rows[0])

    def rescaled(self, scale, owner):
        if not self.resample:
            return super().rescaled(scale, owner)
        return Imagined(self.bands, self.side, scale)

    def warnings(self):
        return ["something was imagined"]

    def check_unchanged(self):
        raise InputError("nothing can change")

    def hurry(self):
        self.hurried = True

    def close(self):
        self.closed += 1
