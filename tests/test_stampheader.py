"""StampHeader: what the header of the stamps says, and a table's new name."""

import numpy as np
import pytest
from astropy.io import fits

from rawfits import card
from skycnn.errors import InputError
from skycnn.fits import cards as fitscards
from skycnn.fits.stamplayout.stampheader import head, named


@pytest.mark.parametrize("bands", [("g",), ("g", "r", "i"), tuple(f"BAND_NUMBER_{i}" for i in range(20))])
def test_astropy_reads_it(bands):
    facts = {"PIXSCALE": 0.25, "SMALL": 1e-9, "TEXT": "it's " * 40, "NONE": None, "NAN": np.nan, "N": 3, "T": False}
    octets = head(0, bands, 5, facts)
    assert len(octets) % 2880 == 0
    header = fits.Header.fromstring(octets)
    assert [header[f"NAXIS{i}"] for i in range(1, 5)] == [5, 5, len(bands), 0]
    assert header["BANDS"].split() == list(bands)
    assert (header["PIXSCALE"], header["SMALL"], header["N"], header["T"]) == (0.25, 1e-9, 3, False)
    assert header["TEXT"].strip() == ("it's " * 40).strip()
    assert not {"NONE", "NAN"} & set(header)
    assert fitscards.values([octets[i : i + 80] for i in range(0, len(octets), 80)])["BANDS"] == " ".join(bands)


@pytest.mark.parametrize("band", ["", "a b", "x" * 21, "\t"])
def test_a_band_is_a_word(band):
    with pytest.raises(InputError, match="one plain word"):
        head(1, ("g", band), 5, {})


FIRST = [card("XTENSION", "BINTABLE"), card("TFIELDS", 1)]
LAST = [card("TTYPE1", "A"), card("LAST", 1)]


@pytest.mark.parametrize(
    "old",
    [
        [],
        [card("EXTNAME", "OBJECTS", "of a night")],
        [card("EXTNAME", "a long name &"), b"CONTINUE  'and its&'".ljust(80), b"CONTINUE  'end'".ljust(80)],
    ],
    ids=["nameless", "named", "long"],
)
def test_a_table_gets_its_name_and_keeps_the_rest(old):
    cards = named([*FIRST, *old, *LAST], "CATALOGUE")
    assert fitscards.values(cards)["EXTNAME"] == "CATALOGUE"
    assert [entry for entry in cards if not entry.startswith(b"EXTNAME")] == FIRST + LAST
