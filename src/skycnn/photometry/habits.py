"""Naming habits of catalogues: tables of the words in names of photometric columns.

A *style* is a name with ``*`` for the band: ``modelMag_*``, ``e_*mag``, ``FLUX_IVAR_*``. A photometric name is a band
and words of these tables, nothing else; its error has the same style with an error word.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

FAMILIES: dict[str, tuple[str, ...]] = {
    "model": ("model", "detmodel"),
    "cmodel": ("cmodel", "sof_cm", "bdf"),  # DES: composite models
    "auto": ("auto",),
    "kron": ("kron", "(?-i:K)(?=mag)"),  # VizieR: gKmag (PS1)
    "bare": (),
    "petro": ("petrosian", "petro", "(?-i:P)(?=mag)"),  # VizieR: uPmag
    "template": ("templfit",),  # Euclid
    "matched": ("unif", r"gaap\d+p\d+", "gaapoptimal", "gaap"),  # PSF-matched apertures: Euclid, KiDS
    "total": ("total", "tot"),
    "sersic": ("sersic",),
    "best": ("best",),
    "iso": ("isocor", "isophotal", "segment", "iso"),  # SExtractor, SourceXtractor++, photutils
    "other": (),  # known by its TUNIT or TUCD alone
    "psf": ("psf", "(?-i:p)(?=mag)"),  # VizieR: upmag (SDSS); of a galaxy it misses light
    "fiber": ("fiber2", "fiber", "fibre"),
    "aper": (r"\dfwhm_aper", r"aper(?:ture)?_?\d*", r"ap\d+", "(?-i:Ap)(?=Mag|Flux)"),  # PS1: gApMag
}
"""Photometric families and their words; automatic choice prefers the earlier."""

BY_NAME = ("fiber", "aper")
"""Families of a part of the galaxy's light: only on request."""

QUANTITIES = ("magnitudes?", "mags?", "flux")
DEREDDENED = ("dereddened", "dered", "corrected", "unreddened", "extcorr")
FILLERS = (
    # method of measurement, not the quantity
    *("mean", "obs", "ab", "meas", "forced", "coadd", "mer"),
    # survey or instrument
    *(
        "sdss",
        "lsst",
        "des",
        "decam",
        "decals",
        "hsc",
        "sc",
        "ps1",
        "panstarrs",
        "csst",
        "euclid",
        "cosmos",
        "cfhtls",
        "cfht",
    ),
    *("megacam", "megaprime", "kids", "omegacam", "vst", "subaru", "suprime", "uvista", "vista", "viking", "ukidss"),
    *("galex", "2mass", "twomass", "wise", "acs", "wfc3", "hst", "jwst", "nircam", "boss", "legacy", "cess"),
)
EXTERNAL = r"(?:_ext_[a-z0-9]+)?"
"""Euclid appends the camera to ground-based bands, flux_g_ext_decam_aper: here a part of the band."""

WHOLE_LIGHT = re.compile(r"flux_\*_aper", re.I)
"""Euclid scales aperture photometry on PSF-matched images to the total flux: no fixed aperture (MER, Q1)."""

CAMERAS = re.compile(r"^(?:cfht|hsc|sc|uvista|galex)_(?=\*)", re.I)
"""COSMOS2020 puts the camera first, CFHT_u_FLUX_AUTO: bands of several cameras make one set."""

UNITS: tuple[tuple[str, str, str, str], ...] = (
    # style, word in the error's name, unit, survey
    (r"(?:mer_)?flux_\*_(?:psf|aper|templfit|unif|sersic|\dfwhm_aper)", "", "uJy", "Euclid"),
    (r"\*_(?:free_)?(?:psf|cmodel|kron|sersic|gaap\w*|ap\d+)flux", "", "nJy", "LSST"),
    (r"\*_?(?:cmodel|psfflux|kronflux)_flux", "", "nJy", "HSC"),
    (r"(?:model|cmodel|psf|petro|fiber2?)flux(?:_\*|\[\d+\])?", "", "nanomaggy", "SDSS"),
    (r"flux_\*", "ivar", "nanomaggy", "Legacy Surveys"),
    (r"flux_\*", "fluxerr", "uJy", "skycnn"),
    (r"(?:cfht|hsc|sc|uvista|galex)_\*_flux(?:_auto|_iso)?", "", "uJy", "COSMOS2020"),
    (r"(?:flux_auto|(?:sof_cm|bdf|psf)_flux)_\*(?:_corrected)?", "", "zp30", "DES"),
    (r"\*(?:mean)?(?:psf|kron)flux", "", "Jy", "Pan-STARRS1"),
)
"""Flux units by habit, without TUNIT; zp30 is AB magnitude 30 for one unit."""

