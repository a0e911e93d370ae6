"""predict from end to end: what a run writes, what a second run does, and what its answers do not depend on."""

import bz2
import gzip
import json
import re
import sys
from pathlib import Path

import fitsio
import numpy as np
import pytest
from astropy.io import fits

from sdsslike import column, sha256, snapshot, table, write
from skycnn.fits.catalogue import Catalogue
from skycnn.network import inference
from skycnn.photometry import bandsearch, fluxes
from skycnn.schema import NOT_RUN, Flag

COLUMNS = ["Z_PHOT", "Z_PHOT_LO", "Z_PHOT_HI", "Z_PHOT_ODDS", "Z_PHOT_FLAG"]


def answers(path, hdu=1, names=COLUMNS):
    return np.stack([np.asarray(column(path, name, hdu), float) for name in names], axis=1)


def errors(said):
    return [line for line in said.err.splitlines() if line.startswith(("skycnn: error: ", "hint: "))]


@pytest.fixture
def cat(tmp_path):
    return write(tmp_path / "cat.fits", table(300), checksum=True)


@pytest.fixture
def small_chunks(monkeypatch):
    """Chunks of 64 rows and batches of 16, so that small tables have many borders."""
    monkeypatch.setattr(Catalogue.packed_chunks, "__defaults__", (None, 64))
    monkeypatch.setitem(inference.BATCH, "cpu", 16)


# What a run writes


def test_columns_are_those_of_the_schema(ask, cat):
    said = ask(cat)
    assert said.code == 0
    with fits.open(cat) as units:
        header, names = units[1].header, units[1].columns.names
    assert names[-5:] == COLUMNS
    described = {
        name: [header.get(f"{key}{i}") for key in ("TFORM", "TUNIT", "TUCD")] for i, name in enumerate(names, 1)
    }
    assert described["Z_PHOT"] == ["E", None, "src.redshift.phot"]
    assert described["Z_PHOT_LO"] == ["E", None, "stat.confidenceLevel;src.redshift.phot"]
    assert described["Z_PHOT_FLAG"] == ["J", None, "meta.code.qual"]
    assert header[f"TNULL{len(names)}"] == NOT_RUN
    assert header[f"TCOMM{len(names)}"].startswith("standin-sdss-flux ")
    value, low, high, odds, flag = answers(cat).T
    assert (low <= value).all()
    assert (value <= high).all()
    assert ((odds >= 0) & (odds <= 1)).all()
    assert ((flag >= 0) & (flag < 512)).all()
    assert "300 of 300 rows answered" in said.err.splitlines()[-1]


def test_the_bands_are_searched_once_for_all_models_of_them(ask, cat, monkeypatch):
    searched, find = [], bandsearch.find
    fluxes._search.cache_clear()  # of other tests
    monkeypatch.setattr(bandsearch, "find", lambda fields, bands, given: searched.append(bands) or find(fields, bands))
    said = ask(cat, "--dry-run", task="photoz")  # three of its models take the bands of csst
    assert said.code == 0, said.err
    assert len(searched) == len(set(searched)) > 1


def test_pdf_is_a_normalised_vector(ask, cat):
    assert ask(cat, "--pdf").code == 0
    pdf = column(cat, "Z_PHOT_PDF")
    assert pdf.shape == (300, 40)
    assert np.allclose(pdf.sum(axis=1), 1, atol=1e-5)


def test_prefix_and_suffix_name_the_columns(ask, cat):
    assert ask(cat).code == 0
    assert ask(cat, "--prefix", "P_", "--suffix", "_2").code == 0
    assert np.array_equal(answers(cat), answers(cat, names=[f"P_{name}_2" for name in COLUMNS]))


def test_out_leaves_the_input_and_equals_a_run_in_place(ask, cat, tmp_path):
    before = snapshot(tmp_path)
    assert ask(cat, "--out", tmp_path / "new.fits").code == 0
    after = snapshot(tmp_path)
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {"new.fits"}
    assert ask(cat).code == 0
    assert np.array_equal(answers(cat), answers(tmp_path / "new.fits"))
    edited(cat, "OBJID", 7, -1)
    said = ask(cat, "--out", tmp_path / "new.fits")
    assert (said.code, "new.fits exists and holds other answers" in said.err) == (2, True)
    assert ask(cat, "--out", tmp_path / "new.fits", "--overwrite").code == 0


