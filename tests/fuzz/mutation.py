"""Mutations: changes of a file, as lists that stand in JSON, so that a fault's recipe is a line of text.

A FITS file is changed by its header's cards, its data and its HDUs; any file by its bytes. A mutation that no longer
fits what is there does nothing, so that a recipe can be shrunk by leaving some out.
"""

import gzip
import struct

from . import values
from .values import pick

BLOCK = 2880
END = b"END".ljust(80)


class Unit:
    """An HDU of a sound file: cards and data."""

    def __init__(self, cards, data):
        self.cards, self.data = cards, bytearray(data)

    def index(self, name):
        """Return where the first card of a name stands, or None."""
        key = name.encode().ljust(8)[:8]
        return next((i for i, entry in enumerate(self.cards) if entry[:8] == key), None)

    def value(self, name, default=""):
        """Return a card's value as it is spelled."""
        at = self.index(name)
        if at is None:
            return default
        text = self.cards[at][10:].decode("latin-1")
        if text.lstrip().startswith("'"):
            return text[: text.rindex("'") + 1].strip()
        return text.split("/")[0].strip()

    def encode(self):
        head = b"".join(self.cards) + END
        return head.ljust(-(-len(head) // BLOCK) * BLOCK) + bytes(self.data)


def units(octets):
    """Return the HDUs of a sound file."""
    found, at = [], 0
    while at + BLOCK <= len(octets) and octets[at : at + 8] in (b"SIMPLE  ", b"XTENSION"):
        cards = []
        while octets[at : at + 80] != END:
            cards.append(octets[at : at + 80])
            at += 80
        at = -(-(at + 80) // BLOCK) * BLOCK
        unit = Unit(cards, b"")
        count = 1 if int(unit.value("NAXIS", "0")) else 0
        for axis in range(1, int(unit.value("NAXIS", "0")) + 1):
            count *= int(unit.value(f"NAXIS{axis}"))
        size = abs(int(unit.value("BITPIX", "8"))) // 8 * (count + int(unit.value("PCOUNT", "0")))
        size = -(-size // BLOCK) * BLOCK
        unit.data += octets[at : at + size]
        found.append(unit)
        at += size
    return found


def apply(octets, changes, packed=False):
    """Return a file's bytes after its mutations, those of structure first; ``packed`` is whether it is gzipped."""
    structural = [change for change in changes if change[0] in STRUCTURE]
    if structural:
        parts = units(gzip.decompress(octets) if packed else octets)
        for name, *rest in structural:
            STRUCTURE[name](parts, *rest)
        octets = b"".join(part.encode() for part in parts)
        octets = gzip.compress(octets, 1, mtime=0) if packed else octets
    made = bytearray(octets)
    for name, *rest in changes:
        if name in BYTES:
            BYTES[name](made, *rest)
    return bytes(made)


def _set(parts, number, name, text):
    if number >= len(parts):
        return
    octets = text.encode("latin-1")
    cards = [octets[at : at + 80] for at in range(0, len(octets), 80)]
    at = parts[number].index(name)
    parts[number].cards[slice(at, at + 1) if at is not None else slice(len(parts[number].cards), None)] = cards


def _drop(parts, number, name):
    at = parts[number].index(name) if number < len(parts) else None
    if at is not None:
        del parts[number].cards[at]


def _double(parts, number, name, to):
    at = parts[number].index(name) if number < len(parts) else None
    if at is not None:
        parts[number].cards.insert(min(to, len(parts[number].cards)), parts[number].cards[at])


def _poke(parts, number, offset, text):
    if number < len(parts) and parts[number].data:
        octets = bytes.fromhex(text)
        at = offset % len(parts[number].data)
        octets = octets[: len(parts[number].data) - at]
        parts[number].data[at : at + len(octets)] = octets


def _hdu(parts, number, what):
    if number >= len(parts):
        return
    if what == "drop":
        del parts[number]
    elif what == "double":
        parts.append(parts[number])
    else:
        parts.insert(0, parts.pop(number))


def _line(parts, number, place, what):
    """Change the card at a place, one of HISTORY."""
    if number >= len(parts) or place >= len(parts[number].cards):
        return
    cards = parts[number].cards
    if what == "drop":
        del cards[place]
    elif what == "double":
        cards.insert(place, cards[place])
    elif what == "flip":
        cards[place] = cards[place][:8] + cards[place][8:].swapcase()
    else:
        cards[place] = f"HISTORY {what}".encode().ljust(80)[:80]


def _grow(parts, number, place, size):
    """Put zeros into an HDU's data, before its heap, and pad them."""
    if number < len(parts):
        data = parts[number].data
        data[place:place] = bytes(size)
        del data[len(data) // BLOCK * BLOCK :]
        tail = place + size + 1000
        data.extend(bytes(-len(data) % BLOCK + (BLOCK if tail > len(data) else 0)))


STRUCTURE = {"line": _line, "grow": _grow, "set": _set, "drop": _drop, "double": _double, "poke": _poke, "hdu": _hdu}


def _flip(made, offset, bits):
    if made:
        made[offset % len(made)] ^= bits


def _cut(made, length):
    del made[length:]


def _insert(made, offset, text):
    at = offset % (len(made) + 1)
    made[at:at] = bytes.fromhex(text)


def _remove(made, offset, length):
    at = offset % (len(made) + 1)
    del made[at : at + length]


def _overwrite(made, offset, text):
    octets = bytes.fromhex(text)
    at = offset % (len(made) + 1)
    made[at : at + len(octets)] = octets


BYTES = {"flip": _flip, "cut": _cut, "insert": _insert, "remove": _remove, "overwrite": _overwrite}

LENGTHS = (0, 1, 7, 80, 160, 2879, 2880, 2881, 5760)
PATTERNS = ("00", "ff", "7fc00000", "7f800000", "ff800000", "80000000", "7fffffff", "00000001", "7ff8000000000000",
            "7ff0000000000000", "8000000000000000", "7fffffffffffffff", "c6c34f80", "42c60000", "7149f2ca")  # fmt: skip


def some_bytes(rng, length):
    """Return a mutation of any file of this length."""
    offset = int(rng.integers(max(1, length)))
    match pick(rng, ["flip", "cut", "insert", "remove", "overwrite"], p=[0.4, 0.15, 0.1, 0.15, 0.2]):
        case "flip":
            return ["flip", offset, 1 << int(rng.integers(8))]
        case "cut":
            return ["cut", pick(rng, [offset, *[max(0, length - size) for size in LENGTHS], *LENGTHS])]
        case "insert":
            return ["insert", offset, rng.bytes(pick(rng, [1, 8, 80])).hex()]
        case "remove":
            return ["remove", offset, pick(rng, [1, 8, 80, 2880])]
        case _:
            return ["overwrite", offset, pick(rng, PATTERNS) * pick(rng, [1, 1, 20])]


def some_cards(rng, parts, names, number=None):
    """Return a mutation of a header's cards or HDUs.

    Parameters
    ----------
    names : mapping of str to callable or None
        Cards worth changing, of which each number takes its share, and what makes their values; None for `values.raw`.
    """
    number = int(rng.integers(len(parts))) if number is None else number
    unit = parts[number]
    there = [entry[:8].decode("latin-1").strip() for entry in unit.cards]
    pool = list(names) if names and rng.random() < 0.8 else [name for name in there if name] or ["SIMPLE"]
    name = pick(rng, pool)
    kind = pick(rng, ["set", "drop", "double", "hdu"], p=[0.84, 0.08, 0.05, 0.03])
    if kind == "drop":
        return ["drop", number, name]
    if kind == "double":
        return ["double", number, name, int(rng.integers(len(there) + 1))]
    if kind == "hdu":
        return ["hdu", number, pick(rng, ["drop", "double", "first"])]
    maker = names.get(name)
    if maker is not None and rng.random() < 0.6:
        text = values.card(name, values.spelled(pick(rng, maker)))
    else:
        text = values.raw(rng, name, unit.value(name))
    return ["set", number, name, text.decode("latin-1")]


def some_data(rng, parts, number):
    """Return a mutation of an HDU's data."""
    offset = int(rng.integers(max(1, len(parts[number].data))))
    if rng.random() < 0.5:
        return ["poke", number, offset & ~3, pick(rng, PATTERNS) * pick(rng, [1, 1, 1, 50])]
    return ["poke", number, offset, struct.pack(">I", int(rng.integers(2**32))).hex()]


def some_fits(rng, octets, names, count=None, first=0, packed=False, shares=(0.7, 0.15, 0.15)):
    """Return a few mutations of a FITS file: of its cards, of its data, of its bytes.

    Parameters
    ----------
    names : mapping
        See `some_cards`.
    count : int, optional
        How many.
    first : int
        The HDU whose cards are changed mostly.
    shares : (cards, data, bytes)
        How often each.
    """
    parts = units(gzip.decompress(octets) if packed else octets)
    made = []
    for _ in range(count or pick(rng, [1, 1, 1, 2, 3, 5])):
        number = min(first, len(parts) - 1) if rng.random() < 0.8 else int(rng.integers(len(parts)))
        kind = pick(rng, ["cards", "data", "bytes"], p=shares)
        if kind == "cards":
            made.append(some_cards(rng, parts, names, number))
        elif kind == "data":
            made.append(some_data(rng, parts, number))
        else:
            made.append(some_bytes(rng, len(octets)))
    return made
