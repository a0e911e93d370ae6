"""BandSet: columns of one photometric family and one naming style, and the choice of one."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from skycnn.errors import InputError
from skycnn.photometry import habits
from skycnn.photometry.fields import Field, Fields


@dataclass(frozen=True)
class BandSet:
    """Values and errors of some bands, measured and named alike.

    Parameters
    ----------
    style : str
        The names with ``*`` for the band: ``modelMag_*``.
    family : str
        A key of `habits.FAMILIES`.
    dereddened : bool
        Whether the names say corrected for Galactic extinction.
    values, errors : mapping of str to Field
        By band. A band without an error counts as absent.
    ambiguous : mapping of str to tuple of Field
        Bands with several columns of the style.
    """

    style: str
    family: str
    dereddened: bool
    values: Mapping[str, Field]
    errors: Mapping[str, Field]
    ambiguous: Mapping[str, tuple[Field, ...]] = field(default_factory=dict)

    def bands(self, given: Collection[str] = ()) -> list[str]:
        """Return the bands with a value and an error, in a column or ``given``."""
        return [band for band in self.values if band in self.errors or band in given]

    @property
    def plausible(self) -> bool:
        """Whether the columns are likely photometry: a lone Z or R may be a redshift or a radius."""
        return "*" in self.style and (self.style != "*" or len(self.values) > 2)

    def named(self, band: str) -> str:
        """Return the expected name of a band's column."""
        upper = all(f.name.isupper() for f in self.values.values()) and bool(self.values)
        return self.style.replace("*", band.upper() if upper else band)

    def example(self) -> str:
        """Return the columns, for messages."""
        return " ".join(f.name for f in self.values.values())


def choose(
    sets: Iterable[BandSet],
    wanted: str | None,
    trained: str | None,
    corrected: bool | None,
    fields: Fields,
    given: Collection[str] = (),
) -> BandSet | None:
    """Return the set to read, None when there is none.

    Parameters
    ----------
    sets : iterable of BandSet
        Of `bandsearch.find`.
    wanted : str or None
        Family of ``--photometry``.
    trained : str or None
        Family that the model was trained on.
    corrected : bool or None
        Whether values corrected for Galactic extinction are preferred; None for either.
    fields : Fields
        For messages.
    given : collection of str
        Bands with errors named by the user.

    Notes
    -----
    The family wanted, else the model's, else that with most bands; ties by the order of `habits.FAMILIES`. A lone band
    is no set: a redshift Z is not taken for the z band.

    Raises
    ------
    InputError
        When the family is absent or ambiguous.
    """
    families: dict[str, list[BandSet]] = {}
    for s in sets:
        if len(s.bands(given)) > 1:
            families.setdefault(s.family, []).append(s)
    if wanted is not None and wanted not in families:
        there = f"Type --photometry {next(iter(families))}. " if families else ""
        raise InputError(
            f"{fields.label} has no photometry of this kind",
            value=wanted,
            expected=" or ".join(families) or None,
            hint=f"{there}The columns' names with * for the band do it too. It has: {fields.listing()}",
        )
    order = list(habits.FAMILIES)
    free = [f for f in sorted(families, key=order.index) if f not in habits.BY_NAME]
    best = max(free, key=lambda f: max(len(s.bands(given)) for s in families[f]), default=None)
    family = wanted or (trained if trained in families else best)
    if family is None:
        return None
    candidates = families[family]
    if corrected is not None:
        candidates = [s for s in candidates if s.dereddened == corrected] or candidates
    if len(candidates) > 1:
        raise _ambiguous(candidates, family, fields)
    return candidates[0]


def _ambiguous(sets: Sequence[BandSet], family: str, fields: Fields) -> InputError:
    hint = "Choose with " + " or ".join(f"--photometry '{s.style}'" for s in sets) + "."
    if len({s.dereddened for s in sets}) > 1:
        hint += (
            " One is corrected for Galactic extinction: --extinction corrected takes it, --extinction none the other."
        )
    columns = " and ".join(s.example() for s in sets)
    return InputError(f"{fields.label} has {family} photometry twice: {columns}", hint=hint)
