"""scoredrows: which rows have a truth, what a null answer is, and columns read by name or element."""

import numpy as np
import pytest
from astropy.io import fits

from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.scoring import scoredrows
from skycnn.scoring.baselineinputs import FluxReader
from skycnn.scoring.scoredrows import Wanted
from skycnn.task import Truth


def table(path, **columns):
    forms = {"f": "D", "i": "J", "b": "L"}
    made = []
    for name, values in columns.items():
        values = np.asarray(values)
        width = values.shape[1] if values.ndim == 2 else ""
        form = "4A" if values.dtype.kind == "U" else f"{width}{forms[values.dtype.kind]}"
        made.append(fits.Column(name, form, array=values))
    fits.BinTableHDU.from_columns(made).writeto(path)
    return str(path)


def read(path, bands=0, low=0.0, high=15.0, **wanted):
    given = {"values": ("Z",), "flag": "Z_FLAG", "truth": "T", "kind": "redshift", "bounds": Truth((), low, high)}
    with Catalogue.open(path) as catalogue:
        return scoredrows.read(catalogue, Wanted(**given | wanted), FluxReader(None, bands))


def test_truths_that_are_null_are_left_out_and_zero_is_none(tmp_path):
    rows = read(table(tmp_path / "c.fits", Z=np.ones(7), T=[0.0, -1.0, np.nan, np.inf, 99.0, 20.0, 0.5]))
    assert rows.truth.tolist() == [0.0, 0.5]
    assert rows.left_out == {"without a truth": 5}


def test_what_a_null_truth_is_follows_from_the_columns_bounds(tmp_path):
    path = table(tmp_path / "c.fits", Z=[-1.2, 150.0, -99.0, np.inf], T=[-1.5, -0.5, -99.0, np.inf])
    rows = read(path, low=-2.0, high=2.0, kind="value")
    assert rows.truth.tolist() == [-1.5, -0.5]
    assert rows.judged["Z"].value.tolist() == [-1.2, 150.0]
    unbound = read(path, low=-np.inf, high=np.inf, kind="value")
    assert unbound.truth.tolist() == [-1.5, -0.5, -99.0]
    assert unbound.judged["Z"].value.tolist() == [-1.2, 150.0, -99.0]


def test_a_class_outside_its_bounds_is_null_and_between_them_an_error(tmp_path):
    path = table(tmp_path / "c.fits", Z=np.full(4, 0.5), T=[0.0, 1.0, -1.0, 9.0])
    assert read(path, low=0.0, high=1.0, kind="class").truth.tolist() == [0, 1]
    with pytest.raises(InputError, match=r"T is no class: -1\.0 \(expected 0 or 1, else null\)"):
        read(path, low=-5.0, high=1.0, kind="class")