VECTORS = {5: "ugriz", 6: "ugrizY"}
"""Bands of vector columns by their length: SDSS (MODELFLUX), DECam in the first Legacy Surveys (DECAM_FLUX)."""

ERRORS = ("err", "_err", "error", "_error", "sigma", "_sigma", "_unc")
INVERSES = ("ivar", "_ivar", "_invvar")
PREFIXES = ("e_", "err_", "error_", "sigma_", "sig_", "unc_")
SUFFIXES = ("_err", "err", "_error", "error", "_sigma", "_unc", "_uncertainty", "_e")

FLAGS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"\*_?(?!mag|flux)[a-z]\w+", ("{style}_flag", "{stem}_flag", "{stem}flux_flag")),  # LSST, HSC: r_cModel_flag
    (r"(?:dered_)?(?:flux|mag)_\*", ("allmask_*",)),  # Legacy Surveys
    (r"(?:mag|flux)_\w*\*\w*", ("imaflags_iso_*",)),  # DES, KiDS
)
"""Per-band flags by style, non-zero where the band must not be used; ``stem`` is the style without its quantity."""

TRANSMISSIONS = ("mw_transmission_*",)
EXTINCTIONS = ("extinction_*", "a_*", "gal_extinction_*")
REDDENINGS = ("ebv", "e_bv", "e(b-v)", "e_b_v", "ebv_sfd", "ebv_sfd98", "ebvsfd98", "sfd_ebv", "sfd98_ebv", "gal_ebv")
"""Known names of Galactic extinction: transmissions, A_band in mag, E(B-V) of the SFD map."""

UCD_BANDS = {"g": ("B", "V"), "nuv": ("UV.200-300nm",), "fuv": ("UV.100-200nm",)}
"""``em.*`` atoms (IVOA UCD1+) of a band beside its name; the first that is no other band."""

NEVER = r"abs|absmag|ext|extinction|a|lim|maglim|depth|sky|sb|mu|kcorr|rest|delta|colou?r|zp|snr?|ivar|flags?|mask"
ERROR_WORDS = r"e|err|error|magerr|fluxerr|sigma|unc|std|rms"
OTHER = re.compile(rf"(?:^|[_\W])(?:{NEVER}|{ERROR_WORDS})(?=$|[_\W])|(?:err|error|sigma)$", re.I)
"""Names excluded for columns known by TUNIT alone."""


@dataclass(frozen=True)
class Style:
    """How photometric columns of one kind are named.

    Parameters
    ----------
    text : str
        The name with ``*`` for the band.
    family : str
        A key of `FAMILIES`.
    quantity : str
        ``mag``, ``flux`` or empty.
    dereddened : bool
        Whether the name says corrected for Galactic extinction.
    """

    text: str
    family: str
    quantity: str
    dereddened: bool


_ALL = (*(w for words in FAMILIES.values() for w in words), *QUANTITIES, *DEREDDENED, *FILLERS)
WORD = "|".join(sorted(_ALL, key=len, reverse=True))
_FAMILY_WORDS = [(family, re.compile(w, re.IGNORECASE)) for family, words in FAMILIES.items() for w in words]
REST = rf"(?:{WORD}|[_ .\-:])*"


@lru_cache(maxsize=64)
def _pattern(band: str) -> re.Pattern[str]:
    return re.compile(rf"(?P<head>{REST})(?P<band>{re.escape(band)}{EXTERNAL})(?P<tail>{REST})", re.IGNORECASE)


