"""explain from end to end: maps of stamps, columns of shares, galleries, and what a second run does."""

import gzip
import json
import re

import numpy as np
import pytest
from astropy.io import fits
from astropy.io.votable.ucd import check_ucd
from astropy.wcs import WCS

import hardcase
import mappedstamps
import rawfits
from mappedstamps import BANDS, HOSTILE, ROWS, SIDE
from sdsslike import column, snapshot, table, write
from skycnn.errors import Interrupted
from skycnn.inputs import maprun
from skycnn.inputs.explaining import Explaining
from skycnn.schema import NOT_RUN, Flag
from skycnn.stamps.stampfile.cube import Cube
from skycnn.verbs import explain as verb

pytestmark = pytest.mark.filterwarnings("ignore:It is strongly recommended that column names")

FLUXES = [f"Z_PHOT_{kind}" for kind in ("EXPLAINED", "REFERENCE", "RESIDUAL")]
SHARES = [f"Z_PHOT_WHY_{band}" for band in "UGRIZ"]
WITHOUT = [f"Z_PHOT_WITHOUT_{band}" for band in "UGRIZ"]
COLUMNS = [*FLUXES, *SHARES, *WITHOUT, "Z_PHOT_STEPS", "Z_PHOT_EXPLAINED_FLAG"]


@pytest.fixture
def run(capfdbinary, monkeypatch):
    return mappedstamps.caller(capfdbinary, monkeypatch)


@pytest.fixture
def cat(standin, tmp_path):
    return write(tmp_path / "cat.fits", table(60, Z_SPEC=np.linspace(0.01, 1.1, 60)), checksum=True)


@pytest.fixture
def fluxes(run, cat):
    """Explain the answers of the stand-in, with few steps."""
    return lambda *words, to=cat: run("explain", to, "--task", "standin", "--steps", 8, *words)


@pytest.fixture
def stamps(monkeypatch, tmp_path):
    mappedstamps.install(tmp_path, monkeypatch)
    return mappedstamps.stamp_file(tmp_path / "stamps.fits")


@pytest.fixture
def images(run, stamps, tmp_path):
    """Explain the answers of a model of stamps, with few steps."""
    made = mappedstamps.image_model(tmp_path)
    words = ("--task", "mappedmerger", "--model", made, "--steps", 8)
    return lambda *more, method="ig", to=stamps: run("explain", to, *words, "--method", method, *more)


# Columns of a catalogue of fluxes


def test_fluxes_get_columns_in_place(fluxes, cat):
    said = fluxes()
    assert said.code == 0, said.err
    with fits.open(cat, checksum=True) as held:
        names, header = held[1].columns.names, held[1].header
    assert names[-len(COLUMNS) :] == COLUMNS
    assert "60 of 60 rows explained" in said.err
    values = {name: column(cat, name).astype(float) for name in COLUMNS}
    total = sum(values[name] for name in SHARES)
    np.testing.assert_allclose(total - (values[FLUXES[0]] - values[FLUXES[1]]), values["Z_PHOT_RESIDUAL"], atol=1e-5)
    assert (values["Z_PHOT_STEPS"] == 8).all()
    record = "".join(str(line) for line in header["HISTORY"])
    assert "explain standin" in record and '"method": "ig"' in record and '"baseline": "blurred"' in record


def test_all_other_bytes_stay(fluxes, hard):
    before = hard.read_bytes()
    said = fluxes(to=f"{hard}[{hardcase.NUMBER}]")
    assert said.code == 0, said.err
    after = hard.read_bytes()
    lines = [card[8:].decode().rstrip() for card in rawfits.units(after)[0][hardcase.NUMBER].cards]
    start = max(i for i, line in enumerate(lines) if line.startswith("skycnn  "))
    lines = [line for line in lines[start:] if line]
    unit = rawfits.check_extended(before, after, hardcase.NUMBER, [4] * len(COLUMNS), lines)
    assert rawfits.is_sound(unit)
    header = fits.getheader(hard, hardcase.NUMBER)
    first = header["TFIELDS"] - len(COLUMNS) + 1
    for i, name in enumerate(COLUMNS, first):
        assert (header[f"TTYPE{i}"], bool(header[f"TCOMM{i}"]), bool(header[f"TDISP{i}"])) == (name, True, True)
        assert check_ucd(header[f"TUCD{i}"], check_controlled_vocabulary=True), name


