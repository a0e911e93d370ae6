"""OldAnswers: which answers of a table are sound, which are missing, which are of other photometry."""

import hashlib

import numpy as np
import pytest

from extending import COLUMNS, record
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.newheader import packed
from skycnn.fits.oldanswers import OldAnswers
from skycnn.fits.tally import flags
from skycnn.schema import NOT_RUN, Flag

OTHER = int(Flag.OTHER_PHOTOMETRY)
NAN = float("nan")


def rows_of(value, low, high, flag):
    arrays = {c.name: np.array(v) for c, v in zip(COLUMNS, (value, low, high, flag), strict=True)}
    return packed(COLUMNS, arrays, len(value))


@pytest.fixture
def table_of(tmp_path):
    """Write photometry and answers to a table; return what is known of these."""
    from astropy.io import fits

    import sdsslike

    opened = []

    def make(photometry, answers, null=NOT_RUN):
        kinds = [("u", ">f4"), *((c.name, f">{c.dtype}") for c in COLUMNS)]
        content = np.zeros(len(photometry), kinds)
        content["u"] = photometry
        whole = content.view(np.uint8).reshape(len(content), -1)
        whole[:, 4:] = answers
        unit = fits.BinTableHDU(content)
        if null is not None:
            unit.header["TNULL5"] = null
        path = sdsslike.write(tmp_path / f"{len(opened)}.fits", unit)
        opened.append(Catalogue.open(str(path)))
        return OldAnswers(opened[-1], COLUMNS, {c.name: opened[-1].column(c.name) for c in COLUMNS})

    yield make
    for catalogue in opened:
        catalogue.close()


def vouching(photometry, answers, **more):
    """Return a record of a run that left this table."""
    hashes = {
        "input_sha256": hashlib.sha256(np.array(photometry, ">f4").tobytes()).hexdigest(),
        "answers_sha256": hashlib.sha256(answers.tobytes()).hexdigest(),
        "counts": {"rows": len(photometry)},
    }
    return record(COLUMNS, ("u",), **hashes | more)


def everything(first, n):
    return np.ones(n, bool)


GOOD = rows_of([0.5, 0.6, 0.7], [0.4] * 3, [0.8] * 3, [0, 32, 0])
U = [18.0, 19.0, 20.0]
BARE = [  # value, low, high, flag of a row that another program left without an answer
    (NAN, NAN, NAN, NOT_RUN),
    (NAN, NAN, NAN, 0),
    (NAN, NAN, NAN, int(Flag.BAD_ROW)),
    (0.0, 0.0, 0.0, 0),
    (0.0, 0.0, 0.0, NOT_RUN),
    (0.5, 0.4, 0.6, 999999),
    (0.5, 0.4, 0.6, -2147483648),
    (1e20, 1e20, 1e20, 16384),
    (np.inf, 0.0, 0.0, 0),
]
WHOLE = [(0.5, 0.4, 0.6, 0), (0.0, 0.0, 0.1, 0), (0.5, NAN, NAN, 2), (0.5, 0.4, 0.6, 1 << 17), (0.5, 0.4, 0.6, OTHER)]


@pytest.mark.parametrize(("row", "waits"), [(row, True) for row in BARE] + [(row, False) for row in WHOLE], ids=str)
def test_a_row_that_no_record_vouches_for_waits_unless_it_looks_answered(table_of, row, waits):
    answers = rows_of(*([part] for part in row))
    old = table_of([18.0], answers)
    old.look(vouching([17.0], answers), ("u",), everything)
    assert (old.sound, old.waiting, old.unknown) == (0, int(waits), int(not waits))
    assert old.is_waiting(0, answers).tolist() == [waits]


@pytest.mark.parametrize("row", [*BARE, *WHOLE], ids=str)
def test_a_sound_row_waits_only_if_it_was_not_run(table_of, row):
    answers = rows_of(*([part] for part in row))
    old = table_of([18.0], answers)
    old.look(vouching([18.0], answers), ("u",), everything)
    assert (old.sound, old.waiting, old.unknown) == (1, int(row[3] == NOT_RUN), 0)


