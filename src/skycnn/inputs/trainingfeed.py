"""TrainingFeed: what feeds a network in training - the photometry and the stamps of the bands to train with."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace

from skycnn import survey as surveys
from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.inputs import feed as feeds
from skycnn.inputs import imagekind, kinds
from skycnn.inputs.available import Available, InputOptions
from skycnn.inputs.columnkind import ColumnKind
from skycnn.inputs.feed import Feed
from skycnn.inputs.fluxkind import FluxInput
from skycnn.inputs.imagekind import ImageInput
from skycnn.inputs.kind import Input
from skycnn.network.card import Card
from skycnn.photometry.fluxes import FEWEST, Photometry, PhotometryOptions, find
from skycnn.stamps import stampsource
from skycnn.stamps.stamps import Stamps
from skycnn.stamps.stampsource import StampOptions
from skycnn.task import Task


def feed(
    task: Task,
    catalogue: Catalogue,
    card: Card,
    options: InputOptions,
    rows: tuple[int, int | None] | None = None,
    user_survey: surveys.Survey | None = None,
) -> Feed:
    """Return what feeds a network in training; its stamps, if any, are open and the caller's to close.

    Parameters
    ----------
    task : Task
    catalogue : Catalogue
    card : Card
        Of the network, as far as it is known; without bands they are those of the images, else of the photometry, and
        without a stamp size it is that of ``--size`` or of the stamp file.
    options : InputOptions
    rows : (int, int or None), optional
        The rows to be read.
    user_survey : Survey, optional
        A survey of the user's, from a file.

    Raises
    ------
    InputError
        When there are no images for a network that takes them, a band or a column is not there, or an option tells of
        input that the network does not take.
    """
    available = Available(catalogue, options, user_survey=user_survey)
    feeds.check_options(task, card, available)
    stamps: Stamps | None = None
    if card.takes_images:
        stamps = imagekind.opened(catalogue, options, rows)
    elif options.stamps is not None and (options.stamps.given or options.stamps.pixel_unit):
        hint = "Leave --images and --stamps out, or choose a --network that takes them."
        raise InputError(f"{card.name} takes no images", hint=hint)
    with ExitStack() as stack:
        if stamps is not None:
            stack.enter_context(stamps)  # closed where anything else is wrong
        if card.takes_images:
            stamps = imagekind.fitting(stamps, card, whole=True)
            side = _side(stamps, card, options.stamps or StampOptions())
            card = replace(card, bands=card.bands or stamps.bands, stamp=side)
        inputs: list[Input] = []
        if card.takes_fluxes:  # of the bands of the images, where there are some
            found = photometry(
                catalogue,
                options.photometry,
                bands=card.bands,
                survey=card.survey,
                dereddened=card.dereddened,
                owner=card.name,
                user_survey=user_survey,
            )
            card = replace(card, bands=found.requested)
            inputs.append(FluxInput(card, found))
        if stamps is not None:
            inputs.append(ImageInput.of(card, stamps, available, task.reddened))
        columns = [kind for kind in kinds.find(task, card.inputs, card.name) if isinstance(kind, ColumnKind)]
        made = feeds.made(task, card, [*inputs, *(kind.find(card, available) for kind in columns)], available)
        stack.pop_all()
    return made


def _side(stamps: Stamps, card: Card, options: StampOptions) -> int:
    """Return the pixels along a stamp's edge: the network's, which ``--size`` may not contradict, else those given."""
    if card.stamp is not None and options.size is None:
        return card.stamp
    side = stampsource.training_side(stamps, options)
    if card.stamp not in (None, side):
        what = f"{card.name} takes stamps of {card.stamp} pixels; --size {options.size} makes {side}"
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
    user_survey: surveys.Survey | None = None,
) -> Photometry:
    """Return the photometry of the bands to train with, all of them present.

    Parameters
    ----------
    catalogue : Catalogue
    options : PhotometryOptions
    bands : sequence of str
        All of which must be there; left out, those of the survey that are there, of ``--band``, or of `survey.BANDS`.
    survey : str
        Its name; empty for unknown.
    dereddened : str
        ``yes``, ``no`` or ``unknown``: the state that the fluxes shall have.
    owner : str
        What asks for ``bands``, for messages.
    user_survey : Survey, optional
        A survey of the user's, from a file.

    Raises
    ------
    InputError
        When fewer than two bands are there, or one of ``bands`` is not.
    """
    if len(bands) == 1:
        what = f"{owner} names {bands[0]} alone, and a network of fluxes needs colours"
        raise InputError(what, expected="two bands or more", hint="Networks of images take one.")
    known = surveys.known(survey, user_survey)
    named = tuple(band for band in options.band if band != "*")
    wanted, asks = tuple(bands), owner
    if not wanted and known is not None:
        wanted, asks = known.bands, f"survey {survey}"
    elif not wanted:
        wanted, asks = (named, "--band") if len(named) >= FEWEST else (surveys.BANDS, "training")

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
