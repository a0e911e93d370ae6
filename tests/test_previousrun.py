"""What earlier runs left: their records and their stamps."""

from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
from astropy.io import fits

from sdsslike import table, write
from skycnn.errors import InputError
from skycnn.fits import previousrun
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.provenance import Record
from skycnn.schema import Column

COLUMNS = ("Z", "Z_FLAG")
MINE = Record(
    version="0",
    verb="predict",
    task="t",
    time="2026-01-01T00:00:00Z",
    command="skycnn predict",
    model="m",
    model_sha256="0" * 64,
    columns=COLUMNS,
    used=("modelMag_r",),
    input_sha256="1" * 64,
    options={},
)


@pytest.fixture
def holding(tmp_path):
    """Return what a table with these columns and records answers to a run to come."""

    def ask(records, record=MINE, columns=COLUMNS):
        path = write(tmp_path / "cat.fits", table(5, **{name: np.ones(5, ">f4") for name in columns}))
        content = path.read_bytes()
        cards = [f"HISTORY {line}".ljust(80) for old in records for line in old.lines()]
        end = content.index(b"END".ljust(80), 2880 + content[2880:].index(b"XTENSION"))
        header = content[2880:end] + "".join(cards).encode() + b"END".ljust(80)
        data = content[-(-(end + 80) // 2880) * 2880 :]
        path.write_bytes(content[:2880] + header.ljust(-(-len(header) // 2880) * 2880) + data)
        with Catalogue.open(str(path)) as catalogue:
            existing = {name: catalogue.column(name) for name in record.columns if name in columns}
            return previousrun.agreeing(catalogue, existing, record)

    return ask


OTHER = replace(MINE, model="n", model_sha256="2" * 64)
PART = {"rows": [0, 2]}


def test_the_last_record_is_returned(holding):
    later = replace(MINE, input_sha256="3" * 64)
    assert holding([MINE, later]) == later


@pytest.mark.parametrize(
    "records", [[OTHER, MINE], [replace(OTHER, options=PART), MINE], [MINE, replace(MINE, options=PART)]], ids=str
)
def test_runs_before_the_last_whole_one_do_not_matter(holding, records):
    assert holding(records) == records[-1]


@pytest.mark.parametrize("records", [[OTHER], [MINE, OTHER], [MINE, replace(OTHER, options=PART)]], ids=str)
def test_rows_of_another_model_since_then_matter(holding, records):
    with pytest.raises(InputError, match=r"holds other answers: model n 2{16} then, m 0{16} now") as caught:
        holding(records)
    assert caught.value.hint.startswith("--overwrite")


def test_part_of_the_rows_by_one_model_then_all_by_another(holding):
    with pytest.raises(InputError, match="holds other answers"):
        holding([replace(OTHER, options=PART), replace(MINE, options=PART)])


@pytest.mark.parametrize("records", [[], [replace(MINE, columns=("Y", "Y_FLAG"))]], ids=["none", "of others"])
def test_without_a_record_they_are_somebody_else_s(holding, records):
    with pytest.raises(InputError, match="has a column 'Z' already, and no record that skycnn wrote it"):
        holding(records)


def test_columns_that_are_lacking_are_named(holding):
    wider = replace(MINE, columns=("Z", "Z_PDF", "Z_FLAG"))
    with pytest.raises(InputError, match="holds Z, Z_FLAG of an earlier run, but no Z_PDF"):
        holding([MINE], wider)


# Stamps


STAMPS = replace(MINE, verb="cutout", task="stamps", columns=("DX", "DY", "FLAG"), options={"side": 16})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, None),
        ({"options": {"side": 16, "rows": [0, 5]}}, None),
        ({"options": {"side": 8}}, "side 16 then, 8 now"),
        ({"used": ("X",)}, "columns modelMag_r then, X now"),
        ({"input_sha256": "2" * 64}, "the catalogue has changed"),
        ({"input_sha256": "2" * 64, "options": {"side": 16, "rows": [0, None]}}, r"rows all then, \[0, all\] now"),
    ],
)
def test_stamps_that_another_run_would_cut(change, told):
    if told is None:
        previousrun.check_same_stamps(STAMPS, replace(STAMPS, **change), "s.fits")
        return
    with pytest.raises(InputError, match=f"s.fits exists and holds other stamps: {told}. --overwrite"):
        previousrun.check_same_stamps(STAMPS, replace(STAMPS, **change), "s.fits")


def test_a_hash_of_rows_tells_of_any_column_and_of_its_name(tmp_path):
    def asked(content, rows=(0, 5)):
        with Catalogue.open(str(write(tmp_path / "cat.fits", content))) as catalogue:
            return previousrun.rows_sha256(catalogue, rows)

    content = table(5)
    first = asked(content)
    assert asked(content) == first
    assert asked(content, (0, 4)) != first
    content["modelMag_z"][4] += 1
    assert asked(content) != first
    assert asked(content, (0, 4)) == asked(table(5), (0, 4))
    named = content.view([("ID" if name == "OBJID" else name, kind) for name, kind in content.dtype.descr])
    assert asked(named) != asked(content)


def test_a_hash_of_rows_is_that_of_small_pieces(tmp_path, monkeypatch):
    with Catalogue.open(str(write(tmp_path / "cat.fits", table(50)))) as catalogue:
        whole = previousrun.rows_sha256(catalogue, (0, 50))
        monkeypatch.setattr(previousrun, "READ_BYTES", 100)
        assert previousrun.rows_sha256(catalogue, (0, 50)) == whole


@pytest.mark.parametrize(
    ("dim", "shape", "same"),
    [(None, (), True), ("(6)", (), True), ("( 6 )", (), True), ("(1,6)", (), False), ("(3,2)", (2, 3), True)],
)
def test_the_shape_of_a_vector_may_be_told_twice(tmp_path, dim, shape, same):
    """As astropy does when it writes a table anew."""
    unit = fits.BinTableHDU.from_columns([fits.Column("PDF", "6E", array=np.ones((2, 6), ">f4"))])
    if dim is not None:
        unit.header["TDIM1"] = dim
    path = write(tmp_path / "cat.fits", unit)
    with Catalogue.open(str(path)) as catalogue, nullcontext() if same else pytest.raises(InputError, match="TDIM"):
        previousrun.check_type(catalogue, Column("PDF", "f4", "", "", "", "", 6, shape))
