"""PositionHabits: how catalogues name position columns, by UCD and by name."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from skycnn.fits.columnnames import plain
from skycnn.fits.tablecolumn import TableColumn

EQUATORIAL = (
    "RA/DEC RA_ICRS/DE_ICRS RA_ICRS/DEC_ICRS RAICRS/DEICRS RAJ2000/DEJ2000 RAJ2000/DECJ2000 RA_J2000/DEC_J2000 "
    "ALPHA_J2000/DELTA_J2000 ALPHAWIN_J2000/DELTAWIN_J2000 ALPHAPEAK_J2000/DELTAPEAK_J2000 ALPHA_SKY/DELTA_SKY "
    "ALPHAWIN_SKY/DELTAWIN_SKY ALPHAPEAK_SKY/DELTAPEAK_SKY _RA/_DE _RA/_DEC _RAJ2000/_DEJ2000 _RA_ICRS/_DE_ICRS "
    "_RA.ICRS/_DE.ICRS RA_DEG/DEC_DEG RA_DEG/DE_DEG RADEG/DECDEG RADEG/DEDEG RA_DEGREES/DEC_DEGREES RA/DE RA/DECL "
    "RA2000/DEC2000 RA2000/DE2000 COORD_RA/COORD_DEC RAMEAN/DECMEAN RA_MEAN/DEC_MEAN RASTACK/DECSTACK "
    "RIGHT_ASCENSION/DECLINATION RIGHTASCENSION/DECLINATION TARGET_RA/TARGET_DEC TARG_RA/TARG_DEC OBJRA/OBJDEC "
    "PLUG_RA/PLUG_DEC FIBER_RA/FIBER_DEC ALPHA/DELTA X_WORLD/Y_WORLD XWIN_WORLD/YWIN_WORLD RAH/DECDEG RA_H/DEC_D "
    "RA_HOURS/DEC_DEG RA_HOURS/DEC AL2000/DE2000 RACEN/DECCEN RA_RAD/DEC_RAD RA_HMS/DEC_DMS RA_S/DEC_S RA_STR/DEC_STR"
)
"""Pairs of names, most common first; upper case."""

BESSELIAN = "RAB1950/DEB1950 _RAB1950/_DEB1950 RA_B1950/DEC_B1950 RA1950/DEC1950 RA1950/DE1950 ALPHA_B1950/DELTA_B1950"
GALACTIC = "GLON/GLAT _GLON/_GLAT GAL_LON/GAL_LAT GALLON/GALLAT GALACTIC_L/GALACTIC_B GAL_L/GAL_B L/B"
OTHERS = "ELON/ELAT ECL_LON/ECL_LAT ECLLON/ECLLAT ECLIPTIC_LON/ECLIPTIC_LAT SGL/SGB SUPERGALACTIC_L/SUPERGALACTIC_B"
"""Systems that are not converted; the error names them."""

STYLES: tuple[tuple[str, str, str], ...] = tuple(
    (*pair.split("/"), frame)  # type: ignore[misc]
    for frame, pairs in (("equatorial", EQUATORIAL), ("B1950", BESSELIAN), ("Galactic", GALACTIC), ("other", OTHERS))
    for pair in pairs.split()
)

KNOWN = frozenset(name for style in STYLES for name in style[:2])

AFFIXED = re.compile(r"(?P<before>\w+_)?(?P<stem>RA|RAJ2000|RA_ICRS|ALPHA)(?P<after>_\w+)?")
"""A common name with a prefix or suffix of joins, surveys and programs: RA_1, GAIA_RA, RA_SDSS, sky_centroid.ra
(astropy, photutils), world_centroid_alpha (SourceXtractor++)."""

STEMS = {
    "RA": ("DEC", "DE", "DECL"),
    "RAJ2000": ("DEJ2000", "DECJ2000"),
    "RA_ICRS": ("DE_ICRS", "DEC_ICRS"),
    "ALPHA": ("DELTA",),
}
"""Longitude to the latitudes that go with it."""

STRANGE = re.compile(r"(^|_)(E|ERR|ERROR|SIG|SIGMA|UNC|STD|STDEV|VAR|IVAR|RMS|COV|CORR|OFF|OFFSET|DIFF|PM|N|FLAG)(_|$)")
"""Words that make such a name something else."""

UCDS = {"pos.eq.ra": "equatorial", "pos.galactic.lon": "Galactic", "pos.ecliptic.lon": "other"}
LATITUDES = {"pos.eq.ra": "pos.eq.dec", "pos.galactic.lon": "pos.galactic.lat", "pos.ecliptic.lon": "pos.ecliptic.lat"}
UCD1 = {
    "pos_eq_ra_main": "pos.eq.ra;meta.main",
    "pos_eq_dec_main": "pos.eq.dec;meta.main",
    "pos_eq_ra": "pos.eq.ra",
    "pos_eq_dec": "pos.eq.dec",
    "pos_gal_lon": "pos.galactic.lon",
    "pos_gal_lat": "pos.galactic.lat",
}
"""UCD1 to UCD1+ (IVOA, An IVOA Standard for Unified Content Descriptors 1.1)."""


@dataclass(frozen=True)
class Pair:
    """Two columns of a position.

    Parameters
    ----------
    lon, lat : TableColumn
        The two coordinates.
    frame : str
        ``equatorial``, ``B1950``, ``Galactic`` or ``other``.
    rank : tuple of int
        Smaller is more certain.
    """

    lon: TableColumn
    lat: TableColumn
    frame: str
    rank: tuple[int, ...]

    @property
    def names(self) -> str:
        """Both names."""
        return f"{self.lon.name} and {self.lat.name}"


def pairs(columns: Sequence[TableColumn]) -> list[Pair]:
    """Return the candidate pairs, best first: by UCD, then by name; numbers before text."""
    usable = [column for column in columns if column.name and (column.numeric or (column.code == "A" and column.width))]
    ranked = sorted(_by_ucd(usable) + _by_name(usable), key=lambda pair: pair.rank)
    best: dict[tuple[str, str], Pair] = {}
    for pair in ranked:
        best.setdefault((pair.lon.name, pair.lat.name), pair)
    return list(best.values())


def _by_ucd(columns: Sequence[TableColumn]) -> list[Pair]:
    candidates: list[Pair] = []
    for ucd, frame in UCDS.items():
        for main in (True, False):
            lons = [column for column in columns if _ucd(column) == (ucd, main)]
            lats = [column for column in columns if _ucd(column) == (LATITUDES[ucd], main)]
            if len(lons) != len(lats):  # e.g. one of them as text too
                lons = [column for column in lons if column.numeric]
                lats = [column for column in lats if column.numeric]
            if len(lons) == len(lats):
                first = _order(frame)
                candidates += [
                    Pair(a, b, _besselian(a, frame), (first, 0, 1 - main, _text(a, b), _place(a, b)))
                    for a, b in zip(lons, lats, strict=True)
                ]
    return candidates


def _by_name(columns: Sequence[TableColumn]) -> list[Pair]:
    named: dict[str, list[TableColumn]] = {}
    for column in columns:
        named.setdefault(_key(column.name), []).append(column)
    candidates: list[Pair] = []
    for lon, lat, frame in STYLES:
        for a, b in zip(named.get(lon, []), named.get(lat, []), strict=False):
            if len(lon) > 1 or all((column.unit or "").lower().startswith("deg") for column in (a, b)):
                candidates.append(Pair(a, b, frame, (_order(frame), 1, _text(a, b), _place(a, b))))
    common = {lon for lon, _, _ in STYLES}
    for name, lons in named.items():
        match = AFFIXED.fullmatch(name) if name not in common else None
        if match is None or not (match["before"] or match["after"]) or STRANGE.search(name):
            continue
        before, after = match["before"] or "", match["after"] or ""
        lats = (named[word] for stem in STEMS[match["stem"]] if (word := before + stem + after) in named)
        for a, b in zip(lons, next(lats, []), strict=False):
            rank = _order("equatorial"), 2, _text(a, b), len(STYLES)
            candidates.append(Pair(a, b, _besselian(a, "equatorial"), rank))
    return candidates


def _key(name: str) -> str:
    """Return a name as in `STYLES`: upper case, ``RA (deg)``, ``Dec.`` and ``sky.ra`` as words joined by ``_``."""
    name = plain(name).strip().upper()
    if name in KNOWN:
        return name
    return re.sub(r"[\s().\[\]-]+", "_", name.replace("R.A.", "RA")).rstrip("_")


def _ucd(column: TableColumn) -> tuple[str, bool] | None:
    """Return the first word of a column's UCD and whether it is meta.main; None for errors and the like."""
    text = (column.ucd or "").strip().lower()
    first, *rest = [word.strip() for word in UCD1.get(text, text).split(";")]
    if (
        any(word.startswith(("stat.", "arith.", "pos.pm", "instr", "meta.id")) for word in rest)
        and "stat.mean" not in rest
    ):
        return None
    return first, "meta.main" in rest


def _order(frame: str) -> int:
    return ("equatorial", "B1950", "Galactic", "other").index(frame)


def _besselian(column: TableColumn, frame: str) -> str:
    return "B1950" if frame == "equatorial" and re.search(r"B?1950", column.name.upper()) else frame


def _text(a: TableColumn, b: TableColumn) -> int:
    return int(a.code == "A" or b.code == "A")


def _place(a: TableColumn, b: TableColumn) -> int:
    names = _key(a.name), _key(b.name)
    return next((number for number, style in enumerate(STYLES) if style[:2] == names), len(STYLES))
