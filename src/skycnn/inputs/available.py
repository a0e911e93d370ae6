"""Available: what a catalogue, its images and its user have to give the models that might answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from skycnn import survey
from skycnn.fits.catalogue import Catalogue
from skycnn.photometry.photometry import PhotometryOptions
from skycnn.survey import Survey

if TYPE_CHECKING:  # who reads fluxes alone need not load what stamps are made of
    from skycnn.stamps.stamps import Stamps
    from skycnn.stamps.stampsource import StampOptions


@dataclass(frozen=True, kw_only=True)
class InputOptions:
    """What is said of a network's input; the command line's options bear the same names.

    Parameters
    ----------
    photometry : PhotometryOptions
    stamps : StampOptions, optional
        None where nothing is said of images.
    input : mapping of str to str
        Name of an `InputColumn` to the column of the catalogue: ``--input``.
    survey : str, optional
        The survey's name, or the file of one of the user's.
    """

    photometry: PhotometryOptions = field(default_factory=PhotometryOptions)
    stamps: "StampOptions | None" = None
    input: Mapping[str, str] = field(default_factory=dict)
    survey: str | None = None

    @property
    def images_named(self) -> bool:
        """Whether any image or stamp is named."""
        return self.stamps is not None and self.stamps.given


@dataclass(frozen=True)
class Available:
    """What there is.

    Parameters
    ----------
    catalogue : Catalogue
    options : InputOptions
    stamps : Stamps, optional
        The catalogue's images.
    survey : str, optional
        Of the catalogue: the one that the user or the file names.
    user_survey : Survey, optional
        A survey of the user's, from a file.
    """

    catalogue: Catalogue
    options: InputOptions = field(default_factory=InputOptions)
    stamps: "Stamps | None" = None
    survey: str | None = None
    user_survey: Survey | None = None

    @property
    def bits(self) -> Mapping[str, Mapping[str, int]]:
        """The names of bits in the catalogue's columns, by its survey."""
        known = survey.known(self.survey, self.user_survey) if self.survey else None
        return known.bits if known else {}


def survey_of(catalogue: Catalogue, requested: str | None) -> str | None:
    """Return the survey requested, else the one of the SURVEY card, in lower case; None for none."""
    name = requested or catalogue.header.get("SURVEY", catalogue.primary.get("SURVEY"))
    return (name.strip().lower() if isinstance(name, str) else None) or None
