"""PlateCards: a plate solution counts whole, and beside it or without it the WCS of the types."""

import numpy as np
import pytest

import wcsheaders
from skycnn.errors import InputError
from skycnn.images import platecards, wcscards
from skycnn.images.imagewcs import ImageWcs
from test_imagewcs import plate
from wcsheaders import header

SHAPE = (100, 120)
SOLUTION = {name: plate()[name] for name in plate() if name != "EQUINOX"}


def text(**more):
    return wcsheaders.text(header(shape=SHAPE, **more))


def test_whole():
    found = platecards.whole(SOLUTION | {"AMDX20": "x", "PLTLABEL": 3})
    assert found == {name: SOLUTION[name] for name in (*platecards.NUMBERS, "PLTDECSN")}
    assert platecards.fault(SOLUTION) is None


@pytest.mark.parametrize("name", [*platecards.NUMBERS, "PLTDECSN"])
@pytest.mark.parametrize("value", [None, "", "%s%n", True, float("inf")])
def test_what_is_not_whole_is_none(name, value):
    """And the sound WCS beside it is used."""
    broken = SOLUTION | {name: value}
    assert platecards.whole(broken) is None
    assert platecards.fault(broken) == name
    head = dict(header(shape=SHAPE)) | broken
    found = wcscards.read(head, SHAPE, "a")
    assert found.values == wcscards.read(dict(header(shape=SHAPE)), SHAPE, "a").values
    assert found.notes == (f"its plate solution is not whole ({name}): the WCS of CTYPE1 is used",)
    with pytest.raises(InputError, match=f"{name} of its plate solution is absent or unreadable"):
        wcscards.read(broken, SHAPE, "a")


def test_a_whole_one_overrules_the_types():
    found, alone = (wcscards.read(head, SHAPE, "a") for head in (dict(header(shape=SHAPE)) | SOLUTION, SOLUTION))
    assert found.values == alone.values
    assert not found.polynomial


def test_sizes_of_pixels_alone_say_nothing():
    """Cameras and other programs write them too."""
    found = ImageWcs(text(XPIXELSZ="   12", YPIXELSZ=6.0, CNPIX1=0, PPO3=""), SHAPE, "a")
    assert found.centre == ImageWcs(text(), SHAPE, "a").centre
    assert found.notes == ()


@pytest.mark.parametrize("sign", ["+", "-"])
def test_the_sign_of_the_declination(sign):
    head = wcsheaders.text(plate()).replace("PLTDECSN= '+       '", f"PLTDECSN= '{sign}'".ljust(20))
    found = ImageWcs(head, SHAPE, "a")
    assert np.sign(found.centre[1]) == (1 if sign == "+" else -1)
