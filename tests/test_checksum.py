"""Checksums: the sums and the ASCII code of astropy and of the standard."""

import itertools

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st

from skycnn.fits.checksum import Checksum, encode, fold


def by_astropy(octets):
    padded = octets + bytes(-len(octets) % 2880)
    return int(fits.PrimaryHDU()._compute_checksum(np.frombuffer(padded, np.uint8)))


def total(*parts):
    found = Checksum()
    for part in parts:
        found.add(part)
    return found.value


@settings(max_examples=150, derandomize=True, deadline=None, database=None)
@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=4))
def test_sums_are_astropys_however_the_bytes_arrive(octets, cuts):
    wanted = by_astropy(octets)
    assert total(octets) == wanted
    places = [0, *sorted(min(cut, len(octets)) for cut in cuts), len(octets)]
    parts = [octets[a:b] for a, b in itertools.pairwise(places)]
    assert total(*parts) == wanted
    merged = Checksum()
    for at, part in zip(places, parts, strict=False):
        apart = Checksum(at)
        apart.add(part)
        merged.merge(apart)
    assert merged.value == wanted


def test_large_sums_carry():
    octets = np.full(100_003, 255, np.uint8)
    wanted = by_astropy(octets.tobytes())
    assert total(octets) == wanted
    assert total(octets.reshape(1, -1)) == wanted
    assert total(memoryview(octets)) == wanted


def test_fold_adds_the_carries_back():
    assert fold(0xFFFFFFFF) == 0xFFFFFFFF
    assert fold(0x1_0000_0000) == 1
    assert fold(0xFFFFFFFF * 3) == 0xFFFFFFFF
    assert fold((1 << 70) + 5) == (1 << 6) + 5


@settings(max_examples=200, derandomize=True, deadline=None, database=None)
@given(st.integers(0, 0xFFFFFFFF))
def test_the_code_is_astropys_and_brings_the_sum_to_ones(number):
    code = encode(number)
    assert code == fits.PrimaryHDU()._char_encode(~np.uint32(number))
    assert code.isalnum()
    assert code.isascii()
    zero = b"CHECKSUM= '0000000000000000'"
    octets = zero.ljust(80)
    rest = fold(number + 0xFFFFFFFF - total(octets))  # what else there must be for this sum
    coded = zero.replace(b"0" * 16, code.encode()).ljust(80)
    assert fold(total(coded) + rest) in (0, 0xFFFFFFFF)


@pytest.mark.parametrize(("number", "code"), [(868229149, "hcHjjc9ghcEghc9g")])
def test_the_standards_example(number, code):
    """FITS 4.0, appendix J: a sum of 868229149 is coded as hcHjjc9ghcEghc9g."""
    assert encode(number) == code
