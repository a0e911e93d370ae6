"""Galaxy SEDs: writes src/skycnn/seds/library.npz from two packages on PyPI, kcorrect (BSD-3) and desc-bpz (MIT).

Unpack both wheels into one folder and name it:  python examples/recipes/galaxy_seds.py FOLDER
"""

import sys
from pathlib import Path

import numpy as np
from astropy.io import fits

STEP = 0.002  # of ln wavelength
EDGES = (600.0, 27000.0)  # Angstrom
BPZ = ("Im_B2004a", "ssp_25Myr_z008")
# Those of both packages that galaxies of COSMOS take up at all, from old and dusty to young: the order that TYPE and
# the colours of bulges follow.
REDNESS = {
    "kcorrect-4": 1.0,
    "kcorrect-3": 0.6,
    "Im_B2004a": 0.4,
    "kcorrect-5": 0.35,
    "ssp_25Myr_z008": 0.1,
    "kcorrect-2": 0.0,
    "lines": 0.0,
}
# Strengths with Hbeta = 1: case B at 10^4 K (Osterbrock & Ferland 2006, table 4.2) for hydrogen; the others are typical
# of galaxies that form stars (Kewley & Dopita 2002, ApJS 142, 35; recalled).
LINES = {
    3727.4: 2.5,
    4340.5: 0.47,
    4861.3: 1.0,
    4958.9: 0.6,
    5006.8: 1.8,
    6562.8: 2.86,
    6583.5: 0.7,
    6716.4: 0.35,
    6730.8: 0.3,
    9069.0: 0.25,
    9531.0: 0.6,
}
HBETA = 10.0  # Angstrom, equivalent width against f_nu = 1 at 5500 Angstrom


def resampled(wavelength, flux, grid):
    """Return f_nu at the grid's bins, which conserve flux, 1 at 5500 Angstrom; from f_lambda."""
    edges = np.exp(np.append(np.log(grid) - STEP / 2, np.log(grid[-1]) + STEP / 2))
    wavelength, first = np.unique(wavelength, return_index=True)
    flux = flux[first]
    fine = np.unique(np.concatenate([wavelength, edges]))
    fine = fine[(fine >= edges[0]) & (fine <= edges[-1])]
    f = np.interp(fine, wavelength, flux, right=0)
    total = np.concatenate([[0], np.cumsum(np.diff(fine) * (f[1:] + f[:-1]) / 2)])
    mean = np.diff(np.interp(edges, fine, total)) / np.diff(edges) * grid**2
    return mean / np.interp(5500, grid, mean)


def main(folder):
    grid = np.exp(np.arange(np.log(EDGES[0]), np.log(EDGES[1]), STEP))
    found = {}
    table = fits.getdata(next(folder.rglob("kcorrect-default-v4.fits")), "FLUX")
    wavelength = table["wave"][0].astype(float)
    for i, flux in enumerate(table["flux"][0].reshape(-1, wavelength.size).astype(float)):
        found[f"kcorrect-{i + 1}"] = resampled(wavelength, flux, grid)
    for name in BPZ:
        found[name] = resampled(*np.loadtxt(next(folder.rglob(f"{name}.sed"))).T, grid)
    for f in found.values():  # where a spectrum ends, its last slope in f_nu of a black body's tail goes on
        end = np.flatnonzero(f > 0)[-1] - 20
        f[end:] = f[end] * (grid[end:] / grid[end]) ** -2
    lines = np.zeros_like(grid)
    for wave, strength in LINES.items():
        profile = np.exp(-0.5 * (np.log(grid / wave) / STEP) ** 2)
        lines += strength * HBETA * wave**2 / 4861.3**2 * profile / (profile.sum() * STEP * wave)
    found["lines"] = lines
    names = sorted(REDNESS, key=lambda name: -REDNESS[name])
    log_flux = np.log(np.maximum(np.stack([found[name] for name in names]), 1e-6)).astype(np.float16)
    target = Path(__file__).parents[2] / "src" / "skycnn" / "seds" / "library.npz"
    np.savez_compressed(
        target,
        log_wavelength=np.array([np.log(EDGES[0]), STEP, len(grid)]),
        log_flux=log_flux,
        names=np.array(names),
        redness=np.array([REDNESS[name] for name in names], np.float32),
    )
    print(f"{target.name}: {len(names)} spectra, {target.stat().st_size / 1000:.0f} kB")
    for name, f in zip(names, np.exp(log_flux.astype(float)), strict=True):
        print(
            f"{name:16}", *(f"{np.interp(w, grid, f):8.3f}" for w in (700, 1500, 2300, 3000, 4200, 8000, 12000, 22000))
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