def test_readers_get_the_rows_numbers_and_columns(tmp_path, monkeypatch):
    class Reader:
        columns = ("V",)

        def read(self, chunk, rows):
            return {"seen": chunk["V"] + 10 * rows}

    monkeypatch.setattr(scoredrows, "CHUNK", 2)
    path = table(tmp_path / "c.fits", Z=np.ones(6), T=[1.0, 1, -9, 1, 1, 1], V=[0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    with Catalogue.open(path) as catalogue:
        rows = scoredrows.read(catalogue, Wanted(("Z",), "", "T", "value", Truth((), 0, 2), rows=(1, 6)), Reader())
    assert rows.inputs["seen"] == pytest.approx([10.2, 30.4, 40.5, 50.6])


def test_answers_that_cannot_be_are_no_answers(tmp_path):
    rows = read(table(tmp_path / "c.fits", Z=[0.5, -99.0, 99.0, np.nan, -0.01], T=np.ones(5)))
    assert np.isnan(rows.judged["Z"].value).tolist() == [False, True, True, True, False]


def test_probabilities_lie_between_zero_and_one(tmp_path):
    path = table(tmp_path / "c.fits", Z=[0.5, -1.0, 1.5, 1.0], T=[True, False, True, False])
    rows = read(path, kind="class")
    assert rows.truth.tolist() == [1, 0, 1, 0]
    assert np.isnan(rows.judged["Z"].value).tolist() == [False, True, True, False]
    assert rows.judged["Z"].crps is None


def test_an_answer_without_its_interval_keeps_its_value(tmp_path):
    nan = np.nan
    path = table(tmp_path / "c.fits", Z=[0.5, 0.5, nan], Z_LO=[0.4, nan, 0.4], Z_HI=[0.6, nan, 0.6], T=[0.5, 0.5, 0.5])
    judged = read(path).judged["Z"]
    assert judged.value[:2].tolist() == [0.5, 0.5]
    for part in (judged.low, judged.high95, judged.crps, judged.pit):
        assert np.isnan(part).tolist() == [False, True, True]
    assert judged.pit[0] == 0.5


def test_rows_not_run_are_left_out_and_conditions_hold(tmp_path):
    path = table(tmp_path / "c.fits", Z=np.ones(5), T=np.ones(5), Z_FLAG=[0, -1, 8, 0, 0], ID=np.arange(5))
    rows = read(path, where="ID < 4")
    assert rows.left_out == {"outside --where": 1, "not run": 1}
    assert rows.flags.tolist() == [0, 8, 0]


def test_elements_groups_and_bins_are_read(tmp_path):
    path = table(
        tmp_path / "c.fits", Z=np.ones(3), T=np.ones(3), V=np.arange(6.0).reshape(3, 2), TILE=np.array(["a", "b", "a"])
    )
    rows = read(path, by="V[1]", group="TILE")
    assert rows.by.tolist() == [1.0, 3.0, 5.0]
    assert rows.groups.tolist() == ["a", "b", "a"]
    with pytest.raises(InputError, match="'V' holds 2 numbers a row"):
        read(path, by="V")


def test_cells_of_the_sky_are_groups(tmp_path):
    sky = {"RA": [10.0, 10.1, 200.0, np.nan, np.nan], "DEC": [1.0, 1.1, 1.0, 0.0, 0.0]}
    path = table(tmp_path / "c.fits", Z=np.ones(5), T=np.ones(5), SIDE=np.arange(5), **sky)
    groups = read(path, group="sky:2").groups.tolist()
    assert groups[0] == groups[1] and len(set(groups)) == 4
    assert read(path, group="sky:2", rows=(1, 3)).groups.tolist() == groups[1:3]
    assert read(path, group="SIDE").groups.tolist() == list("01234")
    with pytest.raises(InputError, match="sky:x names no cells"):
        read(path, group="sky:x")
    with pytest.raises(InputError, match=r"known as positions\. --group COLUMN takes groups of a column"):
        read(table(tmp_path / "d.fits", Z=np.ones(3), T=np.ones(3)), group="sky")


IDS = np.array([2**53 + 1, 2**53 + 2, -1, -1, 2**53 + 1])


@pytest.mark.parametrize(
    ("made", "names"),
    [
        (fits.Column("TILE", "K", array=IDS, null=-1), [str(2**53 + 1), str(2**53 + 2), "", "", str(2**53 + 1)]),
        (fits.Column("TILE", "K", array=IDS), [str(tile) for tile in IDS]),
        (fits.Column("TILE", "K", array=IDS.astype("u8"), bzero=2**63), [str(int(tile)) for tile in IDS.astype("u8")]),
        (fits.Column("TILE", "8A", array=["007", "7", "", "", "007"]), ["007", "7", "", "", "007"]),
        (fits.Column("TILE", "D", array=[7, 8, np.nan, np.nan, 7]), ["7", "8", "", "", "7"]),
    ],
    ids=["null", "plain", "unsigned", "text", "float"],
)
def test_groups_are_exact_and_a_row_without_one_stands_alone(tmp_path, made, names):
    columns = [fits.Column("Z", "D", array=np.ones(5)), fits.Column("T", "D", array=np.ones(5)), made]
    fits.BinTableHDU.from_columns(columns).writeto(tmp_path / "c.fits")
    rows = read(str(tmp_path / "c.fits"), group="TILE")
    expected = [name or f"row {row} of {tmp_path / 'c.fits'}[1]" for row, name in enumerate(names)]
    assert rows.groups.tolist() == expected
    assert scoredrows.concatenate([rows, rows]).groups.tolist() == 2 * expected
    few = read(str(tmp_path / "c.fits"), group="TILE", rows=(2, 4))
    assert few.groups.tolist() == expected[2:4]


def test_conditions_on_ids_text_and_bits_by_name(tmp_path):
    columns = [
        fits.Column("Z", "D", array=np.ones(5)),
        fits.Column("T", "D", array=np.ones(5)),
        fits.Column("ID", "K", array=IDS, null=-1),
        fits.Column("CLASS", "8A", array=["GALAXY", "STAR", "GALAXY", "QSO", "galaxy"]),
        fits.Column("MASK", "I", array=np.arange(5)),
    ]
    fits.BinTableHDU.from_columns(columns).writeto(tmp_path / "c.fits")
    for where, kept in [
        (f"ID == {2**53 + 1}", 2),
        ("CLASS == 'GALAXY'", 2),
        ("CLASS in ('QSO', 'STAR') or ID != ID", 3),
        ("not MASK.BAD", 3),
    ]:
        rows = read(str(tmp_path / "c.fits"), where=where, bits={"MASK": {"BAD": 1}})
        assert len(rows.truth) == kept, where
    with pytest.raises(InputError, match=r"has no column 'CLAS'; --where needs it\. Did you mean CLASS"):
        read(str(tmp_path / "c.fits"), where="CLAS == 'QSO'")


def test_no_photometry_is_fluxes_of_nan_so_that_samples_can_be_joined(tmp_path):
    rows = read(table(tmp_path / "c.fits", Z=np.ones(3), T=np.ones(3)), bands=5)
    assert rows.inputs["flux"].shape == rows.inputs["error"].shape == (3, 5)
    assert np.isnan(rows.inputs["flux"]).all()
    both = scoredrows.concatenate([rows, rows])
    assert (len(both.truth), both.inputs["flux"].shape, len(both.judged["Z"].value)) == (6, (6, 5), 6)


def test_a_training_sample_needs_no_answers(tmp_path):
    rows = read(table(tmp_path / "c.fits", T=np.ones(3)), values=())
    assert (len(rows.truth), rows.judged, rows.flags) == (3, {}, None)


def test_rows_tell_their_numbers_and_what_stands_beside(tmp_path, monkeypatch):
    monkeypatch.setattr(scoredrows, "CHUNK", 2)
    path = table(tmp_path / "c.fits", Z=np.ones(6), T=[1.0, 1, -9, 1, 1, 1], R=[0.1, 0.2, 0.3, np.nan, 0.5, 0.6])
    rows = read(path, beside=("R",), rows=(1, 6))
    assert rows.numbers.tolist() == [1, 3, 4, 5]
    assert rows.beside["R"].tolist() == pytest.approx([0.2, np.nan, 0.5, 0.6], nan_ok=True)
    both = scoredrows.concatenate([rows, read(path)])
    assert both.numbers.tolist() == [1, 3, 4, 5, 0, 1, 3, 4, 5]
    assert both.beside == {}  # the second was not asked for it