def test_a_pipeline_writes_nothing_but_the_catalogue(ask, cat, tmp_path, monkeypatch):
    with open(cat) as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        said = ask("-")
    assert said.code == 0
    (tmp_path / "new.fits").write_bytes(said.out)
    assert ask(cat).code == 0
    assert np.array_equal(answers(cat), answers(tmp_path / "new.fits"))


@pytest.mark.parametrize(("pack", "ending"), [(gzip.compress, "gz"), (bz2.compress, "bz2")], ids=["gz", "bz2"])
def test_archives_are_extended_in_place(ask, cat, tmp_path, pack, ending):
    packed = tmp_path / f"cat.fits.{ending}"
    original = pack(cat.read_bytes())
    packed.write_bytes(original)
    packed.chmod(0o640)
    assert ask(packed).code == 0
    assert packed.stat().st_mode & 0o777 == 0o640
    first = sha256(packed)
    assert ending == "bz2" or packed.read_bytes()[4:8] == bytes(4), "a gz archive holds its time here"
    assert ask(cat).code == 0
    opened = {"gz": gzip.decompress, "bz2": bz2.decompress}[ending](packed.read_bytes())
    assert np.array_equal(answers(cat), answers(packed))
    assert len(opened) == cat.stat().st_size
    assert ask(packed).err.endswith("nothing to do\n")
    assert sha256(packed) == first
    packed.write_bytes(original)
    assert ask(packed).code == 0
    assert sha256(packed) == first, "the same content is packed into the same bytes"


def test_several_catalogues_each_in_place(ask, tmp_path):
    cats = [write(tmp_path / f"{name}.fits", table(20, seed)) for seed, name in enumerate("ab")]
    said = ask(*cats, "--json")
    assert said.code == 0
    told = json.loads(said.out)
    assert [one["files"]["output"] for one in told["catalogues"]] == list(map(str, cats))
    assert all(np.isfinite(column(path, "Z_PHOT")).all() for path in cats)


def test_several_catalogues_are_all_looked_at_before_the_first_is_written(ask, tmp_path):
    cats = [write(tmp_path / "a.fits"), write(tmp_path / "b.fits", np.zeros(3, [("RA", ">f8")]))]
    before = snapshot(tmp_path)
    said = ask(*cats)
    assert said.code == 2
    assert len(said.err.splitlines()) == 2
    assert snapshot(tmp_path) == before


def test_json_is_one_object(ask, cat):
    said = ask(cat, "--json", "-q", "--bad", "OBJID < 3")
    assert (said.code, said.err) == (0, "")
    assert said.out.count(b"\n") == 1
    told = json.loads(said.out)
    assert (told["rows"], told["answered"], told["model"]) == (300, 297, "standin-sdss-flux")
    assert told["flagged"]["bad_row"] == 3
    assert told["rate"] > 0
    assert told["files"] == {"input": str(cat), "output": str(cat)}
    assert set(told["versions"]) == {"skycnn", "torch", "numpy"}
    again = json.loads(ask(cat, "--json", "-q", "--bad", "OBJID < 3").out)
    assert (again["unchanged"], again["answered"], again["rate"]) == (True, None, None)


def test_strict_tells_flagged_rows_by_its_code(ask, tmp_path):
    content = table(20)
    content["modelMag_u"][3] = np.nan
    cat = write(tmp_path / "cat.fits", content)
    said = ask(cat, "--strict")
    assert said.code == 3
    assert re.match(r"skycnn: error: rows were flagged: .*1 missing band", errors(said)[0])
    assert np.isfinite(column(cat, "Z_PHOT")).all(), "all is written"


