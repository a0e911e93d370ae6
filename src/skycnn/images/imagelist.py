"""ImageList: the files of ``--images 'g=tiles/*_g.fits'``: patterns, lists, and the image within a file."""

import glob
import os
import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from skycnn.errors import InputError
from skycnn.files.regular import read_text
from skycnn.images.imageheader import ImageSpec
from skycnn.survey import BANDS

_BAND = re.compile(r"[^\s=/:@#{}\[\]*?]+")
_URL = re.compile(r"https?://", re.IGNORECASE)
_FIELD = re.compile(r"\{[^{}]*\}")
_IMAGE = (re.compile(r"(.+)\[([^\[\]]+)\]"), re.compile(r"(.+)#([^#/]+)"))
_COMMENT = re.compile(r"(?:^|\s)#.*")
_IN_NAME = "{band}"
_PATTERN = "tiles/*.fits"

ENTRIES = "a file name a line"
"""What a list holds."""


def parse(values: Sequence[str], option: str = "--images") -> dict[str, tuple[str, ...]]:
    """Parse ``BAND=FILE``; the files of a repeated band add up.

    Parameters
    ----------
    values : sequence of str
        As typed; ``frame-{band}.fits`` stands for the files of all bands that there are.
    option : str
        Names the option in messages.

    Raises
    ------
    InputError
        When one is not ``BAND=FILE``, or no file has a band in its name where ``{band}`` stands.
    """
    files: dict[str, tuple[str, ...]] = {}
    for value in (pair for text in values for pair in _of_all_bands(text, option)):
        band, sign, source = (part.strip() for part in value.partition("="))
        if not (sign and source and _BAND.fullmatch(band)):
            what = f"{option} names no {'file' if sign and not source else 'band'}"
            expected = "BAND=FILE, where FILE may be a pattern, @list.txt or a URL"
            hint = f"Type for example {option} 'g={_PATTERN if sign else value.strip() or _PATTERN}'."
            raise InputError(what, value=value, expected=expected, hint=hint)
        files[band] = (*files.get(band, ()), source)
    return files


def _of_all_bands(text: str, option: str) -> list[str]:
    """Return ``BAND=FILE`` for each band that files have in the place of ``{band}``, blue to red; else the text."""
    if "=" in text or set(_FIELD.findall(text)) != {_IN_NAME} or is_url(text) or os.path.exists(text):
        return [text]
    first, *others = (
        re.escape(part).replace(r"\*", ".*").replace(r"\?", ".") for part in os.path.expanduser(text).split(_IN_NAME)
    )
    form = re.compile("(?P=band)".join([f"{first}(?P<band>[A-Za-z0-9]+){others[0]}", *others[1:]]))
    names = glob.iglob(os.path.expanduser(text).replace(_IN_NAME, "*"))
    bands = {match["band"] for name in names if (match := form.fullmatch(name))}
    if not bands:
        what = f"{option}: no file is named so, with a band in the place of {_IN_NAME}"
        raise InputError(what, value=text, hint=f"Name each band's: {option} 'r={text.replace(_IN_NAME, 'r')}'.")
    order = {band: place for place, band in enumerate(BANDS)}
    return [
        f"{band}={text.replace(_IN_NAME, band)}"
        for band in sorted(bands, key=lambda band: (order.get(band, len(order)), band))
    ]


def is_url(text: str) -> bool:
    """Whether an image is fetched from a server."""
    return _URL.match(text) is not None


def is_template(text: str) -> bool:
    """Whether the name differs from row to row: a URL, or ``{...}`` unless a file is so named."""
    return is_url(text) or (_FIELD.search(text) is not None and not os.path.exists(os.path.expanduser(text)))


def expand(band: str, sources: Sequence[str]) -> list[ImageSpec]:
    """Return the images of a band, sorted by name, each once.

    Parameters
    ----------
    band : str
        Names the band in messages.
    sources : sequence of str
        Files, patterns (``*``, ``?``, ``[...]``, ``**``), or ``@list.txt`` with one of these a line, relative to the
        list's folder. ``[EXT]`` or ``#EXT`` at the end names the image within the file, unless a file is so named.

    Raises
    ------
    InputError
        When a file does not exist, a pattern matches nothing, or a list cannot be read or is empty.
    """
    specs: dict[tuple[str, str, str], ImageSpec] = {}
    folders: dict[str, str] = {}
    for source in sources:
        for spec in _expanded(band, source):
            folder, name = os.path.split(spec.path)
            if folder not in folders:
                folders[folder] = os.path.realpath(folder)
            specs.setdefault((folders[folder], name, spec.extension or ""), spec)
    return sorted(specs.values(), key=lambda spec: (spec.path, spec.extension or ""))


