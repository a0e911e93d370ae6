"""Origin: which model answered a catalogue, and from which bands; the baselines are given the same."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from skycnn import survey, tasks
from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.provenance import Record
from skycnn.inputs import answering, imagekind
from skycnn.inputs.available import Available, InputOptions, Sample
from skycnn.network import choice
from skycnn.network.model import Card, locate, read_card
from skycnn.photometry import extinction, fluxes
from skycnn.photometry.fluxes import Photometry, PhotometryOptions
from skycnn.typed import misfit


@dataclass(frozen=True)
class Origin:
    """Where the answers in a catalogue come from.

    Parameters
    ----------
    record : Record or None
        What ``predict`` wrote of itself into the catalogue.
    card : Card or None
        Of the model, where it is at hand.
    bands : tuple of str
        Those of the model; empty where unknown.
    options : PhotometryOptions
        The user's, else those of the record.
    user_survey : Survey or None
        A survey of the user's, from a file.
    """

    record: Record | None
    card: Card | None
    bands: tuple[str, ...]
    options: PhotometryOptions
    user_survey: survey.Survey | None = None

    @property
    def learned(self) -> int | None:
        """Rows that the model which answered was trained on, by its card; None where it is not at hand."""
        if self.card is None or self.record is None or self.card.sha256 != self.record.model_sha256:
            return None
        rows = self.card.sample.get("rows")
        count = rows.get("train") if isinstance(rows, Mapping) else None
        return count if isinstance(count, int) else None

    def column(self, kind: str) -> str | None:
        """Return the column that the run which answered took a kind of input from, where it took one from a column."""
        given = self.record.options.get("input") if self.record is not None else None
        name = given.get(kind) if isinstance(given, Mapping) else None
        return name if isinstance(name, str) else None

    def photometry(self, catalogue: Catalogue) -> Photometry:
        """Return a catalogue's photometry in the model's bands.

        Raises
        ------
        InputError
            When the bands are not known, or the catalogue has fewer than two of them.
        """
        if not self.bands:
            raise InputError("which bands to use is not known", hint="Name them with --band BAND=COLUMN, or --model.")
        card = self.card
        corrected = "yes" if extinction.names_column(self.options.extinction) else "unknown"  # of the baselines alone
        return fluxes.find(
            catalogue.columns,
            catalogue.header,
            self.bands,
            self.options,
            catalogue.label,
            card_photometry=card.photometry if card else None,
            dereddened=card.dereddened if card else corrected,
            survey=survey.known(card.survey, self.user_survey) if card else self.user_survey,
            owner=card.name if card else "the baselines",
            sample=Sample(catalogue),
        )


def recorded(catalogue: Catalogue, task: str, value: str) -> Record | None:
    """Return what the newest run that wrote a column of answers tells of itself in the catalogue; None for nothing."""
    mine = [r for r in catalogue.records() if r.task == task and value.lower() in map(str.lower, r.columns)]
    return mine[-1] if mine else None


def at_hand(model: str, sha256: str) -> Card | None:
    """Return the card of a model, by its name; None where the one of this name has another hash.

    Raises
    ------
    InputError
        When there is none of this name, or its file cannot be read.
    """
    card = read_card(locate(model))
    return card if card.sha256 == sha256 else None


def find(
    catalogue: Catalogue,
    task: str,
    value: str,
    given: PhotometryOptions,
    name: str | None = None,
    survey_name: str | None = None,
    say: Callable[[str], None] = lambda _: None,
    images: bool = False,
) -> Origin:
    """Find out which model answered, from which columns; without a record of it, which one would.

    Parameters
    ----------
    catalogue : Catalogue
    task, value : str
        The task and the column of its answers.
    given : PhotometryOptions
        Of the command line; if nothing was given, those of the run that answered are taken.
    name, survey_name : str, optional
        ``--model`` and ``--survey``: a survey's name or the file of one of the user's.
    say : callable
        Receives a note when the bands are not known.
    images : bool
        Whether a model that takes stamps may be the one that would answer.

    Raises
    ------
    InputError
        When the model named is not there.
    """
    user_survey = survey.own(survey_name)
    record = recorded(catalogue, task, value)
    card = read_card(locate(name)) if name is not None else None
    if record is not None and card is None:
        try:
            card = at_hand(record.model, record.model_sha256)
        except InputError as error:
            say(f"the model that answered is not at hand: {error.what}")
    if record is not None and given == PhotometryOptions():
        given = _restored(record)
        if card is None and extinction.names_column(given.extinction):  # to what state, the model alone knew
            given = replace(given, extinction=None)
    bands = card.bands if card else _bands(record) if record else tuple(b for b in given.band if b != "*")
    if card is None and len(bands) < fluxes.FEWEST:
        bands = ()
        try:
            inputs = InputOptions(photometry=given)
            available = Available(
                catalogue,
                inputs,
                imagekind.opened(catalogue, inputs) if images else None,
                user_survey.name if user_survey else survey_name,
                user_survey,
            )
            card = answering.find(tasks.load(task), choice.candidates(task), available).card
            bands = card.bands
        except InputError as error:
            say(f"which bands the baselines may use is not known: {error.what}")
    return Origin(record, card, bands, given, user_survey)


def _restored(record: Record) -> PhotometryOptions:
    """Return the options about photometry that a run was given; the rows it dropped are scored all the same."""
    plain = PhotometryOptions()
    held = {entry.name: record.options.get(entry.name) for entry in fields(plain) if entry.name != "bad"}
    kinds = {name: dict if isinstance(getattr(plain, name), dict) else str for name in held}
    sound: dict[str, Any] = {
        name: value
        for name, value in held.items()
        if isinstance(value, kinds[name]) and not misfit(value, str | dict[str, str], name)
    }
    return replace(plain, **sound)


def _bands(record: Record) -> tuple[str, ...]:
    listed = record.options.get("bands", [])
    entries = [entry.get("band") for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    return tuple(band for band in entries if isinstance(band, str))