@pytest.mark.parametrize("null", [999999, 0, -2147483648, 7, None, 2**40])
def test_the_file_s_own_null_is_ours(table_of, null):
    raw = rows_of([0.5, NAN, NAN], [0.4, NAN, NAN], [0.6, NAN, NAN], [32, NOT_RUN, 0])
    stored = raw.copy()
    if null is not None and abs(null) < 2**32:
        stored[2, -4:] = np.frombuffer(np.array(null, ">i4").tobytes(), np.uint8)
    old = table_of(U, stored, null=null)
    wanted = [32, NOT_RUN, 0 if null in (None, 2**40) else NOT_RUN]
    assert flags(old.plain(stored)).tolist() == wanted
    old.look(vouching([1.0] * 3, raw), ("u",), everything)
    assert old.waiting == 2


def test_rows_behind_those_that_the_last_run_saw_are_unknown(table_of):
    more = rows_of([0.5, NAN], [0.4, NAN], [0.6, NAN], [0, 0])
    old = table_of([*U, 18.0, 19.0], np.concatenate([GOOD, more]))
    old.look(vouching(U, GOOD), ("u",), everything)
    assert (old.sound, old.waiting, old.unknown, old.agrees) == (3, 1, 1, False)
    assert old.is_sound(2, 3).tolist() == [True, False, False]


def test_stamps_are_vouched_for_as_a_whole(table_of):
    pixels = b"digest"
    told = vouching(U, GOOD)
    whole = hashlib.sha256(np.array(U, ">f4").tobytes() + pixels).hexdigest()
    for rows, sound in ((3, 3), (2, 0)):
        part = {"answers_sha256": hashlib.sha256(GOOD[:rows].tobytes()).hexdigest(), "counts": {"rows": rows}}
        old = table_of(U, GOOD)
        old.look(record(COLUMNS, ("u",), input_sha256=whole, **part), ("u",), everything, lambda: pixels)
        assert old.sound == sound
    old.look(told, ("u",), everything, lambda: pixels)
    assert old.sound == 0


@pytest.mark.parametrize(
    "change",
    [
        {"input_sha256": "0" * 64},
        {"input_sha256": ""},
        {"answers_sha256": "0" * 64},
        {"counts": {"rows": 2}},
        {"counts": {"rows": 4}},
        {"counts": {"rows": -1}},
    ],
    ids=str,
)
def test_a_record_of_anything_else_vouches_for_nothing(table_of, change):
    old = table_of(U, GOOD)
    old.look(vouching(U, GOOD, **change), ("u",), lambda first, n: np.arange(first, first + n) < 2)
    assert (old.sound, old.unknown, old.aside, old.agrees) == (0, 2, 1, False)


def test_a_record_of_the_first_release_has_no_hash_of_answers(table_of):
    old = table_of(U, GOOD)
    old.look(vouching(U, GOOD, answers_sha256="", counts={}), ("u",), everything)
    assert (old.sound, old.unknown, old.agrees) == (0, 3, True)


def test_answers_are_compared_to_their_last_bits_but_few(table_of):
    value = np.array([0.5, 0.5, 0.5, NAN, 0.5, 0.5, 0.5], "f4")
    low, flag = np.full(7, 0.4, "f4"), np.array([0, 0, 0, 16, 0, OTHER | 2, 8])
    old = rows_of(value, low, low, flag)
    now = value + np.array([0, 1e-7, 1e-4, 0, 0, 0, 0], "f4")
    new = rows_of(now, low + np.array([0] * 4 + [0.01, 0, 0], "f4"), low, np.array([0, 0, 0, 16, 0, 2, 0]))
    told = table_of([18.0] * 7, old).compared(old, new)
    assert np.array_equal(told[:, :12], old[:, :12])
    assert flags(told).tolist() == [0, 0, OTHER, 16, OTHER, 2, OTHER | 8]
    assert np.array_equal(flags(old), flag)
