"""Check [extinction] of the survey files: A_band / E(B-V) over each band, for the spectra of galaxies.

    python examples/recipes/extinction_coefficients.py [CURVES] [--filters FOLDER]

The law is that of Fitzpatrick 1999 (PASP 111, 63), R_V = 3.1, scaled as Schlafly & Finkbeiner 2011 (ApJ 737, 103) do to
E(B-V) of the SFD map. The spectra are those of the package at redshifts 0 to 1.5, dimmed by E(B-V) = 0.1; a band counts
photons. CURVES is a folder of throughputs (SDSS_u.csv, csst_phot.nuv.fits), --filters one of the PyPI package
astro-sedpy (sedpy/data/filters); a band without a curve is a box with soft edges by the survey's file.
"""

import argparse
from pathlib import Path

import numpy as np
from astropy.table import Table
from running import ROOT
from scipy.interpolate import CubicSpline

from skycnn import survey
from skycnn.simulate import bandpass, seds

CURVES = ROOT.parent / "shared" / "data" / "filters"
SEDPY = {
    "NUV": "galex_NUV",
    "U": "cfht_megacam_us_9301",
    "B": "subaru_suprimecam_B",
    "V": "subaru_suprimecam_V",
    "R": "subaru_suprimecam_rp",
    "I": "subaru_suprimecam_ip",
    "Z": "subaru_suprimecam_zp",
    "J": "ukirt_wfcam_J",
    "K": "cfht_wircam_Ks_8302",
}
"""Curves of COSMOS's bands in astro-sedpy, which has none of g+."""

KNOTS = np.array([0, 0.377, 0.820, 1.667, 1.828, 2.141, 2.433])
LAW = np.array([0, 0.265, 0.829, 2.688, 3.055, 3.806, 4.315])
"""1/micrometre, and A / E(B-V) for R_V = 3.1: Fitzpatrick 1999, table 3."""

ONE_MICRON = 1.319 * 0.78
"""A / E(B-V) of the SFD map at 1 micrometre: Schlafly & Finkbeiner 2011, section 6 and their N = 0.78."""

REDDENING = 0.1
REDSHIFTS = np.arange(0, 1.55, 0.1)
FAR = 0.02
"""A coefficient off by more than this share is called out."""


def law(wavelength: np.ndarray) -> np.ndarray:
    """Return A / E(B-V) of the SFD map at wavelengths in Angstrom."""

    def ultraviolet(x: np.ndarray) -> np.ndarray:
        slope = -0.824 + 4.717 / 3.1
        bump = x**2 / ((x**2 - 4.596**2) ** 2 + (0.99 * x) ** 2)
        far = np.where(x > 5.9, 0.5392 * (x - 5.9) ** 2 + 0.05644 * (x - 5.9) ** 3, 0)
        return 3.1 + 2.030 - 3.007 * slope + slope * x + 3.23 * bump + 0.41 * far

    near = 1e4 / np.array([2700.0, 2600.0])
    optical = CubicSpline(np.append(KNOTS, near), np.append(LAW, ultraviolet(near)), bc_type="natural")
    x = 1e4 / wavelength
    return ONE_MICRON * np.where(x < near[0], optical(x), ultraviolet(x)) / optical(1.0)


def curve(known: survey.Survey, band: str, curves: Path, filters: Path | None) -> tuple[np.ndarray, np.ndarray, str]:
    """Return a band's wavelengths, throughputs and the source of them."""
    csv, fits = curves / f"SDSS_{band}.csv", curves / f"csst_phot.{band.lower()}.fits"
    if known.name == "sdss" and csv.exists():
        table = Table.read(csv)
        return np.asarray(table["wave"]), np.asarray(table["trans"]), csv.name
    if known.name == "csst" and fits.exists():
        table = Table.read(fits)
        return np.asarray(table["WAVELENGTH"]), np.asarray(table["SENSITIVITY"]), fits.name
    if known.name == "cosmos" and filters and band in SEDPY:
        path = filters / f"{SEDPY[band]}.par"
        wavelength, through = np.loadtxt(path).T
        return wavelength, through, path.name
    low, high, pivot = bandpass.place(known, band)
    wavelength = np.linspace(low * 0.9, high * 1.1, 2000)
    return wavelength, bandpass.soft_box(low, high, pivot, wavelength), "box"


def coefficients(wavelength: np.ndarray, through: np.ndarray) -> np.ndarray:
    """Return A / E(B-V) of each spectrum of a galaxy at each redshift."""
    library = seds.load()
    fine = np.linspace(wavelength.min(), wavelength.max(), 4000)
    seen = np.interp(fine, wavelength, through).clip(0)
    dimming = 10 ** (-0.4 * REDDENING * law(fine))
    found = []
    for name, flux in zip(library.names, library.flux, strict=True):
        for z in REDSHIFTS if name != "lines" else ():
            photons = np.interp(fine, library.wavelength * (1 + z), flux) * seen / fine  # of f_nu
            if photons.sum() > 0 and 912 * (1 + z) < wavelength[through > 0.01 * through.max()][0]:
                found.append(-2.5 * np.log10((photons * dimming).sum() / photons.sum()) / REDDENING)
    return np.array(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("curves", nargs="?", type=Path, default=CURVES)
    parser.add_argument("--filters", type=Path, help="of astro-sedpy: sedpy/data/filters")
    args = parser.parse_args()
    for name in ("sdss", "cosmos", "csst"):
        known = survey.load(name)
        print(f"\n{name}: A / E(B-V) in the file, and over the band: median and range of {len(seds.load().names) - 1} "
              f"spectra at z = 0 to {REDSHIFTS[-1]:.1f}")  # fmt: skip
        for band in known.bands:
            wavelength, through, source = curve(known, band, args.curves, args.filters)
            found = coefficients(wavelength, through)
            median, stated = float(np.median(found)), known.extinction[band]
            off = stated / median - 1
            print(f"  {band:4s} {stated:6.3f}  {median:6.3f}  {found.min():6.3f} to {found.max():6.3f}  "
                  f"{100 * off:+5.1f} %{'  off' if abs(off) > FAR else '':5s}  {source}")  # fmt: skip


if __name__ == "__main__":
    main()
