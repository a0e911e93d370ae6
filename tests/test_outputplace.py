"""Where a run writes: locked, and whether an earlier run of the same command left a file there."""

from contextlib import ExitStack

import pytest

from sdsslike import write
from skycnn.errors import InputError, LockedError
from skycnn.fits.source import parse
from skycnn.inputs import outputplace
from skycnn.inputs.columnresult import ColumnOptions


@pytest.fixture
def cat(tmp_path):
    return write(tmp_path / "cat.fits")


def place(stack, cat, verb="predict", **asked):
    return outputplace.find(stack, parse(str(cat)), ColumnOptions(task="standin", **asked), verb)


def test_it_is_locked_until_the_end(cat):
    with ExitStack() as stack, ExitStack() as other:
        assert place(stack, cat).output.in_place
        with pytest.raises(LockedError):
            place(other, cat)
        place(other, cat, dry_run=True)  # which writes nothing
    with ExitStack() as stack:
        place(stack, cat)


def test_a_file_of_another_command_is_none_of_ours(ask, cat, tmp_path):
    out = str(tmp_path / "out.fits")
    assert ask(cat, "--out", out).code == 0
    with ExitStack() as stack:
        assert place(stack, cat, out=out).earlier
    with ExitStack() as stack, pytest.raises(InputError, match="exists"):
        place(stack, cat, "explain", out=out)
    with ExitStack() as stack:
        assert not place(stack, cat, "explain", out=out, overwrite=True).earlier


def test_a_record_that_would_replace_the_catalogue_is_refused(cat):
    with ExitStack() as stack, pytest.raises(InputError, match="--provenance"):
        place(stack, cat, provenance=str(cat))
