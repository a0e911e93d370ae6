"""ImageChoice: which images of a file to read."""

from collections.abc import Iterator, Mapping, Sequence

from skycnn.errors import InputError
from skycnn.fits.cards import Value, integer
from skycnn.fits.tablebytes import Hdu
from skycnn.images.chips import are_chips

_USUAL = ("SCI", "IMAGE")
"""EXTNAME of science images beside masks and errors (HST and JWST; Rubin, Subaru); Euclid's is ``3-4.SCI``."""

LISTED = 12
"""HDUs that a message lists; a camera has 60 and more."""

Image = tuple[Hdu, tuple[int, int]]


class SeveralError(InputError):
    """A file holds several images and none is named.

    Parameters
    ----------
    what, hint : str
        See `InputError`.
    names : sequence of str
        EXTNAME of each, its number where it has none.
    """

    def __init__(self, what: str, names: Sequence[str], hint: str) -> None:
        super().__init__(what, hint=hint)
        self.names = tuple(names)


def choose(units: Iterator[Hdu], extension: str | None, path: str) -> tuple[list[Image], tuple[bytes, ...]]:
    """Return the chosen images, each with its shape (ny, nx), and the cards of the primary header.

    Without an extension: the primary if it has two axes; else the only image with two axes; else all called SCI (two
    chips of a camera); else all called IMAGE; else all, if they are a camera's chips by their WCS. Reading ends with
    the primary where that is the choice.

    Parameters
    ----------
    units : iterator of Hdu
        The file's, in order.
    extension : str or None
        A number, EXTNAME, ``EXTNAME,EXTVER``, or ``*`` for all images with two axes.
    path : str
        Names the file in messages.

    Raises
    ------
    InputError
        When there is none, or the choice is ambiguous; the images are listed.
    """
    chosen: list[Image] = []
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
                chosen.append((unit, shape))
            if extension == str(unit.number) or (extension is None and chosen and unit.number == 0):
                break
    except InputError:
        if not chosen:
            raise  # damage after an image does not matter
    if extension is None and len(chosen) > 1:
        chosen = _usual(chosen, seen, path)
    if not chosen:
        called = "" if extension in (None, "*") else f" [{extension}]"
        plane = f" For one plane of three axes: imcopy '{deep}[*,*,1:1]' plane.fits" if deep else ""
        raise InputError(f"{path} has no image{called} with two axes", hint=f"It holds: {_listed(seen)}.{plane}")
    return chosen, primary


def _usual(images: list[Image], seen: list[str], path: str) -> list[Image]:
    for name in _USUAL:
        called = [image for image in images if image[0].name.upper().split(".")[-1] == name]
        if called:
            return called
    if are_chips(images):
        return images
    names = [unit.name or str(unit.number) for unit, _ in images]
    raise SeveralError(
        f"{path} holds {len(images)} images: {_listed(seen)}",
        names,
        f"Name one: {path}[{names[0]}]. All, as for a camera's chips: {path}[*].",
    )


def _named(extension: str | None, unit: Hdu) -> bool:
    if extension is None or extension == "*" or extension == str(unit.number):
        return True
    name, _, version = extension.upper().partition(",")
    extname = unit.name.upper() or ("PRIMARY" if unit.number == 0 else "")
    if extension.strip().upper() == extname:  # the name itself may have a comma
        return True
    return name.strip() == extname and version.strip() in ("", str(unit.header.get("EXTVER", 1)))


def image_axes(header: Mapping[str, Value], prefix: str, label: str) -> list[tuple[int, int]]:
    """Return (number, length) of an image's axes, x first, without axes of length 1 beyond two.

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
    """Return the lengths of an image's axes, x first; empty for other HDUs."""
    prefix = {"image": "", "compressed image": "Z"}.get(unit.kind)
    if prefix is None or unit.header.get("GROUPS") is True:
        return []
    return [size for _, size in image_axes(unit.header, prefix, label)]


def _listed(seen: list[str]) -> str:
    if len(seen) <= LISTED:
        return ", ".join(seen)
    return f"{', '.join(seen[: LISTED - 1])}, ... {seen[-1]}"