def test_without_a_band_is_what_predict_says_without_it(fluxes, run, cat, tmp_path):
    assert fluxes().code == 0
    content = table(60)
    content["modelMag_g"] = np.nan
    gone = write(tmp_path / "gone.fits", content)
    assert run("predict", gone, "--task", "standin").code == 0
    np.testing.assert_allclose(column(cat, "Z_PHOT_WITHOUT_G"), column(gone, "Z_PHOT"), rtol=1e-5)


def test_a_second_run_does_nothing(fluxes, cat):
    assert fluxes().code == 0
    before = cat.read_bytes()
    said = fluxes()
    assert (said.code, cat.read_bytes() == before) == (0, True)
    assert "nothing to do" in said.err
    said = fluxes("--baseline", "zero")
    assert said.code == 2
    assert 'baseline "blurred" then, "zero" now' in said.err
    assert fluxes("--baseline", "zero", "--overwrite").code == 0
    assert cat.read_bytes() != before


def test_predict_does_not_take_shares_for_photometry(fluxes, run, cat):
    words = ("predict", cat, "--task", "standin", "--dry-run", "--json", "-q")
    before = json.loads(run(*words).out)["bands"]
    assert fluxes().code == 0
    assert json.loads(run(*words).out)["bands"] == before
    assert run("predict", cat, "--task", "standin").code == 0
    assert "nothing to do" in fluxes().err


def test_rows_not_selected_are_null(fluxes, cat):
    said = fluxes("--where", "Z_SPEC > 0.5 and modelMag_r > 0")
    assert said.code == 0, said.err
    chosen = column(cat, "Z_SPEC") > 0.5
    assert np.array_equal(np.isfinite(column(cat, "Z_PHOT_EXPLAINED")), chosen)
    assert np.array_equal(column(cat, "Z_PHOT_EXPLAINED_FLAG") == NOT_RUN, ~chosen)


@pytest.mark.parametrize(
    "where",
    [
        "__import__('os').system('touch hacked')",
        "Z_SPEC.__class__",
        "lambda: 0",
        "open('x')",
        "Z_SPEC > (1",
        "NOPE > 1",
    ],
)
def test_where_evaluates_no_code(fluxes, cat, tmp_path, monkeypatch, where):
    monkeypatch.chdir(tmp_path)
    before = snapshot(tmp_path)
    said = fluxes("--where", where)
    assert said.code == 2
    assert "--where" in said.err
    assert len(said.err.splitlines()) <= 2
    assert snapshot(tmp_path) == before


def test_where_takes_hostile_names(images, tmp_path):
    said = images("--where", "`<i>MAG</i>` > 21.5 and NAME != 'J0003'", "--out", tmp_path / "maps.fits")
    assert said.code == 0, said.err
    with fits.open(tmp_path / "maps.fits") as held:
        assert (held[1].data["<i>MAG</i>"] > 21.5).all()
        assert 0 < len(held[1].data) < ROWS


@pytest.mark.parametrize("kind", ["columns", "maps", "chosen maps"])
def test_a_killed_run_goes_on_and_gives_the_same_bytes(request, tmp_path, monkeypatch, kind):
    run = request.getfixturevalue("fluxes" if kind == "columns" else "images")
    monkeypatch.setattr(verb, "STEP", 16)
    monkeypatch.setattr(maprun, "CHUNK", 16)
    more = ("--where", "MERGER_TRUE == 1") if kind == "chosen maps" else ()
    whole, out = tmp_path / "whole.fits", tmp_path / "out.fits"
    words = (*more, "--out", out)
    assert run(*words).code == 0
    out.rename(whole)
    with monkeypatch.context() as patch:
        explain, seen = Explaining.explain, []

        def stop(self, *given, **settings):
            seen.append(given)
            if len(seen) == 3:
                raise Interrupted(2)
            return explain(self, *given, **settings)

        patch.setattr(Explaining, "explain", stop)
        assert run(*words).code == 130
    assert not out.exists()
    assert any(entry.name.startswith(".out") for entry in tmp_path.iterdir())
    said = run(*words)
    assert said.code == 0, said.err
    assert "taken over from an earlier run" in said.err
    assert out.read_bytes() == whole.read_bytes()
    assert not any(entry.name.startswith(".out") for entry in tmp_path.iterdir())


# Maps of stamps