def test_dry_run_touches_nothing_and_tells_all(ask, cat, tmp_path):
    before = snapshot(tmp_path)
    said = ask(cat, "--dry-run")
    assert said.code == 0
    assert snapshot(tmp_path) == before
    shown = said.out.decode()
    assert re.search(r"^u +modelMag_u +modelMagErr_u +mag", shown, re.MULTILINE)
    assert re.search(r"^Z_PHOT_FLAG +J", shown, re.MULTILINE)
    assert "standin-sdss-flux" in said.err
    assert re.search(r"300 rows, 0\.\d MB, about 1 s", said.err)
    (told,) = [json.loads(ask(cat, "--dry-run", "--json", "-q").out)]
    assert told["estimate_seconds"] > 0
    assert told["disk_bytes"] >= cat.stat().st_size + 300 * 20
    tmp_path.chmod(0o555)
    assert ask(cat, "--dry-run").code == 0
    tmp_path.chmod(0o755)


def test_dry_run_of_a_pipeline_is_no_binary(ask, cat, monkeypatch):
    with open(cat) as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        said = ask("-", "--dry-run")
    assert said.code == 0
    assert b"SIMPLE" not in said.out


def test_provenance_tells_the_whole_story(ask, cat, tmp_path):
    story = tmp_path / "run.json"
    assert ask(cat, "--provenance", story).code == 0
    told = json.loads(story.read_text())
    assert (told["verb"], told["task"], told["model"], told["rows"]) == ("predict", "standin", "standin-sdss-flux", 300)
    assert re.fullmatch("[0-9a-f]{64}", told["input_sha256"])
    assert told["used"] == [f"{stem}_{band}" for band in "ugriz" for stem in ("modelMag", "modelMagErr")]
    assert told["time"] == "2023-11-14T22:13:20Z"
    assert ask(cat, "--provenance", story, "--overwrite").code == 0, "an earlier story is replaced"


# A second run


def test_a_second_run_does_nothing_and_says_so(ask, cat, tmp_path):
    assert ask(cat).code == 0
    before = snapshot(tmp_path)
    said = ask(cat)
    assert said.code == 0
    assert len(said.err.splitlines()) == 1
    assert said.err.endswith("holds these answers already (same model, options, photometry); nothing to do\n")
    assert snapshot(tmp_path) == before
    assert ask(cat, "-q").err == ""


def test_an_output_asked_for_is_made_even_if_the_answers_are_there(ask, cat, tmp_path, monkeypatch):
    assert ask(cat).code == 0
    assert ask(cat, "--out", tmp_path / "new.fits").code == 0
    assert (tmp_path / "new.fits").read_bytes() == cat.read_bytes()
    with open(cat) as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        assert ask("-").out == cat.read_bytes()


def edited(path, name, row, value):
    with fits.open(path, mode="update") as units:
        units[1].data[name][row] = value


