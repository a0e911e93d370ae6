"""Optics: the point spread function of a survey's band, as far as the survey's widths tell it."""

import math

from skycnn.errors import InputError
from skycnn.simulate.bandpass import told_pivot
from skycnn.simulate.psf import Gaussian, Moffat, RadialPSF
from skycnn.simulate.telescope import Telescope
from skycnn.survey import Survey

GROUND = 3.5
"""Moffat's beta where a survey tells the FWHM alone: of seeing with the wings that telescopes have (Trujillo et al.
2001, MNRAS 328, 977, who measure 2.5 to 4.8)."""

PEAKED = 1.3
"""Moffat's beta at least: below it the light reaches too far to be summed; of R80 and FWHM, R80 is then kept."""


def psf_of(survey: Survey, band: str) -> RadialPSF:
    """Return the PSF of a band, without the pixel.

    Where the survey tells its mirror and how the band's stars are blurred, it is that telescope's. Else the survey's
    widths are taken for those of stars on its images, which pixels have blurred: a pixel's variance, a
    twelfth of its square, is taken off a Gaussian's, and off a Moffat profile as if its core were one.

    Where R80 is told beside the FWHM, it is the Moffat profile that has both; a Gaussian of that R80 where they are as
    far apart as a Gaussian's or less, as no Moffat profile's are. Where the FWHM is told alone, a Moffat profile.

    Raises
    ------
    InputError
        When the survey has no such band.
    """
    if band not in survey.psf:
        raise InputError(f"survey {survey.name} has no band {band}", expected=" ".join(survey.bands))
    if survey.mirror is not None and band in survey.blur:
        halo = survey.halo.get(band, 0.0), survey.halo_width.get(band, 1.0)
        place = told_pivot(survey, band)
        return Telescope(survey.mirror, survey.obscuration or 0.0, place, survey.blur[band], *halo)
    fwhm, r80, unit = survey.psf[band], survey.r80.get(band), Gaussian(1.0)
    pixel = survey.pixel_scale**2 / 12
    if r80 is not None and r80 / fwhm <= 1.02 * unit.r80 / unit.fwhm:  # the widths are told to two or three digits
        return Gaussian(math.sqrt(max(Gaussian.of_r80(r80).sigma ** 2 - pixel, pixel)))
    share = math.sqrt(max(1 - pixel / Gaussian.of_fwhm(fwhm).sigma ** 2, 0.5))
    if r80 is None:
        return Moffat.of_fwhm(share * fwhm, GROUND)
    return Moffat.of_r80(share * r80, _beta(r80 / fwhm))


def _beta(ratio: float) -> float:
    """Return the beta of the Moffat profile whose R80 is so many FWHM."""
    low, high = math.log(PEAKED), math.log(200.0)
    for _ in range(50):  # the ratio falls with beta
        middle = (low + high) / 2
        unit = Moffat(1.0, math.exp(middle))
        low, high = (middle, high) if unit.r80 / unit.fwhm > ratio else (low, middle)
    return math.exp(low)