def test_maps_have_the_layout_of_stamps(images, stamps, tmp_path):
    out = tmp_path / "maps.fits"
    said = images("--out", out)
    assert said.code == 0, said.err
    with fits.open(stamps) as old, fits.open(out, checksum=True) as held:
        header, maps, rows = held[0].header, held[0].data, held["CATALOGUE"].data
        assert maps.shape == (ROWS, len(BANDS), SIDE, SIDE)
        for name in old[1].columns.names:
            assert np.array_equal(rows[name], old[1].data[name]), name
        assert rows["NAME"][7] == HOSTILE
        wanted = {
            "BANDS": "g r",
            "PIXSCALE": 0.2,
            "BUNIT": "",
            "EXPLAINS": "P_MERGER",
            "METHOD": "ig",
            "MODEL": "small",
        }
        assert {name: header[name] for name in wanted} == wanted
        assert header["BASELINE"] == "blurred" and header["BOUND"] == 0.01 and len(header["MODELSHA"]) == 64
        sky = WCS(old[0].header, naxis=2).pixel_to_world(11.5, 11.5)
        assert sky.separation(WCS(header, naxis=2).pixel_to_world(9.5, 9.5)).arcsec < 1e-6
        total = maps.sum(axis=(1, 2, 3), dtype=np.float64)
        known = np.isfinite(total)
        assert known.sum() == ROWS - 2
        away = rows["P_MERGER_EXPLAINED"] - rows["P_MERGER_REFERENCE"]
        np.testing.assert_allclose((total - away)[known], rows["P_MERGER_RESIDUAL"][known], atol=1e-4)
        assert (rows["P_MERGER_STEPS"][known] == 8).all()
        history = "".join(map(str, held["CATALOGUE"].header["HISTORY"]))
        assert "explain mappedmerger" in history and header["MODELSHA"] in history
    with Cube.open(str(out)) as cube:
        assert (cube.rows, cube.bands, cube.side) == (ROWS, BANDS, SIDE)


def test_rows_without_an_answer_keep_their_place(images, tmp_path):
    assert images("--out", tmp_path / "maps.fits").code == 0
    with fits.open(tmp_path / "maps.fits") as held:
        maps, rows = held[0].data, held[1].data
    for row in (4, 5):  # nothing of it, and one of two bands
        assert np.isnan(maps[row]).all()
        assert np.isnan(rows["P_MERGER_EXPLAINED"][row])
        assert rows["STAMP_FLAG"][row] & Flag.TOO_FEW_BANDS
    assert rows["STAMP_FLAG"][6] & Flag.NAN_PIXELS
    assert np.isfinite(maps[6]).all()


@pytest.mark.parametrize("method", ["joint", "cam"])
def test_maps_of_all_bands_have_one_plane(images, tmp_path, method):
    said = images("--out", tmp_path / "maps.fits", method=method)
    assert said.code == 0, said.err
    with fits.open(tmp_path / "maps.fits") as held:
        assert held[0].data.shape == (ROWS, 1, SIDE, SIDE)
        assert held[0].header["BANDS"] == method
        assert np.isfinite(held[0].data[0]).all()
        assert held[0].data[0].any()
        assert {"STAMP_DX", "STAMP_DY", "STAMP_FLAG"} <= set(held[1].columns.names)


@pytest.mark.parametrize("rows", ["3:9", "7:", ":1"])
def test_rows_of_a_range(images, stamps, tmp_path, rows):
    whole, part = tmp_path / "whole.fits", tmp_path / "part.fits"
    assert images("--out", whole).code == 0
    assert images("--rows", rows, "--out", part).code == 0
    span = slice(*(int(end) if end else None for end in rows.split(":")))
    with fits.open(whole) as one, fits.open(part) as two:
        np.testing.assert_allclose(two[0].data, one[0].data[span], rtol=1e-4, atol=1e-6)
        assert two[1].data["NAME"].tolist() == one[1].data["NAME"][span].tolist()


def test_maps_that_are_there_are_left(images, stamps, tmp_path):
    out, page = tmp_path / "maps.fits", tmp_path / "page.html"
    assert images("--out", out).code == 0
    before = out.read_bytes()
    said = images("--out", out, "--html", page)
    assert (said.code, "nothing to do" in said.err, out.read_bytes() == before) == (0, True, True)
    assert page.exists()
    said = images("--out", out, "--where", "MERGER_TRUE == 1")
    assert said.code == 2
    assert "exists and holds other maps" in said.err
    with fits.open(stamps, mode="update") as held:
        held[0].data[0] *= 1.5
    said = images("--out", out)
    assert said.code == 2
    assert "the catalogue has changed" in said.err
    assert images("--out", out, "--overwrite").code == 0
    assert out.read_bytes() != before


