"""Make examples/sdss_sample.fits: 500 galaxies that photoz-sdss-flux never saw, as a catalogue is found in the wild.

    python examples/recipes/sdss_sample.py [DATA]

The rows are those of the test split with the smallest SHA-256 of their photometry. The columns are named as VizieR
would; an image stands before the table and another table after it.
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.table import Table
from photoz_sdss_flux import BANDS, DATA, LEAST_Z, numbers, split

OUT = Path(__file__).resolve().parents[1] / "sdss_sample.fits"
ROWS = 500
ACKNOWLEDGEMENT = (
    "Funding for the Sloan Digital Sky Survey has been provided by the Alfred P. Sloan Foundation, the Participating "
    "Institutions, the National Aeronautics and Space Administration, the National Science Foundation, the U.S. "
    "Department of Energy, the Japanese Monbukagakusho, and the Max Planck Society. The SDSS Web site is "
    "http://www.sdss.org/."
)
CREDIT = f"{ACKNOWLEDGEMENT} The data are public; these galaxies come from the examples of MLZ and ANNz."


def sample(galaxies: Table) -> Table:
    """Return the rows, under other names."""
    digests = [hashlib.sha256(row.tobytes()).digest() for row in numbers(galaxies)]
    usable = (split(galaxies) == "test") & (galaxies["Z_SPEC"] >= LEAST_Z)
    rows = sorted(np.flatnonzero(usable), key=lambda row: digests[row])[:ROWS]
    chosen = galaxies[rows]
    found = Table()
    found["recno"] = [int.from_bytes(digests[row][-8:], "big") >> 1 for row in rows]  # an id that no float64 can hold
    for band in BANDS:
        found[f"{band}mag"] = chosen[f"MAG_{band.upper()}"]
        found[f"e_{band}mag"] = chosen[f"MAGERR_{band.upper()}"]
        found[f"{band}mag"].unit = found[f"e_{band}mag"].unit = "mag"
    found["zsp"] = chosen["Z_SPEC"]
    found["Survey"] = chosen["SAMPLE"]
    return found


def diagram(found: Table) -> fits.ImageHDU:
    """Return the colour-magnitude diagram of the rows as an image of counts."""
    colour = np.asarray(found["gmag"] - found["rmag"], "f8")
    counts, _, _ = np.histogram2d(colour, found["rmag"], bins=32, range=((0.0, 2.5), (14.0, 22.0)))
    unit = fits.ImageHDU(counts.astype("i2"), name="DIAGRAM")
    unit.header["COMMENT"] = "galaxies by r (x, 14 to 22 mag) and g - r (y, 0 to 2.5 mag)"
    return unit


def summary(found: Table) -> fits.BinTableHDU:
    """Return a small table of the bands."""
    content = Table({"BAND": list(BANDS), "MEDIAN": [np.median(found[f"{band}mag"]) for band in BANDS]})
    content["MEDIAN"].unit = "mag"
    return fits.BinTableHDU(content, name="SUMMARY")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", type=Path, default=DATA)
    found = sample(Table.read(parser.parse_args().data))
    primary = fits.PrimaryHDU()
    primary.header["ORIGIN"] = "SDSS"
    primary.header["COMMENT"] = CREDIT
    table = fits.BinTableHDU(found, name="GALAXIES")
    table.header["COMMENT"] = "Test split of photoz-sdss-flux; magnitudes as their carriers give them."
    units = [primary, diagram(found), table, summary(found)]
    for unit in units:
        unit.add_checksum(when="examples/recipes/sdss_sample.py")  # astropy's own comment is the time
    fits.HDUList(units).writeto(OUT, overwrite=True)
    print(f"{OUT}: {len(found)} rows, {OUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