CHANGES = {
    "model": (["--model", "OTHER"], "model standin-sdss-flux .* then, standin-other-flux .* now"),
    "a band": (
        ["--band", "r=modelMag_i", "--error", "r=modelMagErr_i"],
        "other answers: columns .* then, .* now",
    ),
    "a unit": (["--unit", "r=mag"], "holds other answers: bands .* now"),
    "bad rows": (["--bad", "OBJID < 5"], "holds other answers: .*bad not given then, .*OBJID < 5.* now"),
    "extinction": (["--extinction", "none"], 'extinction not given then, "none" now'),
    "pdf": (["--pdf"], "of an earlier run, but no Z_PHOT_PDF"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_anything_else_is_refused_and_named(ask, cat, tmp_path, standin, what):
    words, told = CHANGES[what]
    words = [str(standin / "other" / "standin-other-flux.safetensors") if word == "OTHER" else word for word in words]
    assert ask(cat).code == 0
    before = snapshot(tmp_path)
    said = ask(cat, *words)
    assert said.code == 2
    assert re.match(f"skycnn: error: .*{told}", errors(said)[0])
    assert "--overwrite" in errors(said)[1]
    assert snapshot(tmp_path) == before
    assert ask(cat, *words, "--overwrite").code == 0
    assert ask(cat, *words).err.endswith("nothing to do\n")


def test_changed_photometry_is_refused(ask, cat, tmp_path):
    assert ask(cat).code == 0
    edited(cat, "modelMag_r", 7, 21.5)
    before = snapshot(tmp_path)
    said = ask(cat)
    assert said.code == 2
    assert re.search("the columns used or the rows have changed since 2023-11-14T22:13:20Z", errors(said)[0])
    assert re.search("--only-new .* --overwrite", errors(said)[1])
    assert snapshot(tmp_path) == before
    old = column(cat, "Z_PHOT")
    assert ask(cat, "--overwrite").code == 0
    assert np.flatnonzero(old != column(cat, "Z_PHOT")).tolist() == [7]


def test_names_in_another_case_are_the_same_columns(ask, cat):
    assert ask(cat).code == 0
    octets = cat.read_bytes()
    for name in (*table(0).dtype.names, *COLUMNS):
        octets = octets.replace(f"= '{name:8}'".encode(), f"= '{name.lower():8}'".encode())
    cat.write_bytes(octets)
    assert ask(cat).err.endswith("nothing to do\n")
    assert ask(cat, "--only-new").err.endswith("nothing to do\n")
    with fits.open(cat) as units:
        assert "z_phot" in units[1].columns.names and "modelmag_r" in units[1].columns.names


def test_columns_that_were_not_used_may_change(ask, cat):
    assert ask(cat).code == 0
    edited(cat, "OBJID", 7, -1)
    assert ask(cat).err.endswith("nothing to do\n")


def test_foreign_answers_are_never_taken_for_ours(ask, cat, tmp_path):
    assert ask(cat).code == 0
    with fits.open(cat) as units:
        units[1].header.remove("HISTORY", remove_all=True)
        units.writeto(tmp_path / "stripped.fits")
    said = ask(tmp_path / "stripped.fits")
    assert (said.code, "no record that skycnn wrote it" in said.err) == (2, True)


# Rows that are new


def appended(path, tool, rows):
    """Append rows without answers, as astropy and fitsio do: what is not given is zero."""
    more = table(rows, seed=9)
    if tool == "fitsio":
        with fitsio.FITS(str(path), "rw") as file:
            whole = np.zeros(rows, file[1].get_rec_dtype()[0])
            for name in more.dtype.names:
                whole[name] = more[name]
            file[1].append(whole)
        return
    with fits.open(path) as units:
        old = units[1]
        new = fits.BinTableHDU.from_columns(old.columns, nrows=len(old.data) + rows, header=old.header)
        for name in new.columns.names:
            new.data[name][len(old.data) :] = more[name] if name in more.dtype.names else 0
        fits.HDUList([units[0].copy(), new]).writeto(path, overwrite=True)


@pytest.mark.parametrize("tool", ["astropy", "fitsio"])
def test_only_new_answers_appended_rows_and_no_others(ask, cat, tmp_path, tool):
    assert ask(cat, "--bad", "OBJID < 2").code == 0
    old = answers(cat)
    appended(cat, tool, 20)
    said = ask(cat, "--bad", "OBJID < 2")
    assert (said.code, "--only-new" in errors(said)[1]) == (2, True)
    assert ask(cat, "--bad", "OBJID < 2", "--only-new").code == 0
    new = answers(cat)
    assert np.array_equal(new[:300], old, equal_nan=True)
    fresh = write(tmp_path / "fresh.fits", table(20, seed=9))
    assert ask(fresh, "--bad", "OBJID < 2").code == 0
    assert np.allclose(new[300:], answers(fresh), atol=1e-6, equal_nan=True)
    before = snapshot(tmp_path)
    assert ask(cat, "--bad", "OBJID < 2", "--only-new").err.endswith("nothing to do\n")
    assert ask(cat, "--bad", "OBJID < 2").err.endswith("nothing to do\n")
    assert snapshot(tmp_path) == before


def test_only_new_marks_answers_of_other_photometry(ask, cat):
    assert ask(cat).code == 0
    old = column(cat, "Z_PHOT")
    appended(cat, "fitsio", 20)
    edited(cat, "modelMag_r", [7, 9], [21.5, 16.5])
    said = ask(cat, "--only-new", "--json")
    assert said.code == 3
    assert "300 earlier answers will be compared with what their photometry gives now" in said.err
    assert "2 rows of" in errors(said)[0] and "hold answers of other photometry" in errors(said)[0]
    assert "--overwrite" in errors(said)[1]
    told = json.loads(said.out)
    wanted = {"asked": 20, "compared": 300, "other_photometry": 2}
    assert {name: told[name] for name in wanted} == wanted
    assert np.array_equal(column(cat, "Z_PHOT")[:300], old)
    assert np.isfinite(column(cat, "Z_PHOT")[300:]).all()
    assert np.flatnonzero(column(cat, "Z_PHOT_FLAG") & Flag.OTHER_PHOTOMETRY).tolist() == [7, 9]
    with Catalogue.open(str(cat)) as opened:
        counts = {"rows": 320, "answered": 20, "compared": 300, "other_photometry": 2}
        assert opened.records()[-1].counts == counts
    before = cat.read_bytes()
    said = ask(cat, "--only-new")  # cron goes on to tell it, and writes nothing
    assert (said.code, cat.read_bytes()) == (3, before)
    assert "nothing to do" not in said.err
    said = ask(cat)
    assert (said.code, "holds answers of other photometry in 2 rows" in errors(said)[0]) == (2, True)
    assert ask(cat, "--overwrite").code == 0
    assert ask(cat, "--only-new").err.endswith("nothing to do\n")


def test_only_new_on_a_fresh_catalogue_answers_all(ask, cat):
    assert ask(cat, "--only-new").code == 0
    assert np.isfinite(column(cat, "Z_PHOT")).all()


def test_only_new_never_mixes_models(ask, cat, tmp_path, standin):
    assert ask(cat, "--rows", "0:10").code == 0
    before = snapshot(tmp_path)
    said = ask(cat, "--only-new", "--model", standin / "other" / "standin-other-flux.safetensors")
    assert (said.code, "holds other answers: model" in errors(said)[0]) == (2, True)
    assert snapshot(tmp_path) == before


def test_rows_answers_these_and_only_new_the_rest(ask, cat, tmp_path):
    assert ask(cat, "--rows", "10:30").code == 0
    first = answers(cat)
    assert np.flatnonzero(first[:, 4] != NOT_RUN).tolist() == list(range(10, 30))
    assert np.isnan(first[:10, :4]).all()
    assert ask(cat, "--rows", "10:30").err.endswith("nothing to do\n")
    said = ask(cat)
    assert said.code == 2
    assert "280 rows asked for without an answer" in errors(said)[0]
    assert "--only-new" in errors(said)[1]
    assert ask(cat, "--only-new", "--rows", "0:20").code == 0
    assert np.flatnonzero(answers(cat)[:, 4] != NOT_RUN).tolist() == list(range(30))
    assert ask(cat, "--only-new").code == 0
    whole = write(tmp_path / "whole.fits", table(300))
    assert ask(whole).code == 0
    assert np.array_equal(answers(cat), answers(whole))
    assert ask(cat).err.endswith("nothing to do\n")


def test_rows_of_another_model_are_not_forgotten(ask, cat, standin):
    other = ["--model", standin / "other" / "standin-other-flux.safetensors"]
    assert ask(cat).code == 0
    assert ask(cat, *other, "--rows", "0:10", "--overwrite").code == 0
    for words in ([], other, [*other, "--only-new"]):
        said = ask(cat, *words)
        assert (said.code, "holds other answers: model" in errors(said)[0]) == (2, True)


# What the answers do not depend on


def test_answers_do_not_depend_on_the_place_of_a_row(ask, tmp_path, small_chunks):
    content = table(300)
    order = np.random.default_rng(1).permutation(300)
    cats = [write(tmp_path / f"{name}.fits", rows) for name, rows in (("a", content), ("b", content[order]))]
    for path in cats:
        assert ask(path).code == 0
    assert np.allclose(answers(cats[0])[order], answers(cats[1]), atol=1e-6, rtol=0)


@pytest.mark.parametrize("rows", ["0:64", "63:65", "100:101", "17:291", "290:"])
def test_rows_get_the_bytes_of_a_full_run(ask, tmp_path, rows, small_chunks):
    cats = [write(tmp_path / f"{name}.fits", table(300)) for name in "ab"]
    assert ask(cats[0]).code == 0
    assert ask(cats[1], "--rows", rows).code == 0
    start, _, end = rows.partition(":")
    part = np.arange(int(start), int(end or 300))
    assert np.array_equal(answers(cats[0])[part], answers(cats[1])[part])
    assert (np.delete(answers(cats[1])[:, 4], part) == NOT_RUN).all()


def test_answers_do_not_depend_on_batches_or_chunks(ask, tmp_path, request):
    cats = [write(tmp_path / f"{name}.fits", table(300)) for name in "abc"]
    assert ask(cats[0]).code == 0
    request.getfixturevalue("small_chunks")
    assert ask(cats[1]).code == 0
    assert ask(cats[2], "--batch", "7").code == 0
    for path in cats[1:]:
        assert np.allclose(answers(cats[0]), answers(path), atol=1e-6, rtol=0)


def test_a_batch_that_does_not_fit_is_halved(ask, tmp_path, monkeypatch):
    cats = [write(tmp_path / f"{name}.fits", table(300)) for name in "ab"]
    assert ask(cats[0]).code == 0
    sizes, inner = [], inference.Inference._batch

    def meagre(self, inputs, reduce):
        sizes.append(len(inputs["flux"]))
        if sizes[-1] > 40:
            raise MemoryError
        return inner(self, inputs, reduce)

    monkeypatch.setattr(inference.Inference, "_batch", meagre)
    assert ask(cats[1]).code == 0
    assert max(sizes) == 300
    assert sizes[-1] <= 40
    assert np.allclose(answers(cats[0]), answers(cats[1]), atol=1e-6, rtol=0)


def test_memory_that_never_suffices_is_told(ask, cat, tmp_path, monkeypatch):
    def never(self, inputs, reduce):
        raise RuntimeError("[enforce fail at alloc_cpu.cpp:124] . DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(inference.Inference, "_batch", never)
    before = snapshot(tmp_path)
    said = ask(cat)
    assert (said.code, errors(said)[0]) == (1, "skycnn: error: out of memory for a single row")
    assert snapshot(tmp_path) == before


# Flags


def test_flags_say_what_the_schema_says(ask, tmp_path):
    content = table(6)
    content["modelMag_u"][1] = -9999
    content["modelMagErr_r"][2] = 0
    for band in "griz":
        content[f"modelMag_{band}"][3] = np.nan
    cat = write(tmp_path / "cat.fits", content)
    assert ask(cat, "--bad", "OBJID == 4").code == 0
    flags = column(cat, "Z_PHOT_FLAG")
    bits = Flag.MISSING_BAND | Flag.TOO_FEW_BANDS | Flag.BAD_ROW
    assert (flags & bits).tolist() == [0, Flag.MISSING_BAND, Flag.MISSING_BAND, Flag.TOO_FEW_BANDS, Flag.BAD_ROW, 0]
    assert np.isfinite(column(cat, "Z_PHOT")).tolist() == [True, True, True, False, False, True]


IDS = 39627788403084375 + np.arange(8)


@pytest.mark.parametrize(
    ("condition", "rows"),
    [
        (f"TARGETID == {IDS[3]}", [3]),
        (f"TARGETID in ({IDS[2]}, {IDS[5]})", [2, 5]),
        ("TARGETID != TARGETID", [7]),
        ("MASK & 2", [2, 3, 6, 7]),
        ("MASK & 0x2 != 0", [2, 3, 6, 7]),
        ("(MASK & 2) != 0 and CLASS == 'STAR'", [3, 6]),
        ("CLASS not in ('GALAXY', 'QSO') & MASK > 3", [6]),
        ("flags & (EDGE | SATURATED)", [2, 5]),
    ],
)
def test_rows_are_dropped_by_exact_ids_bits_and_text(ask, tmp_path, condition, rows):
    classes = np.array(["GALAXY", "QSO", "GALAXY", "STAR", "GALAXY", "QSO", "STAR", "GALAXY"])
    flags = np.array([0, 1, 4, 8, 0, 1 << 18, 2, 0])
    cat = write(
        tmp_path / "cat.fits", table(8, TARGETID=IDS, MASK=np.arange(8, dtype="i2"), CLASS=classes, flags=flags)
    )
    with fits.open(cat, "update") as file:
        file[1].header[f"TNULL{file[1].columns.names.index('TARGETID') + 1}"] = int(IDS[7])
    assert ask(cat, "--bad", condition, "--survey", "sdss").code == 0
    assert np.flatnonzero(column(cat, "Z_PHOT_FLAG") & Flag.BAD_ROW).tolist() == rows


def test_other_bits_of_the_same_name_are_other_answers(ask, cat, tmp_path):
    mine = tmp_path / "mine.toml"
    bands = "".join(f"[{key}]\n" + "".join(f"{b} = 1\n" for b in "ugriz") for key in ("psf", "extinction"))
    depth = "[depth]\n" + "".join(f"{b} = 25\n" for b in "ugriz")
    text = f'name = "mine"\nbands = {list("ugriz")}\npixel_scale = 0.3\n{bands}{depth}[bits.OBJID]\nODD = 0\n'
    mine.write_text(text)
    words = ("--survey", str(mine), "--model", "standin-sdss-flux", "--bad", "OBJID.ODD")
    assert ask(cat, *words).code == 0
    assert ask(cat, *words).err.endswith("nothing to do\n")
    mine.write_text(text.replace("ODD = 0", "ODD = 1"))
    assert "holds other answers: " in errors(ask(cat, *words))[0]


def test_a_band_that_is_masked_is_missing(ask, tmp_path):
    cat = write(tmp_path / "cat.fits", table(4, MASK=np.array([0, 1, 0, 0], "i2")))
    assert ask(cat, "--mask-band", "r=MASK").code == 0
    assert (column(cat, "Z_PHOT_FLAG") & Flag.MISSING_BAND).tolist() == [0, Flag.MISSING_BAND, 0, 0]


# The model that ships, on real galaxies

SAMPLE = Path(__file__).parents[1] / "examples" / "sdss_sample.fits"


def without(path, bands):
    """Write the sample without these bands."""
    with fits.open(SAMPLE) as units:
        kept = [c for c in units["GALAXIES"].columns if c.name.removeprefix("e_").removesuffix("mag") not in bands]
        return write(path, fits.BinTableHDU.from_columns(kept))


def test_fewer_bands_give_wider_intervals(ask, tmp_path):
    widths = {}
    for lost in ("", "u", "uiz"):
        cat = without(tmp_path / f"cat{lost}.fits", lost)
        said = ask(cat, "--model", "photoz-sdss-flux", task="photoz")
        assert said.code == 0, said.err
        assert ((column(cat, "Z_PHOT_FLAG") & Flag.MISSING_BAND) > 0).all() == bool(lost)
        assert f"no photometry for {' '.join(lost)}" in said.err or not lost
        truth, value = column(cat, "zsp"), column(cat, "Z_PHOT")
        low, high = column(cat, "Z_PHOT_LO"), column(cat, "Z_PHOT_HI")
        widths[lost] = np.median(high - low)
        assert 0.55 < np.mean((low <= truth) & (truth <= high)) < 0.8
        assert np.median(np.abs(value - truth) / (1 + truth)) < 0.05
    assert widths[""] < widths["u"] < widths["uiz"]


def test_too_few_bands_need_the_model_by_name(ask, tmp_path):
    said = ask(without(tmp_path / "cat.fits", "uiz"), task="photoz")
    assert said.code == 2
    assert "photoz-sdss-flux has 2 of its 5 bands, without u i z" in errors(said)[0]
    assert errors(said)[1] == "hint: --model photoz-sdss-flux goes on with them."


# Which model answers where there are stamps

CSST = ("NUV", "u", "g", "r", "i", "z", "y")
REST = "Without --images and --stamps photoz-csst-flux answers."


@pytest.fixture
def stampfile(tmp_path):
    """Return a maker of stamp files like those of CSST: 8 rows of fluxes and of noise as stamps."""

    def make(bands=CSST, side=32, scale=0.074, survey="csst"):
        random = np.random.default_rng(0)
        images = fits.ImageHDU(random.normal(0, 1, (8, len(bands), side, side)).astype("f4"), name="IMAGES")
        images.header.update({"BANDS": " ".join(bands), "PIXSCALE": scale})
        held = [fits.Column(f"FLUX_{b}", "E", "uJy", array=random.uniform(1, 3, 8)) for b in CSST]
        held += [fits.Column(f"FLUXERR_{b}", "E", "uJy", array=np.full(8, 0.1)) for b in CSST]
        rows = fits.BinTableHDU.from_columns(held, name="CATALOGUE")
        if survey:
            rows.header["SURVEY"] = survey
        fits.HDUList([fits.PrimaryHDU(), images, rows]).writeto(tmp_path / "stamps.fits")
        return tmp_path / "stamps.fits"

    return make


def left_out(said):
    return [line.removeprefix("skycnn: ") for line in said.err.splitlines() if "left out" in line]


@pytest.mark.parametrize(
    ("stamps", "why"),
    [
        ({"scale": 0.1}, "was trained on pixels of 0.074 arcsec; these have 0.1 arcsec"),
        ({"side": 16}, "needs stamps of 32 pixels; these have 16"),
        ({"bands": CSST[:5]}, "has 5 of its 7 bands, without z y; photoz-csst-flux has 7 of 7"),
        ({"bands": "KH"}, f"needs images of {' '.join(CSST)}; there are K H"),
    ],
)
def test_stamps_that_do_not_serve_are_told_and_an_error_where_they_were_named(ask, stampfile, tmp_path, stamps, why):
    path = stampfile(**stamps)
    said = ask(path, "--dry-run", task="photoz")
    assert said.code == 0, said.err
    assert said.err.startswith("skycnn: photoz-csst-flux answers for")
    assert left_out(said) == [f"photoz-csst-{kind} left out: {why}" for kind in ("hybrid", "image")]
    told = json.loads(ask(path, "--dry-run", "--json", task="photoz").out)
    assert told["notes"][:2] == left_out(said)
    before = sha256(path)
    said = ask(path, "--stamps", path, "--out", tmp_path / "new.fits", task="photoz")
    assert said.code == 2
    assert f"the images named cannot be used: photoz-csst-hybrid {why}" in errors(said)[0]
    assert errors(said)[1].endswith(REST) and errors(said)[1] != f"hint: {REST}"
    assert (sha256(path), (tmp_path / "new.fits").exists()) == (before, False)


def test_nothing_is_left_out_where_the_best_kind_answers_or_there_are_no_stamps(ask, stampfile, tmp_path):
    path = stampfile()
    said = ask(path, "--dry-run", task="photoz")
    assert (said.code, left_out(said)) == (0, [])
    assert said.err.startswith("skycnn: photoz-csst-hybrid answers for")
    with fits.open(path) as file:
        file["CATALOGUE"].writeto(tmp_path / "cat.fits")
    said = ask(tmp_path / "cat.fits", "--dry-run", task="photoz")
    assert (said.code, left_out(said)) == (0, [])
    assert said.err.startswith("skycnn: photoz-csst-flux answers for")
    said = ask(path, "--dry-run", "--model", "photoz-csst-flux", task="photoz")
    assert (said.code, left_out(said)) == (0, [])


def test_a_survey_without_a_model_of_images_is_told(ask, stampfile):
    path = stampfile()
    said = ask(path, "--survey", "sdss", "--dry-run", task="photoz")
    assert said.code == 0, said.err
    assert "skycnn: the stamps are not used: no photoz model of images was trained for survey 'sdss'\n" in said.err
    assert "skycnn: filters: sdss, by --survey (the SURVEY card says csst)\n" in said.err
    said = ask(path, "--survey", "sdss", "--stamps", path, "--dry-run", task="photoz")
    assert said.code == 2
    assert "cannot be used: no photoz model of images was trained for survey 'sdss'" in errors(said)[0]
    assert errors(said)[1] == f"hint: {REST.replace('csst', 'sdss')}"


def test_a_model_by_name_that_takes_no_images_is_told_by_its_name(ask, stampfile):
    path = stampfile()
    said = ask(path, "--model", "photoz-csst-flux", "--stamps", path, task="photoz")
    assert said.code == 2
    assert errors(said) == [
        "skycnn: error: photoz-csst-flux takes no images",
        "hint: Leave --model out, or what is said of images.",
    ]


def test_the_survey_named_is_written_down_as_such(ask, stampfile):
    path = stampfile(survey=None)
    assert ask(path, "--survey", "csst", "--model", "photoz-csst-flux", task="photoz").code == 0
    with fits.open(path) as file:
        history = "\n".join(file["CATALOGUE"].header["HISTORY"])
    assert "note    filters: csst, by --survey\n" in history