def test_maps_need_a_file(images, stamps, tmp_path):
    before = snapshot(tmp_path)
    said = images()
    assert said.code == 2
    assert "--out maps.fits" in said.err
    for word in ("--only-new", "--table-only"):
        said = images(word, "--out", tmp_path / "maps.fits")
        assert (said.code, word in said.err) == (2, True)
    assert snapshot(tmp_path) == before


# The worst rows, galleries, words


def test_the_worst_are_those_of_largest_error(fluxes, run, cat, tmp_path):
    plain = tmp_path / "plain.fits"
    plain.write_bytes(cat.read_bytes())
    assert run("predict", cat, "--task", "standin").code == 0
    error = np.abs(column(cat, "Z_PHOT") - column(cat, "Z_SPEC")) / (1 + column(cat, "Z_SPEC"))
    worst = np.argsort(-error, kind="stable")[:5]
    for path, words in ((cat, "by Z_PHOT as it stands"), (plain, "by Z_PHOT, computed now")):
        out = tmp_path / f"worst-{path.name}"
        said = fluxes(
            "--worst", 5, "--truth", "Z_SPEC", "--out", out, "--html", tmp_path / f"{path.stem}.html", to=path
        )
        assert said.code == 0, said.err
        assert words in said.err
        assert np.flatnonzero(np.isfinite(column(out, "Z_PHOT_EXPLAINED"))).tolist() == sorted(worst.tolist())
        page = (tmp_path / f"{path.stem}.html").read_text()
        assert [int(row) for row in re.findall(r'data-row="(\d+)"', page)] == worst.tolist()
    said = fluxes("--worst", 5, "--truth", "NOPE", "--html", tmp_path / "no.html")
    assert (said.code, "NOPE" in said.err) == (2, True)


def test_a_gallery_leaves_the_catalogue_as_it_is(fluxes, cat, tmp_path):
    before = snapshot(tmp_path)
    said = fluxes("--html", tmp_path / "g.html", "--png", tmp_path / "pictures", "--rows", "0:3")
    assert said.code == 0, said.err
    after = snapshot(tmp_path)
    assert {name: after[name] for name in before} == before
    new = set(after) - set(before)
    assert new == {"g.html", "pictures", *(f"pictures/row{i:06d}.png" for i in range(3))}
    page = (tmp_path / "g.html").read_text()
    assert page.count("<article") == 3
    assert "without it" in page
    said = fluxes("--html", tmp_path / "g.html", "--rows", "0:3")
    assert (said.code, "exists" in said.err) == (2, True)


def test_a_gallery_alone_is_of_fifty_rows(fluxes, tmp_path):
    said = fluxes("--html", tmp_path / "g.html")
    assert said.code == 0, said.err
    assert "the first 50 of 60 rows" in said.err
    assert (tmp_path / "g.html").read_text().count("<article") == 50


def test_hostile_text_is_shown_and_not_run(images, tmp_path):
    page = tmp_path / "g.html"
    said = images("--rows", "5:9", "--html", page, "--out", tmp_path / "maps.fits")
    assert said.code == 0, said.err
    text = page.read_text()
    assert "<script>alert" not in text and "<i>MAG" not in text
    assert "&lt;script&gt;alert" in text
    assert text.count("<article") == 4


def test_a_gallery_of_maps_that_were_taken_over_is_whole(images, tmp_path, monkeypatch):
    monkeypatch.setattr(maprun, "CHUNK", 16)
    out, page = tmp_path / "maps.fits", tmp_path / "g.html"
    with monkeypatch.context() as patch:
        explain, seen = Explaining.explain, []

        def stop(self, *given, **settings):
            seen.append(given)
            if len(seen) == 2:
                raise Interrupted(2)
            return explain(self, *given, **settings)

        patch.setattr(Explaining, "explain", stop)
        assert images("--out", out, "--html", page).code == 130
    assert not page.exists()
    assert images("--out", out, "--html", page).code == 0
    assert page.read_text().count("<article") == ROWS


