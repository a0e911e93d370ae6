"""BandSet: columns of one photometric family and one naming style; how one is chosen."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from skycnn.errors import InputError
from skycnn.photometry import habits
from skycnn.photometry.fields import Field, Fields


@dataclass(frozen=True)
class BandSet:
    """Values and errors of some bands, measured and named in one way.

    Parameters
    ----------
    style : str
        The names with ``*`` for the band: ``modelMag_*``.
    family : str
        A key of `habits.FAMILIES`.
    dereddened : bool
        Whether the names say that Galactic extinction was corrected.
    values, errors : mapping of str to Field
        By band. A value without an error stands in ``values`` alone: the band is absent.
    twice : mapping of str to tuple of Field
        Bands for which the style fits two columns.
    """

    style: str
    family: str
    dereddened: bool
    values: Mapping[str, Field]
    errors: Mapping[str, Field]
    twice: Mapping[str, tuple[Field, ...]] = field(default_factory=dict)

    def bands(self, given: Collection[str] = ()) -> list[str]:
        """Return the bands that have a value and an error, or an error ``given`` otherwise."""
        return [band for band in self.values if band in self.errors or band in given]

    @property
    def plausible(self) -> bool:
        """Whether the columns are likely meant as photometry: a lone Z or R may be a redshift or a radius."""
        return "*" in self.style and (self.style != "*" or len(self.values) > 2)

    def named(self, band: str) -> str:
        """Return the name that a band's column would have."""
        upper = all(f.name.isupper() for f in self.values.values()) and bool(self.values)
        return self.style.replace("*", band.upper() if upper else band)

    def example(self) -> str:
        """Return the columns, for messages."""
        return " ".join(f.name for f in self.values.values())


def choose(
    sets: Iterable[BandSet],
    wanted: str | None,
    own: str | None,
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
    own : str or None
        The family that the model was trained on.
    corrected : bool or None
        Whether values corrected for Galactic extinction are preferred, None if either will do.
    fields : Fields
        For messages.
    given : collection of str
        Bands whose errors the user names.

    Notes
    -----
    The family asked for, else the model's own, else the one with most bands; ties by the order of `habits.FAMILIES`.
    A lone band is no set: so a redshift called Z is not taken for the z band.

    Raises
    ------
    InputError
        When the family is absent, or found twice.
    """
    families: dict[str, list[BandSet]] = {}
    for s in sets:
        if len(s.bands(given)) > 1:
            families.setdefault(s.family, []).append(s)
    if wanted is not None and wanted not in families:
        raise InputError(
            f"{fields.label} has no photometry of this kind",
            value=wanted,
            expected=" or ".join(families) or None,
            hint=f"Give --photometry a family, or the columns' names with * for the band. It has: {fields.listing()}",
        )
    order = list(habits.FAMILIES)
    free = [f for f in sorted(families, key=order.index) if f not in habits.BY_NAME]
    best = max(free, key=lambda f: max(len(s.bands(given)) for s in families[f]), default=None)
    family = wanted or (own if own in families else best)
    if family is None:
        return None
    found = families[family]
    if corrected is not None:
        found = [s for s in found if s.dereddened == corrected] or found
    if len(found) > 1:
        raise _twice(found, family, fields)
    return found[0]


def _twice(found: Sequence[BandSet], family: str, fields: Fields) -> InputError:
    hint = "Choose with " + " or ".join(f"--photometry '{s.style}'" for s in found) + "."
    if len({s.dereddened for s in found}) > 1:
        hint += (
            " One is corrected for Galactic extinction: --extinction corrected takes it, --extinction none the other."
        )
    columns = " and ".join(s.example() for s in found)
    return InputError(f"{fields.label} has {family} photometry twice: {columns}", hint=hint)
