"""Recipe: what a run's mocks are - of which survey, in which bands, drawn and selected how, seen through what."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from numpy.typing import NDArray

from skycnn.simulate.backgrounds import Backgrounds
from skycnn.simulate.noise import Noise
from skycnn.simulate.noiselevel import NoiseLevel
from skycnn.simulate.optics import psf_of
from skycnn.simulate.psf import PSF
from skycnn.survey import Survey

Array = NDArray[Any]

SCALE = 0.02
"""Share by which the pixels of frames may be larger or smaller than the survey's: a pixel over a stamp."""


@dataclass(frozen=True)
class Recipe:
    """What a run's mocks are.

    Parameters
    ----------
    survey : Survey
    bands : tuple of str
        Of the survey.
    seed : int
    selection : str
        By the name that ``draw`` knows.
    draw : callable
        ``draw(survey, bands, seed, row, selection, **options)`` returns what has ``light`` and ``truth``; see
        `task.Mock`.
    observe : callable, optional
        ``observe(survey, bands, drawn, seed)`` returns fluxes and errors (n, band) as the survey has them, or None.
    side : int
        Pixels along an edge of the stamps.
    judged : tuple of int
        Places of the bands in one of which at least an object must be seen; none: all are kept.
    above : float
        The signal to noise that it must exceed there.
    psfs : mapping of str to PSF
        By band, where it is not the one that the survey's widths tell.
    device : str
        Where stamps are drawn, ``cpu`` or a GPU; another one rounds otherwise.
    options : mapping of str to value
        Of the task, as ``draw`` takes them.
    measured : bool
        Whether aperture fluxes are measured.
    row_bytes : int
        Memory that a drawn row takes.
    backgrounds : Backgrounds, optional
        What stamps are put on, instead of drawn noise.
    noise : NoiseLevel
    binning : int
        Pixels of the survey along an edge of a stamp's pixel.
    """

    survey: Survey
    bands: tuple[str, ...]
    seed: int
    selection: str
    draw: Callable[..., Any]
    observe: Callable[..., tuple[Array, Array] | None] | None = None
    side: int = 32
    judged: tuple[int, ...] = ()
    above: float = 0.0
    psfs: Mapping[str, PSF] = field(default_factory=dict)
    device: str = "cpu"
    options: Mapping[str, Any] = field(default_factory=dict)
    measured: bool = True
    row_bytes: int = 4096
    backgrounds: Backgrounds | None = None
    noise: NoiseLevel = field(default_factory=NoiseLevel)
    binning: int = 1

    @property
    def pixel_scale(self) -> float:
        """Of the stamps, arcsec."""
        return self.survey.pixel_scale * self.binning

    def noise_of_pixels(self) -> Noise:
        """Return the noise of the stamps' pixels, each the sum of the survey's, whose noise is independent.

        Raises
        ------
        InputError
            When the survey does not tell what it follows from.
        """
        noise = self.noise.noise(self.survey, self.bands)
        return replace(noise, sigma=noise.sigma * self.binning)

    def drawn(self, row: Array) -> Any:
        """Return what ``draw`` returns of candidates (n,)."""
        return self.draw(self.survey, self.bands, self.seed, row, self.selection, **self.options)

    def width(self, band: str) -> float:
        """Return the FWHM of a band, arcsec: the survey's, or that of the image of its PSF."""
        return self.psfs[band].fwhm if band in self.psfs else self.survey.psf[band]

    def psf(self, band: str) -> PSF:
        """Return the point spread function of a band."""
        return self.psfs.get(band) or psf_of(self.survey, band)

    def warnings(self) -> list[str]:
        """Return a line on each band whose stars are wider than a stamp, where apertures must end, and on frames."""
        wide, lines = self.side * self.pixel_scale, []
        for band in self.bands if self.measured else ():
            across = 2 * self.psf(band).r80
            if across > wide:
                what = f"{band}: 80 % of a star's light lies within {across:.3g} arcsec, and a stamp is {wide:.3g} wide"
                lines.append(f"{what}: its fluxes, in the one aperture of all bands, hold little of the light")
        scale = self.backgrounds.pixel_scale if self.backgrounds else None
        if scale is not None and abs(scale / self.pixel_scale - 1) > SCALE:
            what = f"the frames of --background have pixels of {scale:.4g} arcsec, and {self.survey.name} of"
            lines.append(f"{what} {self.pixel_scale:.4g}: on the stamps their sky looks larger or smaller than it is")
        return lines

    def facts(self) -> dict[str, str | int | float | None]:
        """Return what the headers of all files tell, by the names of cards."""
        return {
            "PIXSCALE": self.pixel_scale,
            "SURVEY": self.survey.name,
            "SEED": self.seed,
            "SELECT": self.selection,
            "PSFFWHM": " ".join(f"{self.width(band):.4g}" for band in self.bands)[:68],
            "SNRCUT": self.above or None,
            "NOISE": str(self.noise),
            "OPTIONS": json.dumps(dict(self.options)) if self.options else None,
            "BACKGRND": json.dumps(self.backgrounds.facts) if self.backgrounds else None,
        }


def judging(survey_bands: Sequence[str], wanted: Sequence[str]) -> tuple[int, ...]:
    """Return the places of the wanted bands, without regard to case where that names one of them alone."""
    places = []
    for band in wanted:
        same = [i for i, name in enumerate(survey_bands) if name == band]
        close = same or [i for i, name in enumerate(survey_bands) if name.lower() == band.lower()]
        places += close if len(close) == 1 else []
    return tuple(places)
