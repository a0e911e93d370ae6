"""Draw 100 stamps of a stamp file sorted by a column: ``python examples/sheet.py stamps.fits P_MERGER sheet.png``."""

import sys

import numpy as np
from astropy.io import fits

from skycnn.report import contactsheet

path, column, out = sys.argv[1:]
with fits.open(path) as file:
    rows, header = file["CATALOGUE"].data, file[0].header
    order = np.argsort(rows[column])
    shown = order[contactsheet.choose(np.count_nonzero(np.isfinite(rows[column])))]
    contactsheet.draw(
        out,
        file[0].data[shown],
        header["BANDS"].split(),
        shown,
        np.zeros(len(shown), int),
        header.get("PIXSCALE"),
        title=f"{path}, sorted by {column}: {rows[column][shown[0]]:.3g} to {rows[column][shown[-1]]:.3g}",
        total=len(rows),
    )
