"""FITS files taken apart and put together by a parser of their own, for tests that must not trust skycnn's."""

import re
from dataclasses import dataclass

from skycnn.fits.checksum import Checksum, encode

BLOCK, CARD = 2880, 80
WIDTHS = {"L": 1, "B": 1, "I": 2, "J": 4, "K": 8, "A": 1, "E": 4, "D": 8, "C": 8, "M": 16, "P": 8, "Q": 16}


def card(name, value=None, comment=""):
    """Return one card; a value of None gives a card of text alone."""
    if value is None:
        return f"{name:8}{comment}".ljust(CARD)[:CARD].encode()
    if isinstance(value, bool):
        body = f"{'T' if value else 'F':>20}"
    elif isinstance(value, str):
        body = ("'" + value.replace("'", "''").ljust(8) + "'").ljust(20)  # as astropy pads it when it checks a sum
    else:
        body = f"{value:>20}"
    return f"{name:8}= {body}{' / ' if comment else ''}{comment}".ljust(CARD)[:CARD].encode()


def padded(data, fill=b"\0"):
    return data + fill * (-len(data) % BLOCK)


def header(cards):
    return padded(b"".join(cards) + b"END".ljust(CARD), b" ")


def hdu(cards, data=b"", sums=()):
    """Return a header-data unit, with the checksum cards named in ``sums``."""
    data = padded(data)
    if not sums:
        return header(cards) + data
    total = Checksum()
    total.add(data)
    datasum = total.value
    cards = list(cards)
    if "DATASUM" in sums:
        cards.append(card("DATASUM", str(datasum), "data unit checksum"))
    if "CHECKSUM" in sums:
        blank = card("CHECKSUM", "0" * 16, "HDU checksum")
        total = Checksum()
        total.add(header([*cards, blank]))
        cards.append(card("CHECKSUM", encode(total.value + datasum), "HDU checksum"))
    return header(cards) + data


def width(form):
    """Return the bytes that a TFORM takes in a row."""
    count, code = re.match(r"(\d*)([A-Z])", form).groups()
    repeat = int(count or 1)
    return -(-repeat // 8) if code == "X" else repeat * WIDTHS[code]


@dataclass(frozen=True)
class Raw:
    """A header-data unit as bytes."""

    cards: tuple
    head: bytes
    data: bytes  # padding included

    def value(self, name, default=None):
        """Return the value of the first card of this name."""
        for entry in self.cards:
            if entry[:8].decode().rstrip() == name and entry[8:10] == b"= ":
                text = entry[10:].decode("latin-1")
                string = re.match(r"\s*'((?:[^']|'')*)'", text)
                return string[1].rstrip() if string else int(text.split("/")[0])
        return default

    @property
    def rows(self):
        wide = self.value("NAXIS1")
        return [self.data[at * wide : (at + 1) * wide] for at in range(self.value("NAXIS2"))]

    @property
    def tail(self):
        """Gap and heap."""
        table = self.value("NAXIS1") * self.value("NAXIS2")
        return self.data[table : table + self.value("PCOUNT", 0)]


def units(octets):
    """Return the header-data units of a file, and what follows them."""
    found, at = [], 0
    while at < len(octets) and octets[at : at + 8] in (b"SIMPLE  ", b"XTENSION"):
        start, cards = at, []
        while octets[at : at + CARD] != b"END".ljust(CARD):
            cards.append(octets[at : at + CARD])
            at += CARD
        at += CARD
        at += -(at - start) % BLOCK
        unit = Raw(tuple(cards), octets[start:at], b"")
        size = 0
        if unit.value("NAXIS"):
            size = 1
            for axis in range(1, unit.value("NAXIS") + 1):
                size *= unit.value(f"NAXIS{axis}")
            size = abs(unit.value("BITPIX")) // 8 * (size + unit.value("PCOUNT", 0))
        size += -size % BLOCK
        found.append(Raw(tuple(cards), octets[start:at], octets[at : at + size]))
        at += size
    return found, octets[at:]


CHANGED = ("NAXIS1", "TFIELDS", "THEAP", "CHECKSUM", "DATASUM")


def rest(cards, fields, lines=(), redescribed=()):
    """Return a header's cards without the values of those that may change, new fields and new HISTORY."""
    new = [i for i, entry in enumerate(cards) if entry[:8] == b"HISTORY "][-len(lines) or len(cards) :]
    kept = []
    for i, entry in enumerate(cards):
        name = entry[:8].decode("latin-1").rstrip()
        number = re.fullmatch(r"T[A-Z]+(\d+)", name)
        if (number and int(number[1]) > fields) or i in new or name in redescribed:
            continue
        kept.append(name if name in CHANGED and entry[8:10] == b"= " else entry)
    return kept


def check_extended(before, after, number, widths, lines=(), replaced=(), redescribed=()):
    """See that the table of this number gained fields of these widths, and that no other byte changed.

    Parameters
    ----------
    before, after : bytes
        The files.
    number : int
        Of the table.
    widths : sequence of int
        Bytes of the new fields.
    lines : sequence of str
        The new HISTORY.
    replaced : sequence of (int, int)
        Offset and width of fields whose bytes may differ.
    redescribed : sequence of str
        Cards of theirs that may differ.
    """
    old, old_tail = units(before)
    new, new_tail = units(after)
    assert len(old) == len(new)
    assert old_tail == new_tail
    for i, (one, two) in enumerate(zip(old, new, strict=True)):
        if i != number:
            assert one.head == two.head
            assert one.data == two.data
    one, two = old[number], new[number]
    fields, grown = one.value("TFIELDS"), sum(widths)
    assert rest(one.cards, fields, (), redescribed) == rest(two.cards, fields, lines, redescribed)
    assert [entry for entry in two.cards if entry[:8] == b"HISTORY "][-len(lines) or len(two.cards) :] == [
        f"HISTORY {line}".ljust(CARD).encode() for line in lines
    ]
    assert two.value("NAXIS1") == one.value("NAXIS1") + grown
    assert two.value("NAXIS2") == one.value("NAXIS2")
    assert two.value("TFIELDS") == fields + len(widths)
    assert [width(two.value(f"TFORM{fields + i}")) for i in range(1, len(widths) + 1)] == list(widths)
    if one.value("THEAP") is not None:
        assert two.value("THEAP") == one.value("THEAP") + grown * one.value("NAXIS2")
    else:
        assert two.value("THEAP") is None
    mask = bytearray(b"\xff" * one.value("NAXIS1"))
    for offset, size in replaced:
        mask[offset : offset + size] = bytes(size)
    for was, now in zip(one.rows, two.rows, strict=True):
        assert bytes(a & m for a, m in zip(was, mask, strict=True)) == bytes(
            a & m for a, m in zip(now, mask, strict=False)
        )
    assert one.tail == two.tail
    length = two.value("NAXIS1") * two.value("NAXIS2") + two.value("PCOUNT", 0)
    assert two.data == padded(two.data[:length])
    assert len(two.data) == length + -length % BLOCK
    return two


def is_sound(unit):
    """Whether the checksum cards that a unit has fit it."""
    total = Checksum()
    total.add(unit.data)
    stated = unit.value("DATASUM")
    whole = Checksum()
    whole.add(unit.head + unit.data)
    return (stated is None or int(stated) == total.value) and (
        unit.value("CHECKSUM") is None or whole.value in (0, 0xFFFFFFFF)
    )