def parse(name: str, band: str) -> tuple[Style, str] | None:
    """Return the style of a column's name and its spelling of the band; None if no photometry of ``band``."""
    match = _pattern(band).fullmatch(name)
    if match is None:
        return None
    text = f"{match['head']}*{match['tail']}"
    words = list(re.finditer(WORD, text, re.IGNORECASE))
    families = {family for word in words if (family := _family(word))}
    quantities = [q for word in words for q in ("mag", "flux") if word[0].lower().startswith(q)]
    dereddened = any(word[0].lower() in DEREDDENED for word in words)
    if WHOLE_LIGHT.fullmatch(text):
        families = {"matched"}
    if dereddened and not families and not quantities:
        families = {"model"}  # SDSS: dered_r is modelMag_r corrected
    if len(families) > 1:
        return None
    family = families.pop() if families else "bare"
    return Style(text, family, quantities[-1] if quantities else "", dereddened), match["band"]


def _family(word: re.Match[str]) -> str | None:
    for family, pattern in _FAMILY_WORDS:
        match = pattern.match(word.string, word.start())
        if match and match.end() == word.end():
            return family
    return None


def shared(style: str) -> str:
    """Return a style without the camera in front of the band: ``*_FLUX_AUTO`` of ``HSC_*_FLUX_AUTO``."""
    return CAMERAS.sub("", style)


def star(name: str, band: str) -> str | None:
    """Return the name with ``*`` for a band that is a separate word, else None."""
    style, count = re.subn(rf"(?:^|(?<=[_\W])){re.escape(band)}(?=$|[_\W])", "*", name, count=1, flags=re.IGNORECASE)
    return style if count else None


def errors(style: str) -> Iterator[str]:
    """Yield the possible names of the errors of ``style``, likeliest first; case is ignored.

    Examples
    --------
    >>> next(errors("modelMag_*"))
    'modelMagerr_*'
    """
    plain = re.sub(rf"_?(?:{'|'.join(DEREDDENED)})(?=_|$)_?", _between, style, flags=re.IGNORECASE)
    for base in dict.fromkeys((style, plain.strip("_"))):  # corrected values keep the observed errors
        last = list(re.finditer(r"magnitudes?|mags?|flux", base, re.IGNORECASE))
        if last:
            head, word, tail = base[: last[-1].start()], last[-1][0], base[last[-1].end() :]
            yield from (f"{head}{word}{error}{tail}" for error in ERRORS)
        yield from (f"{prefix}{base}" for prefix in PREFIXES)
        yield from (f"{base}{suffix}" for suffix in SUFFIXES)
        if last:
            yield from (f"{head}{error}{tail}" for error in ("err", "error", "sigma", "e"))
            yield from (f"{(head + tail).strip('_')}{error}" for error in ("_err", "_error"))
            yield from (f"{head}{word}{error}{tail}" for error in INVERSES)
        yield from (f"ivar_{base}", f"{base}_ivar", f"{base}_invvar")
        if base == "*":
            yield from ("magerr_*", "mag_err_*", "*_magerr", "modelmagerr_*")


def _between(match: re.Match[str]) -> str:
    return "_" if match[0].startswith("_") and match[0].endswith("_") else ""


def flags(style: str) -> tuple[str, ...]:
    """Return the possible names of the per-band flags of ``style``, lower case."""
    style = style.lower()
    stem = re.sub(r"_?(?:mag|flux)$", "", style)
    known = (names for pattern, names in FLAGS if re.fullmatch(pattern, style))
    return tuple(name.format(style=style, stem=stem) for names in known for name in names)


def unit(style: str, error: str) -> tuple[str, str]:
    """Return the unit of a style by habit, and the survey of that habit; empty texts when unknown.

    Parameters
    ----------
    style : str
        Of the values.
    error : str
        Name or style of their errors.
    """
    if "flux" not in style.lower():
        return "mag", ""
    for pattern, word, name, survey in UNITS:
        if re.fullmatch(pattern, style, re.IGNORECASE) and word in error.lower():
            return name, survey
    return "", ""
