"""Offer: what a catalogue and its images have to give the models that might answer."""

import math

from skycnn import survey
from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.images import pixelunit
from skycnn.inputs.feed import KINDS, Feed
from skycnn.inputs.needs import Wants, check_options
from skycnn.photometry.fluxes import Photometry, PhotometryOptions, find
from skycnn.stamps.stamps import Stamps
from skycnn.stamps.stampsource import LARGEST

SCALE = 0.02
"""Share by which a model's pixel scale and the images' may differ."""


class Offer:
    """What a catalogue has.

    Parameters
    ----------
    catalogue : Catalogue
    options : PhotometryOptions
        What the user says of its photometry.
    stamps : Stamps, optional
        Its images.
    whose : str, optional
        The survey that the user or the file states.
    own : Survey, optional
        A survey of the user's, from a file.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        options: PhotometryOptions,
        stamps: Stamps | None = None,
        whose: str | None = None,
        own: survey.Survey | None = None,
    ) -> None:
        self.catalogue, self.options, self.stamps, self.whose, self.own = catalogue, options, stamps, whose, own

    def bands(self, wants: Wants) -> tuple[str, ...]:
        """Return the bands of a model that are there in every kind of input it takes.

        Raises
        ------
        InputError
            When a kind of input is not there at all, or in pixels of another scale or unit.
        """
        feed = self._feed(wants)
        return tuple(band for band in wants.bands if all(band in held for held in feed.held.values()))

    def feed(self, wants: Wants) -> Feed:
        """Return what feeds the model that answers.

        Raises
        ------
        InputError
            When a kind of input is not there at all, in pixels of another scale or unit, or an option tells of fluxes
            that the model does not take.
        """
        check_options(wants, self.options)
        return self._feed(wants)

    def _feed(self, wants: Wants) -> Feed:
        strange = [kind for kind in wants.inputs if kind not in KINDS]
        if strange:
            raise InputError(f"{wants.name} takes input of kind {strange[0]!r}", hint="Update skycnn.")
        photometry = self._photometry(wants) if "flux" in wants.inputs else None
        stamps = self._stamps(wants) if "image" in wants.inputs else None
        return Feed.of(wants, self.catalogue, photometry, stamps, self.options)

    def _photometry(self, wants: Wants) -> Photometry:
        card = self.catalogue.header.get("SURVEY", self.catalogue.primary.get("SURVEY"))
        return find(
            self.catalogue.columns,
            {**self.catalogue.header, "SURVEY": card},
            wants.bands,
            self.options,
            self.catalogue.label,
            card_photometry=wants.photometry,
            dereddened=wants.dereddened,
            survey=survey.known(wants.survey, self.own),
            catalogue_survey=self.whose,
            owner=wants.name,
        )

    def _stamps(self, wants: Wants) -> Stamps:
        scale = wants.pixel_scale
        if not 1 <= (wants.stamp or 0) <= LARGEST or not (scale is None or 0 < scale < math.inf):
            found = f"{wants.stamp} pixels of {scale} arcsec"
            raise InputError(f"{wants.name}: its card does not say which stamps it takes", value=found)
        return fitting(self.stamps, wants)


def fitting(stamps: Stamps | None, wants: Wants, *, whole: bool = False) -> Stamps:
    """Return stamps in the pixels that a network takes.

    Parameters
    ----------
    stamps : Stamps or None
        What there is.
    wants : Wants
        What the network takes.
    whole : bool
        Whether all bands must be there; else one will do.

    Raises
    ------
    InputError
        When there are none of the network's bands, or they are too small or of another scale or unit.
    """
    needs = f"{wants.name} needs images{' of ' + ' '.join(wants.bands) if wants.bands else ''}"
    missing = [band for band in wants.bands if stamps is None or band not in stamps.bands]
    named = " ".join(f"--images {band}=FILE" for band in missing) or "--images BAND=FILE for each band"
    hint = f"Name them: {named}; or --stamps FILE."
    if stamps is None:
        raise InputError(f"{needs}; none are named", hint=hint)
    if missing and (whole or len(missing) == len(wants.bands)):
        raise InputError(f"{needs}; there are {' '.join(stamps.bands)}", hint=hint)
    own, asked = stamps.pixel_scale, wants.pixel_scale
    if own is not None and asked is not None and abs(own / asked - 1) > SCALE:
        stamps = stamps.rescaled(asked, wants.name)
    if stamps.side is not None and wants.stamp is not None and stamps.side < wants.stamp:
        what = f"{wants.name} needs stamps of {wants.stamp} pixels; these have {stamps.side}"
        raise InputError(what, hint=f"Cut them anew: skycnn cutout ... --size {wants.stamp}")
    found = stamps.units()
    if not found:
        return stamps
    bands = wants.bands or stamps.bands
    return stamps.converted(pixelunit.plan(found, bands, stamps.named_units, wants.pixel_unit, wants.name))
