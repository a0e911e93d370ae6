"""Compare what two source trees make of the same input, byte for byte: the answers of shipped models, and mocks.

Only what the files tell of the run itself is left out, their HISTORY, and the checksums over it.

    python tests/sameanswers.py --old DIR        (DIR/skycnn is the other tree, e.g. a checkout of a release)

Real catalogues are taken from ``../shared/data`` where that is. The time is fixed; bits are those of one machine.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from astropy.io import fits

import rawfits

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
MOCK = ("mock", "--task", "photoz", "--seed", "3", "-q")
PREDICT = ("--task", "photoz", "-q", "--pdf")
LEFT_OUT = (b"HISTORY", b"CHECKSUM", b"DATASUM")
LINES = {
    "csst.fits": (*MOCK, "--survey", "csst", "-n", "400", "--out", "csst.fits"),
    "sdss.fits": (*MOCK, "--survey", "sdss", "-n", "200", "--all", "--out", "sdss.fits"),
    "cosmos.fits": (*MOCK, "--survey", "cosmos", "-n", "30000", "--fluxes-only", "--out", "cosmos.fits"),
    "field": (*MOCK, "--survey", "csst", "--scene", "300,260", "--out", "field"),
    "flux.fits": ("predict", "csst.fits", *PREDICT, "--model", "photoz-csst-flux", "--out", "flux.fits"),
    "image.fits": ("predict", "csst.fits", *PREDICT, "--model", "photoz-csst-image", "--out", "image.fits"),
    "hybrid.fits": ("predict", "csst.fits", *PREDICT, "--model", "photoz-csst-hybrid", "--out", "hybrid.fits"),
    "sdss_galaxies.fits": ("predict", "sdss_galaxies.fits", *PREDICT),
    "cosmos_galaxies.fits": ("predict", "cosmos_galaxies.fits", *PREDICT, "--model", "photoz-cosmos-flux"),
}


def made(tree: Path, folder: Path) -> dict[str, str]:
    """Return the SHA-256 of what each line makes with a source tree, by the name of its output."""
    folder.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(tree), "SOURCE_DATE_EPOCH": "1700000000", "OMP_NUM_THREADS": "1"}
    found = {}
    for name, line in LINES.items():
        if name.endswith("_galaxies.fits"):
            if not (DATA / name).exists():
                continue
            shutil.copyfile(DATA / name, folder / name)
        subprocess.run([sys.executable, "-m", "skycnn", *line], cwd=folder, env=environment, check=True)
        files = sorted((folder / name).iterdir()) if (folder / name).is_dir() else [folder / name]
        found[name] = hashlib.sha256(b"".join(content(file) for file in files)).hexdigest()
    return found


def content(path: Path) -> bytes:
    """Return the bytes of a file but for its HISTORY and checksums."""
    units, rest = rawfits.units(path.read_bytes())
    kept = (b"".join(card for card in unit.cards if card[:8].rstrip() not in LEFT_OUT) + unit.data for unit in units)
    return b"".join(kept) + rest


def main() -> int:
    """Print a line an output; return 1 where one differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--old", type=Path, required=True, help="the folder that holds the other skycnn")
    old = parser.parse_args().old.resolve()
    with tempfile.TemporaryDirectory() as folder:
        before, now = (made(tree, Path(folder) / name) for name, tree in (("old", old), ("new", ROOT / "src")))
        for name, digest in before.items():
            same = now[name] == digest
            print(f"{name:22s} {'the same bytes' if same else f'DIFFERS in {others(Path(folder), name)}'}")
    return int(before != now)


def others(folder: Path, name: str) -> str:
    """Return the columns of a table that differ, with the bits of a flag; what else differs is cards."""
    if (folder / "new" / name).is_dir():
        return "a file of the folder"
    one, two = (fits.getdata(folder / tree / name, 1) for tree in ("old", "new"))
    found = []
    for column in dict.fromkeys([*one.names, *two.names]):
        if column not in one.names or column not in two.names:
            found.append(f"{column} (in one of them)")
        elif column.endswith("FLAG") and (bits := int(np.bitwise_or.reduce(one[column] ^ two[column]))):
            found.append(f"{column} (bits {bits})")
        elif one[column].tobytes() != two[column].tobytes():
            found.append(column)
    return ", ".join(found) or "cards alone"


if __name__ == "__main__":
    sys.exit(main())