@pytest.mark.parametrize("kind", ["fluxes", "images"])
def test_check_tells_whether_maps_depend_on_the_weights(request, tmp_path, kind):
    run, before = request.getfixturevalue(kind), snapshot(tmp_path)
    said = run("--rows", "0:12", "--check")
    assert said.code == 0, said.err
    lines = said.out.decode().splitlines()
    assert [line.split()[0] for line in lines[2:]] == ["correlation", "the", "deletion", "insertion"]
    found = json.loads(run("--rows", "0:12", "--check", "--json", "-q").out)["check"]
    assert found["rows"] == (12 if kind == "fluxes" else 10)
    assert found["survives"] == (found["correlation"] > 0.2)
    assert set(snapshot(tmp_path)) - set(before) <= {"small.safetensors"}
    assert run("--rows", "4:5", "--check").code == (0 if kind == "fluxes" else 2)


@pytest.mark.parametrize("kind", ["fluxes", "images"])
def test_dry_run_touches_nothing(request, tmp_path, kind):
    run = request.getfixturevalue(kind)
    made = ("--out", tmp_path / "out.fits", "--html", tmp_path / "g.html", "--png", tmp_path / "pictures")
    before = snapshot(tmp_path)
    said = run("--dry-run", *made)
    assert said.code == 0, said.err
    assert "_EXPLAINED" in said.out.decode()
    assert "out.fits would be written" in said.err
    found = json.loads(run("--dry-run", "--json", "-q", *made, "--worst", 3).out)
    assert found["selected"] == 3
    assert found["estimate_seconds"] > 0
    assert snapshot(tmp_path) == before


def test_json(images, tmp_path):
    said = images("--out", tmp_path / "maps.fits", "--rows", "0:6", "--json", "-q")
    assert (said.code, said.err) == (0, "")
    found = json.loads(said.out)
    wanted = {"task": "mappedmerger", "method": "ig", "target": "P_MERGER", "baseline": "blurred", "selected": 6}
    assert {name: found[name] for name in wanted} == wanted
    assert (found["rows"], found["answered"], found["model"]) == (ROWS, 4, "small")
    assert found["flagged"] == {"missing_band": 2, "too_few_bands": 2}
    assert found["completeness"]["explained"] == 4
    assert found["files"]["output"] == str(tmp_path / "maps.fits")
    assert [entry["name"] for entry in found["columns"]][-1] == "STAMP_FLAG"


def test_strict_is_exit_code_3(images, tmp_path):
    assert images("--out", tmp_path / "clean.fits", "--rows", "0:3", "--strict").code == 0
    for option, name in (("--out", "maps.fits"), ("--html", "g.html")):
        said = images(option, tmp_path / name, "--strict")
        assert said.code == 3
        assert "too few bands" in said.err
        assert (tmp_path / name).exists()


def test_a_pipeline(fluxes, cat, tmp_path, monkeypatch):
    with open(cat) as stream:
        monkeypatch.setattr("sys.stdin", stream)
        said = fluxes(to="-")
    assert said.code == 0, said.err
    (tmp_path / "piped.fits").write_bytes(gzip.decompress(said.out) if said.out[:2] == b"\x1f\x8b" else said.out)
    assert fluxes().code == 0
    for name in COLUMNS:
        assert np.array_equal(column(tmp_path / "piped.fits", name), column(cat, name)), name


WRONG = {
    "a method of images": ("--method", "joint"),
    "no such method": ("--method", "saliency"),
    "no such baseline": ("--baseline", "grey"),
    "no such target": ("--target", "Z"),
    "no such page": ("--html", "g.txt"),
    "a record of nothing": ("--html", "g.html", "--provenance", "p.json"),
    "rows beyond the last": ("--rows", "100:"),
    "a truth of another answer": ("--truth", "P=Z_SPEC", "--worst", "2"),
    "two on standard output": ("--out", "-", "--json"),
    "two files of one name": ("--out", "one.html", "--html", "./one.html"),
    "pictures in the place of the catalogue": ("--png", "cat.fits"),
    "no worst": ("--worst", "0"),
    "no step": ("--steps", "0"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_words_are_refused_before_anything_is_written(run, cat, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    before = snapshot(tmp_path)
    said = run("explain", cat, "--task", "standin", *WRONG[name])
    assert said.code == 2, said.err
    told = [line for line in said.err.splitlines() if line.startswith(("skycnn: error", "hint"))]
    assert 1 <= len(told) <= 2
    assert snapshot(tmp_path) == before