def _expanded(band: str, source: str) -> Iterator[ImageSpec]:
    if not source.startswith("@"):
        yield from _files(band, source, "")
        return
    path = os.path.expanduser(source[1:])
    lines = _lines(band, path)
    folder = os.path.dirname(path) if os.path.isfile(path) else ""  # a pipe's names are those of its writer
    if not lines:
        raise InputError(f"{path}, the list of images of band {band}, is empty", expected=ENTRIES)
    for line in lines:
        if line.startswith("@") or is_template(line):
            what = f"{path}, the list of images of band {band}, may not hold"
            hint = "Give URLs, templates and lists as options of their own."
            raise InputError(what, value=line, expected="files or patterns", hint=hint)
        yield from _files(band, line, folder)


def _lines(band: str, path: str) -> list[str]:
    label = f"{path}, the list of images of band {band},"
    try:
        text = read_text("/dev/stdin" if path == "-" else path, ENTRIES, label=label, errors="surrogateescape")
    except OSError as error:
        hint = _similar(path)
        raise InputError(f"{label} cannot be read: {error.strerror}", hint=hint) from None
    if "\0" in text or text.startswith("SIMPLE  ="):
        raise InputError(f"{label} is no text", expected=ENTRIES, hint=f"Without @ it is an image: {path}")
    return [line for row in text.splitlines() if (line := _COMMENT.sub("", row).strip())]


def _files(band: str, text: str, folder: str) -> list[ImageSpec]:
    """Return the files of a name or a pattern relative to a folder."""
    readings = [(text, None), *((match[1], match[2]) for form in _IMAGE if (match := form.fullmatch(text)))]
    for name, extension in readings:
        path = _path(folder, name)
        if os.path.isdir(path):
            hint = f"For all that is in it: '{band}={os.path.join(path, '*.fits')}'"
            raise InputError(f"{path} of band {band} is a folder", expected="a FITS image", hint=hint)
        if os.path.lexists(path):  # what is no file is told by who opens it
            return [ImageSpec(path, extension)]
        matches = _matches(folder, name)
        if matches:
            return [ImageSpec(path, extension) for path in matches]
    name = _path(folder, readings[-1][0])
    if not glob.has_magic(name):
        raise InputError(f"{name} of band {band} does not exist", hint=_similar(name))
    where = os.path.dirname(name) or "."
    what = f"no file of band {band} fits {os.path.basename(name)} in {where}"
    raise InputError(what, expected="at least one FITS image", hint=_similar(name))


def _path(folder: str, name: str) -> str:
    """Return the path of a name in a folder, ``~`` expanded unless a file is so named."""
    path = os.path.join(folder, name)
    return (path if os.path.exists(path) else os.path.join(folder, os.path.expanduser(name))).removeprefix("./")


def _matches(folder: str, name: str) -> list[str]:
    if not glob.has_magic(name):
        return []
    name = os.path.expanduser(name)
    literal, rest = os.path.split(name)  # a folder literally so named wins over a pattern
    while literal and not os.path.isdir(os.path.join(folder, literal)):
        literal, part = os.path.split(literal)
        rest = os.path.join(part, rest)
    found = _globbed(os.path.join(glob.escape(folder), glob.escape(literal)), rest)
    return [path.removeprefix("./") for path in found if not os.path.isdir(path)]


def _globbed(base: str, pattern: str) -> Iterator[str]:
    """Yield what fits a pattern below a base, itself escaped; ``**`` goes into each folder once, whatever links say."""
    parts = pattern.split(os.sep)
    if "**" not in parts:
        yield from glob.iglob(os.path.join(base, pattern))
        return
    place = parts.index("**")
    before, after = os.sep.join(parts[:place]), os.sep.join(parts[place + 1 :])
    seen: set[tuple[int, int]] = set()
    start = os.path.join(base, before)
    for top in glob.iglob(os.path.join(start, "")) if start else ["."]:
        for folder, below, _ in os.walk(top, followlinks=True):
            there = os.stat(folder)
            if (there.st_dev, there.st_ino) in seen:
                below.clear()
                continue
            seen.add((there.st_dev, there.st_ino))
            below[:] = sorted(name for name in below if not name.startswith("."))
            yield from _globbed(glob.escape(folder), after or "*")


def _similar(path: str) -> str | None:
    """Return a hint: similar names in the folder, else its content."""
    folder, name = os.path.split(path)
    try:
        names = sorted(entry for entry in os.listdir(folder or ".") if not entry.startswith(".") and entry != name)
    except OSError:
        return None if glob.has_magic(folder) else f"There is no folder {folder}."
    if not names:
        return f"{folder or 'This folder'} is empty."
    close = get_close_matches(re.sub(r"[*?]+", "", name), names, 3, 0.5)
    if close:
        return f"Did you mean {' or '.join(os.path.join(folder, entry) for entry in close)}?"
    return f"{folder or 'This folder'} holds {', '.join(names[:5])}{', ...' if len(names) > 5 else ''}."
