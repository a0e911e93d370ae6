"""Offer: what a catalogue and its images have to give the models that might answer."""

from skycnn import survey
from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.feed import Feed, Wants
from skycnn.fits.fluxes import Photometry, PhotometryOptions, find
from skycnn.fits.stamps import Stamps

KINDS = ("flux", "image")
"""Kinds of input there are."""
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
    """

    def __init__(
        self, catalogue: Catalogue, options: PhotometryOptions, stamps: Stamps | None = None, whose: str | None = None
    ) -> None:
        self.catalogue, self.options, self.stamps, self.whose = catalogue, options, stamps, whose

    def bands(self, wants: Wants) -> tuple[str, ...]:
        """Return the bands of a model that are there in every kind of input it takes.

        Raises
        ------
        InputError
            When a kind of input is not there at all, or in pixels of another scale.
        """
        feed = self.feed(wants)
        return tuple(band for band in wants.bands if all(band in held for held in feed.held.values()))

    def feed(self, wants: Wants) -> Feed:
        """Return what feeds a model.

        Raises
        ------
        InputError
            When a kind of input is not there at all, or in pixels of another scale.
        """
        strange = [kind for kind in wants.inputs if kind not in KINDS]
        if strange:
            raise InputError(f"{wants.name} takes input of kind {strange[0]!r}", hint="Update skycnn.")
        photometry = self._photometry(wants) if "flux" in wants.inputs else None
        stamps = self._stamps(wants) if "image" in wants.inputs else None
        return Feed.of(wants, self.catalogue, photometry, stamps, self.options)

    def _photometry(self, wants: Wants) -> Photometry:
        header = self.catalogue.header
        return find(
            self.catalogue.columns,
            {**header, "SURVEY": self.whose} if self.whose else header,
            wants.bands,
            self.options,
            self.catalogue.label,
            card_photometry=wants.photometry,
            dereddened=wants.dereddened,
            survey=survey.load(wants.survey) if wants.survey in survey.names() else None,
            owner=wants.name,
        )

    def _stamps(self, wants: Wants) -> Stamps:
        needs = f"{wants.name} needs images of {' '.join(wants.bands)}"
        missing = [band for band in wants.bands if self.stamps is None or band not in self.stamps.bands]
        hint = f"Name them: {' '.join(f'--images {band}=FILE' for band in missing)}; or --stamps FILE."
        if self.stamps is None:
            raise InputError(f"{needs}; none are named", hint=hint)
        if len(missing) == len(wants.bands):
            raise InputError(f"{needs}; there are {' '.join(self.stamps.bands)}", hint=hint)
        stamps = self.stamps
        own, asked = stamps.pixel_scale, wants.pixel_scale
        if own is not None and asked is not None and abs(own / asked - 1) > SCALE:
            stamps = stamps.rescaled(asked, wants.name)
        if stamps.side is not None and wants.stamp is not None and stamps.side < wants.stamp:
            raise InputError(f"{wants.name} needs stamps of {wants.stamp} pixels; these have {stamps.side}")
        return stamps
