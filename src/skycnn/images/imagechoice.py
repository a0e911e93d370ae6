"""Which images of a file are meant, by what was asked for and by what the file holds."""

from collections.abc import Iterator, Mapping

from skycnn.errors import InputError
from skycnn.fits.cards import Value, integer
from skycnn.fits.tablebytes import Hdu
from skycnn.images.chips import are_chips

_USUAL = ("SCI", "IMAGE")
"""What observatories call the science image among its masks and errors (HST and JWST; Rubin, Subaru).

Euclid puts the detector before it: ``3-4.SCI``, ``3-4.RMS``, ``3-4.FLG``.
"""

LISTED = 12
"""Header-data units that a message lists; a camera has 60 and more."""

Image = tuple[Hdu, tuple[int, int]]


def choose(units: Iterator[Hdu], extension: str | None, path: str) -> tuple[list[Image], tuple[bytes, ...]]:
    """Return the images that are meant, each with its shape (ny, nx), and the cards of the primary header.

    Without an extension these are: the primary where it has two axes; else the only image with two axes; else all
    that are called SCI (two chips of a camera); else all that are called IMAGE; else all, where they are the chips of
    a camera by their places on the sky. No more units are asked for than that takes: the primary settles it for an
    archive, too, without reading on.

    Parameters
    ----------
    units : iterator of Hdu
        The file's header-data units, in order.
    extension : str or None
        A number, EXTNAME, ``EXTNAME,EXTVER``, or ``*`` for all images with two axes.
    path : str
        Names the file in messages.

    Raises
    ------
    InputError
        When there is none, or none is better than another; the images are listed.
    """
    meant: list[Image] = []
    seen: list[str] = []
    deep = ""  # an image of more than two axes
    primary: tuple[bytes, ...] = ()
    try:
        for unit in units:
            primary = unit.cards if unit.number == 0 else primary
            sizes = _sizes(unit, f"{path}[{unit.number}]")
            shape = (sizes[1], sizes[0]) if len(sizes) == 2 and min(sizes) > 0 else None
            size = " x ".join(map(str, sizes))
            seen.append(f"[{unit.number}] {unit.name or unit.kind}" + (f" {size}" if size else ""))
            if len(sizes) == 3 and min(sizes) > 0 and _named(extension, unit):
                deep = deep or f"{path}[{unit.number}]"
            if shape is not None and _named(extension, unit):
                meant.append((unit, shape))
            if extension == str(unit.number) or (extension is None and meant and unit.number == 0):
                break
    except InputError:
        if not meant:
            raise  # else it stands after an image, and does not matter
    if extension is None and len(meant) > 1:
        meant = _usual(meant, seen, path)
    if not meant:
        called = "" if extension in (None, "*") else f" [{extension}]"
        plane = f" For one plane of three axes: imcopy '{deep}[*,*,1:1]' plane.fits" if deep else ""
        raise InputError(f"{path} has no image{called} with two axes", hint=f"It holds: {_listed(seen)}.{plane}")
    return meant, primary


def _usual(images: list[Image], seen: list[str], path: str) -> list[Image]:
    for name in _USUAL:
        called = [image for image in images if image[0].name.upper().split(".")[-1] == name]
        if called:
            return called
    if are_chips(images):
        return images
    first = images[0][0]
    raise InputError(
        f"{path} holds {len(images)} images: {_listed(seen)}",
        hint=f"Name one: {path}[{first.name or first.number}]. All, as for a camera's chips: {path}[*].",
    )


def _named(extension: str | None, unit: Hdu) -> bool:
    if extension is None or extension == "*" or extension == str(unit.number):
        return True
    name, _, version = extension.upper().partition(",")
    there = unit.name.upper() or ("PRIMARY" if unit.number == 0 else "")
    if extension.strip().upper() == there:  # the name itself may have a comma
        return True
    return name.strip() == there and version.strip() in ("", str(unit.header.get("EXTVER", 1)))


def image_axes(header: Mapping[str, Value], prefix: str, label: str) -> list[tuple[int, int]]:
    """Return (number, length) of an image's axes, x first; axes of length 1 beyond two are left out, last ones first.

    Parameters
    ----------
    header : mapping
        Keyword to value.
    prefix : str
        ``Z`` for a tile-compressed image, else empty.
    label : str
        Names the image in messages.

    Raises
    ------
    InputError
        When an axis is unreadable.
    """
    count = integer(header, f"{prefix}NAXIS", label)
    axes = [(i, integer(header, f"{prefix}NAXIS{i}", label)) for i in range(1, count + 1)]
    for axis in axes[::-1]:
        if len(axes) > 2 and axis[1] == 1:
            axes.remove(axis)
    return axes


def _sizes(unit: Hdu, label: str) -> list[int]:
    """Return the lengths of an image's axes, x first; none of what is no image."""
    prefix = {"image": "", "compressed image": "Z"}.get(unit.kind)
    if prefix is None or unit.header.get("GROUPS") is True:
        return []
    return [size for _, size in image_axes(unit.header, prefix, label)]


def _listed(seen: list[str]) -> str:
    if len(seen) <= LISTED:
        return ", ".join(seen)
    return f"{', '.join(seen[: LISTED - 1])}, ... {seen[-1]}"
