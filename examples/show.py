"""Print what a FITS file holds and the first rows of its largest table: ``python examples/show.py cat.fits``."""

import sys

from astropy.io import fits
from astropy.table import Table

ROWS = 4

with fits.open(sys.argv[1], checksum=True) as file:
    for number, unit in enumerate(file):
        shape = f"{len(unit.data)} rows" if isinstance(unit, fits.BinTableHDU) else f"{unit.shape}"
        print(f"  HDU {number} {unit.name:9s} {type(unit).__name__:11s} {shape}")
    table = Table.read(
        max((unit for unit in file if isinstance(unit, fits.BinTableHDU)), key=lambda unit: len(unit.data))
    )
print("  columns:", ", ".join(table.colnames))
print("\n".join(f"  {line}" for line in table[:ROWS].pformat(max_width=-1)))
