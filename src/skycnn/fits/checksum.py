"""Checksum: the ones' complement sum of 32-bit words and its ASCII code (FITS 4.0, section 4.4.2.7, appendix J)."""

import numpy as np

_ONES = 0xFFFFFFFF
_PUNCTUATION = frozenset([*range(0x3A, 0x41), *range(0x5B, 0x61)])


def fold(total: int) -> int:
    """Return a sum with its carries added back in, 32 bits."""
    while total >> 32:
        total = (total & _ONES) + (total >> 32)
    return total


class Checksum:
    """A running DATASUM over pieces of any length.

    Parameters
    ----------
    start : int
        Offset of the first byte in the data: sums of parts can be merged.
    """

    def __init__(self, start: int = 0) -> None:
        self._total = 0
        self._phase = start % 4

    def merge(self, other: "Checksum") -> None:
        """Add the sum of another part."""
        self._total = fold(self._total + other._total)

    def add(self, data: "np.ndarray | bytes | memoryview") -> None:
        """Add the next bytes (uint8 array or bytes-like, contiguous)."""
        octets = data.reshape(-1).view(np.uint8) if isinstance(data, np.ndarray) else np.frombuffer(data, np.uint8)
        if self._phase and octets.size:
            lead = min(4 - self._phase, octets.size)
            self._add_loose(octets[:lead])
            octets = octets[lead:]
        whole = octets.size & ~3
        if whole:  # one call without the interpreter's lock, so that threads sum in parallel
            self._total = fold(self._total + int(octets[:whole].view(">u4").sum(dtype=np.uint64)))
        if whole < octets.size:
            self._add_loose(octets[whole:])

    def _add_loose(self, octets: "np.ndarray") -> None:
        for octet in octets.tolist():
            self._total += octet << (24 - 8 * self._phase)
            self._phase = (self._phase + 1) % 4
        self._total = fold(self._total)

    @property
    def value(self) -> int:
        """The sum so far, as if zeros filled the last word."""
        return fold(self._total)


def encode(total: int) -> str:
    """Return the CHECKSUM string that makes the sum of its header-data unit all ones."""
    complement = _ONES - fold(total)
    code = [[0] * 4 for _ in range(4)]
    for place in range(4):
        octet = (complement >> (24 - 8 * place)) & 0xFF
        quarter, rest = divmod(octet, 4)
        row = [quarter + rest + 0x30] + [quarter + 0x30] * 3
        while any(char in _PUNCTUATION for char in row):
            for a, b in ((0, 1), (2, 3)):
                if row[a] in _PUNCTUATION or row[b] in _PUNCTUATION:
                    row[a] += 1
                    row[b] -= 1
        code[place] = row
    text = "".join(chr(code[place][turn]) for turn in range(4) for place in range(4))
    return text[-1] + text[:-1]
