"""TrainingFeed: what feeds a network in training - the photometry and the stamps of the bands to train with."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace

from skycnn import survey as surveys
from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.inputs.available import fitting
from skycnn.inputs.feed import Feed
from skycnn.inputs.needs import Needs, check_options
from skycnn.photometry.fluxes import FEWEST, Photometry, PhotometryOptions, find
from skycnn.stamps import stampsource
from skycnn.stamps.stamps import Stamps
from skycnn.stamps.stampsource import StampOptions

BANDS = ("FUV", "NUV", "u", "g", "r", "i", "z", "y", "J", "H", "K")
"""Looked for where neither a survey nor the user names any."""


def feed(
    catalogue: Catalogue,
    needs: Needs,
    photometry_options: PhotometryOptions,
    stamp_options: StampOptions,
    rows: stampsource.Rows | None = None,
    own: surveys.Survey | None = None,
) -> Feed:
    """Return what feeds a network in training; its stamps, if any, are open and the caller's to close.

    Parameters
    ----------
    catalogue : Catalogue
    needs : Needs
        Of the network; without bands they are those of the images, else of the photometry, and without a stamp size
        it is that of ``--size`` or of the stamp file.
    photometry_options : PhotometryOptions
    stamp_options : StampOptions
    rows : (int, int or None), optional
        The rows to be read.
    own : Survey, optional
        A survey of the user's, from a file.

    Raises
    ------
    InputError
        When there are no images for a network that takes them, a band is not there, or an option tells of fluxes
        that the network does not take.
    """
    check_options(needs, photometry_options)
    bands = needs.bands
    stamps: Stamps | None = None
    if "image" in needs.inputs:
        stamps = stampsource.offered(catalogue, stamp_options, rows=rows)
    elif stamp_options.given or stamp_options.pixel_unit:
        hint = "Leave --images and --stamps out, or choose a --network that takes them."
        raise InputError(f"{needs.name} takes no images", hint=hint)
    with ExitStack() as stack:
        if stamps is not None:
            stack.enter_context(stamps)  # closed where anything else is wrong
        if "image" in needs.inputs:
            stamps = fitting(stamps, needs, whole=True)
            bands, needs = bands or stamps.bands, replace(needs, stamp=_side(stamps, needs, stamp_options))
        found = None
        if "flux" in needs.inputs:
            found = photometry(
                catalogue,
                photometry_options,
                bands=bands,
                survey=needs.survey,
                dereddened=needs.dereddened,
                owner=needs.name,
                own=own,
            )
            bands = found.requested
        made = Feed.of(replace(needs, bands=tuple(bands)), catalogue, found, stamps, photometry_options)
        stack.pop_all()
    return made


def _side(stamps: Stamps, needs: Needs, options: StampOptions) -> int:
    """Return the pixels along a stamp's edge: the network's, which ``--size`` may not contradict, else those told."""
    if needs.stamp is not None and options.size is None:
        return needs.stamp
    side = stampsource.training_side(stamps, options)
    if needs.stamp not in (None, side):
        what = f"{needs.name} takes stamps of {needs.stamp} pixels; --size {options.size} makes {side}"
        raise InputError(what, hint="Leave --size out.")
    return side


def photometry(
    catalogue: Catalogue,
    options: PhotometryOptions,
    *,
    bands: Sequence[str] = (),
    survey: str = "",
    dereddened: str = "unknown",
    owner: str = "",
    own: surveys.Survey | None = None,
) -> Photometry:
    """Return the photometry of the bands to train with, all of them present.

    Parameters
    ----------
    catalogue : Catalogue
    options : PhotometryOptions
    bands : sequence of str
        All of which must be there; left out, those of the survey that are there, or of ``--band``, or of `BANDS`.
    survey : str
        Its name; empty for unknown.
    dereddened : str
        ``yes``, ``no`` or ``unknown``: the state that the fluxes shall have.
    owner : str
        What asks for ``bands``, for messages.
    own : Survey, optional
        A survey of the user's, from a file.

    Raises
    ------
    InputError
        When fewer than two bands are there, or one of ``bands`` is not.
    """
    if len(bands) == 1:
        what = f"{owner} names {bands[0]} alone, and a network of fluxes needs colours"
        raise InputError(what, expected="two bands or more", hint="Networks of images take one.")
    known = surveys.known(survey, own)
    named = tuple(band for band in options.band if band != "*")
    wanted, asks = tuple(bands), owner
    if not wanted and known is not None:
        wanted, asks = known.bands, f"survey {survey}"
    elif not wanted:
        wanted, asks = (named, "--band") if len(named) >= FEWEST else (BANDS, "training")

    def found(some: tuple[str, ...]) -> Photometry:
        return find(
            catalogue.columns,
            catalogue.header,
            some,
            options,
            catalogue.label,
            dereddened=dereddened,
            survey=known,
            catalogue_survey=survey or None,
            owner=asks,
        )

    result = found(wanted)
    if not result.missing:
        return result
    if bands:
        missing = result.missing
        raise InputError(
            f"{catalogue.label} has no photometry for {' '.join(missing)}, which {owner} needs",
            hint=f"Name it with --band {missing[0]}=COLUMN --error {missing[0]}=COLUMN.",
        )
    return found(result.bands)
