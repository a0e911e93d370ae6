"""Shared options: the readers of their values, and that each is defined once."""

import re
from pathlib import Path

import pytest

from shell import python
from skycnn.cli import options
from skycnn.cli.app import call, names, tree
from skycnn.errors import InputError
from skycnn.files import memory


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (None, {}),
        (["r=MAG_R"], {"r": "MAG_R"}),
        (["r=a", "g=b"], {"r": "a", "g": "b"}),
        (["r=a, g = b"], {"r": "a", "g": "b"}),
        (["r=a", "r=a"], {"r": "a"}),
        (["r=a=b"], {"r": "a=b"}),
        (["r=a,b"], {"r": "a,b"}),
        (["r=flag != 0,g=FLAG_G"], {"r": "flag != 0", "g": "FLAG_G"}),
    ],
)
def test_pairs(values, found):
    assert options.pairs(values, "--band") == found


@pytest.mark.parametrize("value", ["r", "=a", "r=", "", " ", "r=,g=a"])
def test_a_pair_without_both_halves_is_refused(value):
    with pytest.raises(InputError, match=re.escape(f"--band {value} is not understood (expected --band BAND=COLUMN)")):
        options.pairs([value], "--band")


def test_a_band_with_two_columns_is_refused():
    with pytest.raises(InputError, match=r"--band names 'r' twice: 'a, b'\. Give one: --band r=b"):
        options.pairs(["r=a", "r=b"], "--band")


def test_photometry_options():
    read = options.photometry_options(["r=R"], ["r=E"], ["nmgy"], "psf", None, ["FLAGS != 0"], ["r=BAD"])
    assert (read.band, read.error, read.unit) == ({"r": "R"}, {"r": "E"}, {"*": "nmgy"})
    assert (read.photometry, read.extinction, read.bad, read.mask_band) == ("psf", None, ("FLAGS != 0",), {"r": "BAD"})
    assert options.photometry_options().unit == {}
    with pytest.raises(InputError, match="--mask-band BAD is not understood"):
        options.photometry_options(mask_band=["BAD"])


@pytest.mark.parametrize(
    ("text", "rows"),
    [(None, None), ("0:10", (0, 10)), (":10", (0, 10)), ("5:", (5, None)), (":", (0, None)), (" 1 : 2 ", (1, 2))],
)
def test_row_range(text, rows):
    assert options.row_range(text) == rows


@pytest.mark.parametrize("text", ["", "5", "5:5", "9:3", "a:b", "-3:4", "1:2:3", "1.5:4", "²:9"])
def test_no_row_range(text):
    with pytest.raises(InputError, match=r"is no range of rows \(expected A:B, 0-based"):
        options.row_range(text)


def test_quiet_and_traceback_act_by_themselves():
    ran = python(
        "from skycnn.cli.app import call; from skycnn.cli.console import manners\n"
        "call(['models', '-q', '--traceback']); print(manners.quiet, manners.traceback)"
    )
    assert ran.stdout.splitlines()[-1] == "True True"


OF_THE_VERB = ("--out", "-o", "--overwrite", "--device", "--where")
"""A verb that writes something else than a catalogue says what; what mock draws differs by device; its rows are
those of --avoid."""


def test_an_option_means_the_same_in_every_verb():
    root = tree()
    meanings = {}
    for verb in names():
        for param in root.get_command(None, verb).params:
            for opt in getattr(param, "secondary_opts", []) + param.opts:
                meanings.setdefault(opt, set()).add((param.help, param.metavar))
    shared = set(re.findall(r'"(--?[a-z-]+)"', Path(options.__file__).read_text()))
    assert "--band" in shared
    several = {opt: told for opt, told in meanings.items() if opt in shared and len(told) > 1}
    assert set(several) - set(OF_THE_VERB) == set(), several


def test_max_memory_is_set_for_one_run(monkeypatch):
    monkeypatch.setattr(memory, "_requested", None)
    with pytest.raises(InputError, match="does not exist"):
        call(["score", "none.fits", "--task", "photoz", "--max-memory", "3G"])
    assert memory.bound() == 3 * 10**9
    with pytest.raises(InputError, match="does not exist"):
        call(["score", "none.fits", "--task", "photoz"])
    assert memory.bound() <= memory.machine()
    with pytest.raises(InputError, match="--max-memory much is no size"):
        call(["score", "none.fits", "--task", "photoz", "--max-memory", "much"])


def test_every_verb_that_reads_tables_or_images_has_a_bound():
    root = tree()
    bounded = {verb for verb in names() if any("--max-memory" in p.opts for p in root.get_command(None, verb).params)}
    assert bounded == set(names()) - {"models"}
