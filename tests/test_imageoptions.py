"""Options about images: the reader of their values."""

import functools
import re

import pytest

from skycnn.cli import imageoptions
from skycnn.cli.app import names, tree
from skycnn.errors import InputError


def test_all_that_is_said_is_handed_on():
    found = imageoptions.stamp_options(
        ["g=a.fits", "r=b.fits[SCI]", "g=c.fits"],
        ["g=m.fits"],
        ["g=w.fits"],
        size="12arcsec",
        radec="A, B",
        resample=True,
        cache="here",
        concurrency=3,
        connect_timeout=1.0,
        read_timeout=2.0,
        row_timeout=4.0,
        retries=5,
        threads=6,
        pixel_unit=["g=nmgy,r=0.3 uJy"],
    )
    assert found.pixel_unit == {"g": "nmgy", "r": "0.3 uJy"}
    assert found.images == {"g": ("a.fits", "c.fits"), "r": ("b.fits[SCI]",)}
    assert (found.mask, found.weight) == ({"g": ("m.fits",)}, {"g": ("w.fits",)})
    assert (found.size, found.radec, found.xy, found.resample, found.threads) == ("12arcsec", ("A", "B"), None, True, 6)
    remote = found.remote
    assert (remote.concurrency, remote.connect, remote.read, remote.row) == (3, 1.0, 2.0, 4.0)
    assert (remote.retries, remote.cache) == (5, "here")
    assert found.given


def test_coarse_pixels_are_handed_on_and_count_as_something_said():
    assert imageoptions.stamp_options(["g=a.fits"], bin=16).bin == 16
    for typed, given in (({}, False), ({"bin": 1}, False), ({"bin": 2}, True), ({"radec": "A,B"}, True)):
        assert imageoptions.named(functools.partial(imageoptions.stamp_options, **typed)) == given


def test_nothing_said_is_nothing_given():
    found = imageoptions.stamp_options()
    assert not found.given
    assert imageoptions.stamp_options(stamps="cut/{ID}.fits").given


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"images": ["a.fits"]}, "--images names no band"),
        ({"images": ["g="]}, "--images names no file"),
        ({"images": ["g=a"], "stamps": "s.fits"}, "--images and --stamps both"),
        ({"images": ["g=a"], "radec": "A,B", "xy": "X,Y"}, "--radec and --xy both"),
        ({"mask": ["g=a"]}, "--mask goes with --images"),
        ({"weight": ["g=a"]}, "--weight goes with --images"),
        ({"images": ["g=a"], "mask": ["a"]}, "--mask names no band"),
        ({"pixel_unit": ["g="]}, "--pixel-unit g= is not understood"),
        ({"pixel_unit": ["uJy", "nJy"]}, r"--pixel-unit names '\*' twice"),
    ],
)
def test_what_cannot_be_read_is_refused(said, message):
    with pytest.raises(InputError, match=message):
        imageoptions.stamp_options(**said)


@pytest.mark.parametrize("text", ["RA", "RA,", ",DEC", "A,B,C", ""])
def test_two_columns_make_a_position(text):
    with pytest.raises(InputError, match=re.escape(f"--xy {text} is not understood (expected --xy X,Y)")):
        imageoptions.column_pair(text, "--xy X,Y")
    assert imageoptions.column_pair(None, "--xy X,Y") is None


def test_defaults_of_the_command_are_those_of_the_reader():
    """What stands in a command's signature, in the reader and in RemoteOptions is the same."""
    from skycnn.remote.fetch import RemoteOptions

    assert imageoptions.stamp_options().remote == RemoteOptions()
    root = tree()
    for verb in names():
        shown = {param.name: param.default for param in root.get_command(None, verb).params}
        if "row_timeout" in shown:
            fields = ("concurrency", "connect_timeout", "read_timeout", "row_timeout", "retries", "cache")
            assert RemoteOptions(*(shown[name] for name in fields)) == RemoteOptions()
