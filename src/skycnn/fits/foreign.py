"""Foreign: what other programs left - formats that are no FITS, by their first bytes, and TOPCAT's VOTable in FITS."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import quote

from skycnn.errors import InputError

FOREIGN: tuple[tuple[bytes, str, str], ...] = (
    (b"PAR1", "Parquet", "stilts tcopy ifmt=parquet in={path} out={stem}.fits"),
    (b"\x89HDF", "HDF5", "python -c {astropy}"),
    (b"<?xml", "VOTable or other XML", "stilts tcopy ifmt=votable in={path} out={stem}.fits"),
    (b"<VOTABLE", "VOTable", "stilts tcopy ifmt=votable in={path} out={stem}.fits"),
    (b"# %ECSV", "ECSV", "python -c {astropy}"),  # not every STILTS has a reader of it
    (b"\xfd7zXZ", "xz", "xz -d {path}"),
    (b"\x28\xb5\x2f\xfd", "zstd", "zstd -d {path}"),
    (b"PK\x03\x04", "zip", "unzip {path}"),
    (b"\x1f\x9d", "a .Z archive", "uncompress {path}"),
)
"""Magic bytes, the format, and the command that converts or unpacks it."""

STAND_INS: tuple[tuple[bytes, str, str], ...] = (
    (b"<!doctype html", "an HTML page", "The server sent a page in its place: look at it, and fetch the file again."),
    (b"<html", "an HTML page", "The server sent a page in its place: look at it, and fetch the file again."),
    (b"version https://git-lfs", "a Git LFS pointer", "Fetch the file that it stands for: git lfs pull"),
)
"""First bytes, in lower case, of what servers send in place of a file; what it is, and the hint."""


def check_fits(head: bytes, label: str) -> None:
    """See that a file begins as FITS does.

    Raises
    ------
    InputError
        Names its format, and the command that converts it.
    """
    if head.startswith(b"SIMPLE  ="):
        return
    if not head:
        raise InputError(f"{label} is empty", expected="a FITS catalogue")
    for magic, kind, hint in STAND_INS:
        if head.lstrip().lower().startswith(magic):
            raise InputError(f"{label} is {kind}, not FITS", hint=hint)
    name = Path(label).stem + ("-table" if Path(label).suffix == ".fits" else "")  # not the file's own name
    stem = quote(name)
    for magic, kind, command in FOREIGN:
        if head.lstrip().startswith(magic):
            form = ", format='ascii.ecsv'" if kind == "ECSV" else ""
            code = f"from astropy.table import Table; Table.read({label!r}{form}).write({name + '.fits'!r})"
            command = command.format(path=quote(label), stem=stem, astropy=quote(code))
            raise InputError(f"{label} is {kind}, not FITS", hint=f"Convert it first: {command}")
    line = head.splitlines()[0] if head.splitlines() else b""
    if b"\0" not in head and line.count(b",") >= 1:
        command = f"stilts tcopy ifmt=csv in={quote(label)} out={stem}.fits"
        raise InputError(f"{label} is CSV, not FITS", hint=f"Convert it first: {command}")
    if b"\0" not in head and not any(octet > 126 for octet in head[:80]):
        command = f"stilts tcopy ifmt=ascii in={quote(label)} out={stem}.fits"
        raise InputError(f"{label} is text, not FITS", hint=f"Convert it first: {command}")
    raise InputError(f"{label} is no FITS file", value=head[:8], expected="it to begin with SIMPLE  =")


def votable_note(
    primary: Mapping[str, object], names: Sequence[str], source: str, target: str | None = None
) -> str | None:
    """Return what is to be said of TOPCAT's VOTable before a table with new columns (FITS-plus); None without one.

    TOPCAT reads a table's descriptions and parameters from that VOTable, and sets it aside where it tells of other
    columns (SUN/252, section 3.8.1). It is copied as it is.

    Parameters
    ----------
    primary : mapping
        Keyword to value of the primary header.
    names : sequence of str
        The new columns.
    source, target : str
        The files read and written; None for the same one.
    """
    if primary.get("VOTMETA") is not True:
        return None
    told = f"{source} begins with a VOTable (VOTMETA), which does not tell of the new columns: TOPCAT leaves it and "
    out = quote(f"{Path(target or source).name.split('.')[0]}-plus.fits")
    if target is None:
        return told + f"its descriptions aside. A new one: stilts tcopy in={quote(source)} ofmt=fits-plus out={out}"
    keep = quote(f'keepcols "{" ".join(names)}"')
    join = f"stilts tjoin nin=2 in1={quote(source)} in2={quote(target)} icmd2={keep} ofmt=fits-plus out={out}"
    return told + f"its descriptions aside. This keeps them: {join}"
