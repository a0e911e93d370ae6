"""mock from end to end: what is in the files, that bits do not depend on threads, and what is refused."""

import errno
import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

import mocking
from skycnn import survey, tasks
from skycnn.errors import NoSpaceError
from skycnn.files import safefile
from skycnn.files.lock import locked
from skycnn.fits.output import Output
from skycnn.simulate import mocks
from skycnn.simulate.population import Population
from skycnn.simulate.scene import Scene
from skycnn.stamps.stampfile.cube import Cube
from skycnn.tasks import photoz
from skycnn.verbs import mock as verb

SURVEY = """name = "toy"
bands = ["W1", "W2"]
pixel_scale = 0.3
psf = { W1 = 0.9, W2 = 1.0 }
depth = { W1 = 25, W2 = 24.5 }
depth_kind = "psf"
extinction = { W1 = 0.2, W2 = 0.1 }
"""
SMALL = ("--bands", "g,r,i", "--seed", "3", "--threads", "1")


@pytest.fixture
def mock(capfdbinary, monkeypatch, tmp_path):
    monkeypatch.setattr(mocks, "BLOCK", 32)
    monkeypatch.setattr(mocks, "DRAWN", 96)
    monkeypatch.setattr(mocks, "FLUX_BLOCK", 512)
    return mocking.Command(capfdbinary, monkeypatch, tmp_path, mocking.MOCK)


def read(path):
    with fits.open(path, checksum=True) as units:
        units.verify("exception")
        return units[0].data, units[1].data.copy(), units[0].header, units[1].header


def test_a_stamp_file(mock):
    said = mock("-n", 60, *SMALL)
    assert (said.code, said.out) == (0, b""), said.err
    assert "m.fits: 60 rows, selection paper, 16x16 pixels in g r i of csst" in said.err
    pixels, table, first, second = read("m.fits")
    assert pixels.shape == (60, 3, 16, 16)
    assert np.array_equal(table["ID"], np.arange(60) + 1)
    assert (np.diff(table["GROUP"]) > 0).all()
    assert second["NDRAWN"] == table["GROUP"][-1] + 1 > 60
    seen = np.maximum(table["FLUX_G"] / table["FLUXERR_G"], table["FLUX_I"] / table["FLUXERR_I"])
    assert seen.min() > 10
    for header in (first, second):
        told = {name: header[name] for name in ("BANDS", "SURVEY", "SEED", "SELECT", "PIXSCALE", "SNRCUT")}
        assert told == {
            "BANDS": "g r i",
            "SURVEY": "csst",
            "SEED": 3,
            "SELECT": "paper",
            "PIXSCALE": 0.074,
            "SNRCUT": 10.0,
        }
    assert (first["BUNIT"], "BUNIT" in second) == ("uJy", False)
    drawn = mocking.draw(mocking.CSST, mocking.BANDS, 3, table["GROUP"], "paper")
    for name, values in drawn.truth.items():
        assert np.allclose(table[f"{name}_TRUE"], values)
    for i, band in enumerate("GRI"):
        assert np.allclose(table[f"FLUX_{band}_TRUE"], drawn.light.flux[:, :, i].sum(axis=1))
    assert (table["FLAG"] == 0).all()
    assert np.abs(table["DX"]).max() <= 0.5
    with Cube.open("m.fits") as cube:
        batch = next(iter(cube.batches(0, {}, np.ones(60, bool), bands=("i", "g"), side=8)))
    assert (batch.flags == 0).all()
    assert np.abs(batch.rests).max() <= 0.5


def test_threads_do_not_matter(mock):
    for threads in (1, 3):
        assert mock("-n", 70, *SMALL[:-1], threads, out=f"{threads}.fits").code == 0
    one, three = (read(f"{threads}.fits") for threads in (1, 3))
    assert np.array_equal(one[0], three[0])
    assert one[1].tobytes() == three[1].tobytes()


def test_fluxes_only(mock):
    said = mock("-n", 700, "--fluxes-only", *SMALL)
    assert said.code == 0, said.err
    assert "no stamps" in said.err
    pixels, table, _, header = read("m.fits")
    assert pixels is None
    assert len(table) == 700
    assert header["SURVEY"] == "csst"
    assert np.maximum(table["FLUX_G"] / table["FLUXERR_G"], table["FLUX_I"] / table["FLUXERR_I"]).min() > 10
    assert mock("-n", 5, "--fluxes-only", *SMALL, out="a.fits.gz").code == 0


def observe(where, bands, galaxies, seed):
    flux = galaxies.light.flux.sum(axis=1)
    return (0.8 * flux, 0.1 * flux) if where.name == "cosmos" else None


@pytest.fixture
def quoted(mock, monkeypatch):
    """Let the small population know a survey's catalogue, that of cosmos."""
    made = replace(mocking.MOCK, observe=observe, observed=lambda where: where.name == "cosmos")
    mocking.install(monkeypatch, made)
    return mock


def test_fluxes_as_a_catalogue_has_them_are_of_no_aperture(quoted):
    words = ("-n", 20, "--bands", "R,I", "--threads", 1)
    assert quoted(*words, "--fluxes-only", survey="cosmos").code == 0
    _, table, _, header = read("m.fits")
    assert "APERTURE" not in table.dtype.names
    assert header[f"TCOMM{table.dtype.names.index('FLUX_R') + 1}"] == "flux as the survey's catalogue has it in R"
    assert np.allclose(table["FLUX_R"], 0.8 * table["FLUX_R_TRUE"])
    fits.PrimaryHDU(np.ones((3, 3)), fits.Header({"PIXSCALE": 0.05})).writeto("star.fits")
    for name, value in (("--size", 32), ("--psf", "R=star.fits")):
        said = quoted(*words, "--fluxes-only", name, value, survey="cosmos", out="no.fits")
        assert (said.code, f"{name} has no effect" in said.err) == (2, True), said.err
        assert f"hint: Leave out {name}" in said.err
    elsewhere = quoted("-n", 20, *SMALL, "--fluxes-only", "--size", 24, "--psf", "g=star.fits", out="there.fits")
    assert elsewhere.code == 0, elsewhere.err
    assert quoted(*words, survey="cosmos", out="s.fits").code == 0
    assert np.isfinite(read("s.fits")[1]["APERTURE"]).all()


def test_photoz_knows_which_catalogues_it_observes():
    made, population = photoz.TASK.mock(), Population.load()
    for name in survey.names():
        where = survey.load(name)
        some = made.draw(where, where.bands[:2], 1, np.arange(3), "all")
        assert made.observed(where) == (made.observe(where, where.bands[:2], some, 1) is not None)
    assert set(population.observations) == {"cosmos", "sdss"}


def test_bands_wider_than_their_stamps_are_told(mock):
    words = ("-n", 5, "--bands", "NUV,R", "--threads", 1, "--dry-run")
    said = mock(*words, "--size", 32, survey="cosmos")
    assert said.err.count("warning: ") == 1
    assert "warning: NUV: 80 % of a star's light lies within 10.8 arcsec, and a stamp is 4.8 wide" in said.err
    assert "warning" not in mock(*words, "--size", 80, survey="cosmos").err
    assert "warning: NUV" in mock("--scene", "64,64", *words[2:], survey="cosmos").err


@pytest.mark.parametrize("words", [("-n", 5), ("-n", 5, "--fluxes-only"), ("--scene", "64,64")])
@pytest.mark.skipif(shutil.which("fitsverify") is None, reason="fitsverify is not installed")
def test_fitsverify_has_nothing_to_say(mock, words):
    assert mock(*words, *SMALL, out="m.fits").code == 0
    files = [f"m.fits/{name}" for name in os.listdir("m.fits")] if os.path.isdir("m.fits") else ["m.fits"]
    ran = subprocess.run(["fitsverify", "-q", *files], capture_output=True, text=True, check=False)
    assert ran.stdout.count("verification OK") == len(files), ran.stdout


def test_memory_that_runs_out_is_told(mock, monkeypatch):
    def full(*_):
        raise RuntimeError("[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(verb, "Mocks", full)
    said = mock("-n", 5, *SMALL)
    assert (said.code, "error: out of memory" in said.err, "Lower --threads" in said.err) == (1, True, True), said.err
    monkeypatch.setattr(verb, "Mocks", lambda _: 1 / 0)
    assert "This is a bug" in mock("-n", 5, *SMALL).err


def test_a_lock_can_be_waited_for(mock, monkeypatch):
    assert mock("-n", 5, *SMALL).code == 0
    with locked(os.path.abspath("m.fits"), "m.fits"):
        said = mock("-n", 5, *SMALL, "--overwrite")
    assert (said.code, "hint: --wait SECONDS waits for it" in said.err) == (1, True), said.err
    hold, waits = Output.locked, []
    monkeypatch.setattr(Output, "locked", lambda output, wait=0.0: waits.append(wait) or hold(output, wait))
    assert mock("-n", 5, *SMALL, "--overwrite", "--wait", 5).code == 0
    assert mock("--scene", "64,64", *SMALL, "--wait", 7, out="sky").code == 0
    assert waits == [5, 7, 7, 7, 7]


def test_train_finds_the_fluxes(mock, capfdbinary):
    from skycnn.cli import app, console

    assert mock("-n", 200, "--fluxes-only", *SMALL).code == 0
    words = ["train", "m.fits", "--task", "photoz", "--truth", "Z_TRUE", "--out", "a.safetensors", "--dry-run"]
    assert console.run(lambda: app.call([*words, "--group", "GROUP"])) == 0
    said = capfdbinary.readouterr().err.decode()
    assert "g FLUX_G with FLUXERR_G, r FLUX_R with FLUXERR_R, i FLUX_I with FLUXERR_I" in said
    assert "filters: csst, by the SURVEY card" in said


def test_standard_output(mock):
    said = mock("-n", 20, *SMALL, out="-")
    assert said.code == 0, said.err
    with open("piped.fits", "wb") as file:
        file.write(said.out)
    assert read("piped.fits")[0].shape == (20, 3, 16, 16)


def test_all_and_sizes_and_a_survey_of_the_users(mock):
    with open("mine.toml", "w") as file:
        file.write(SURVEY)
    said = mock("-n", 40, "--all", "--size", 24, "--threads", 1, survey="mine.toml")
    assert said.code == 0, said.err
    pixels, table, header, _ = read("m.fits")
    assert (header["SURVEY"], header["SELECT"], header["BANDS"], header["PIXSCALE"]) == ("toy", "all", "W1 W2", 0.3)
    assert pixels.shape == (40, 2, 24, 24)
    assert np.array_equal(table["GROUP"], np.arange(40))


def test_the_usual_selection_is_the_surveys(mock):
    assert json.loads(mock("-n", 5, "--fluxes-only", "--json", survey="cosmos").out)["selection"] == "cosmos"


def test_a_dry_run_touches_nothing(mock, monkeypatch):
    monkeypatch.setattr(mocks, "Mocks", None)
    said = mock("-n", 1000, *SMALL, "--dry-run")
    assert said.code == 0, said.err
    assert "m.fits would be written: 1000 rows" in said.err
    assert {"Z_TRUE", "FLUX_G", "DX"} <= set(said.out.decode().split())
    assert os.listdir() == []


def test_json(mock):
    said = mock("-n", 20, *SMALL, "--json")
    told = json.loads(said.out)
    assert (told["rows"], told["bands"], told["selection"], told["side"]) == (20, ["g", "r", "i"], "paper", 16)
    assert told["drawn"] >= 20
    assert told["disk_bytes"] == os.path.getsize("m.fits")


def test_a_preview(mock):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    said = mock("-n", 20, *SMALL, "--preview", "m.png")
    assert said.code == 0, said.err
    with open("m.png", "rb") as file:
        assert file.read(4) == b"\x89PNG"
    again = mock("-n", 20, *SMALL, "--preview", "m.png", out="other.fits")
    assert (again.code, "m.png exists" in again.err) == (2, True)


def test_a_preview_is_no_file_of_the_mocks(mock):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    os.symlink("same.png", "link.png")
    for page in ("same.png", "./same.png", "link.png"):
        said = mock("-n", 5, *SMALL, "--preview", page, "--overwrite", out="same.png")
        assert (said.code, "is the file of the mocks themselves" in said.err) == (2, True), said.err
        assert os.listdir() == ["link.png"]
    os.mkdir("d.png")
    said = mock("-n", 5, *SMALL, "--preview", "d.png", "--overwrite")
    assert (said.code, "d.png is a folder" in said.err) == (2, True), said.err
    assert sorted(os.listdir()) == ["d.png", "link.png"]


def test_what_is_there_is_kept(mock):
    assert mock("-n", 20, *SMALL).code == 0
    with open("m.fits", "rb") as file:
        before = file.read()
    said = mock("-n", 21, *SMALL)
    assert (said.code, "m.fits exists" in said.err, "--overwrite replaces it" in said.err) == (2, True, True)
    with open("m.fits", "rb") as file:
        assert file.read() == before
    assert mock("-n", 21, *SMALL, "--overwrite").code == 0
    assert read("m.fits")[0].shape[0] == 21


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("-n", 0), "-n is no number of objects: 0"),
        (("-n", -5), "-n is no number of objects: -5"),
        (("-n", 2**31), "-n is no number of objects: 2147483648 (expected 1 to 2147483647)"),
        (("-n", 5, "--bands", ""), "--bands names no band: ''"),
        (("-n", 5, "--bands", ", "), "--bands names no band"),
        (("-n", 5, "--bands", "q"), "survey csst has no band q"),
        (("-n", 5, "--bands", "g,g"), "names a band twice"),
        (("-n", 5, "--bands", "u"), "selection paper judges by g or I"),
        (("-n", 5, "--selection", "none"), "no such selection: 'none' (expected paper or cosmos or all)"),
        (("-n", 5, "--all", "--selection", "paper"), "contradict each other"),
        (("-n", 5, "--size", 3), "--size is no side of a stamp: 3"),
        (("-n", 5, "--seed", -1), "--seed is no number that can be used: -1"),
        (("-n", 5, "--threads", 0), "--threads is out of range"),
        ((), "mock needs -n N or --scene W,H"),
    ],
)
def test_what_is_refused(mock, words, says):
    said = mock(*words)
    assert (said.code, says in said.err) == (2, True), said.err
    assert os.listdir() == []


def test_names_that_are_none(mock, monkeypatch):
    said = mock("-n", 5, survey="csts")
    assert (said.code, "Did you mean csst?" in said.err) == (2, True), said.err
    said = mock("-n", 5, survey=None)
    assert (said.code, "mock needs --survey NAME (expected cosmos, csst" in said.err) == (2, True), said.err
    said = mock("-n", 5, out="a.fits.gz")
    assert (said.code, "would be an archive" in said.err) == (2, True), said.err
    said = mock("-n", 5, "--json", out="-")
    assert (said.code, "cannot both go to standard output" in said.err) == (2, True), said.err
    said = mock("-n", 5, out="nowhere/a.fits")
    assert (said.code, "does not exist" in said.err) == (2, True), said.err
    monkeypatch.setattr(tasks, "load", lambda name: replace(photoz.TASK, mock=None))
    said = mock("-n", 5)
    assert (said.code, "task photoz has no mocks" in said.err) == (2, True), said.err


def test_photoz_has_mocks():
    made = photoz.TASK.mock()
    assert made.selections[0] == "paper"
    assert made.cuts["paper"].above == 10
    assert {"Z", "MAG_I", "R_E"} <= {column.name for column in made.columns}


# Scenes


def test_a_scene(mock, cut):
    said = mock("--scene", "300,240", *SMALL[:-1], 2, "--size", 24, out="sky")
    assert said.code == 0, said.err
    assert sorted(os.listdir("sky")) == ["scene_cat.fits", "scene_g.fits", "scene_i.fits", "scene_r.fits"]
    images = {band: fits.getdata(f"sky/scene_{band}.fits") for band in "gri"}
    table, header = fits.getdata("sky/scene_cat.fits", 1), fits.getheader("sky/scene_g.fits")
    assert f"{len(table)} detections of {header['NDRAWN']}" in said.err
    assert {image.shape for image in images.values()} == {(240, 300)}
    assert (header["SURVEY"], header["FILTER"], header["SELECT"], header["SEED"]) == ("csst", "g", "all", 3)
    line = [word for band in "gri" for word in ("--images", f"{band}=sky/scene_{band}.fits")]
    said = cut("sky/scene_cat.fits", *line, "--size", 24, "--out", "stamps.fits")
    assert said.code == 0, said.err
    stamps, cat = read("stamps.fits")[:2]
    assert (cat["FLAG"] == 0).all()
    assert len(stamps) == len(table) > 10
    for stamp, x, y in zip(stamps, table["X_IMAGE"] - 1, table["Y_IMAGE"] - 1, strict=True):
        left, low = (int(np.floor(at - 11.5 + 0.5)) for at in (x, y))
        assert np.array_equal(stamp, [images[band][low : low + 24, left : left + 24] for band in "gri"])
    assert np.allclose(cat["DX"], table["X_IMAGE"] - 1 - np.floor(table["X_IMAGE"] - 12) - 11.5, atol=1e-6)
    again = mock("--scene", "300,240", *SMALL, "--size", 24, out="other")
    assert again.code == 0, again.err
    assert np.array_equal(fits.getdata("other/scene_i.fits"), images["i"])
    assert fits.getdata("other/scene_cat.fits", 1).tobytes() == table.tobytes()


def test_bands_that_differ_by_case_alone_have_files_of_their_own(mock):
    with open("mine.toml", "w") as file:
        file.write(SURVEY.replace("W1", "w").replace("W2", "W"))
    assert mock("--scene", "64,64", "--threads", 1, survey="mine.toml", out="sky").code == 0
    assert sorted(os.listdir("sky")) == ["scene_1_w.fits", "scene_2_W.fits", "scene_cat.fits"]


def test_a_dry_scene_touches_nothing(mock):
    said = mock("--scene", "2000,1000", *SMALL, "--dry-run", out="sky")
    assert (said.code, "sky would hold a field of 2000 x 1000 pixels" in said.err) == (0, True), said.err
    assert os.listdir() == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--scene", "100"), "--scene 100 is not understood"),
        (("--scene", "100,x"), "--scene 100,x is not understood"),
        (("--scene", "10,500"), "--scene is no size of a field: '10,500'"),
        (("--scene", "100,100", "-n", 5), "-n does not go with --scene"),
        (("--scene", "100,100", "-n", 0), "-n does not go with --scene"),
        (("--scene", "100,100", "--preview", "sky/scene_g.png"), "--preview does not go with --scene"),
        (("--scene", "100,100", "--fluxes-only"), "--fluxes-only does not go with --scene"),
        (("--scene", "100,100", "--selection", "paper"), "there are no scenes of it"),
    ],
)
def test_scenes_that_are_refused(mock, words, says):
    said = mock(*words, out="sky")
    assert (said.code, says in said.err) == (2, True), said.err
    assert os.listdir() == []


def test_a_scene_is_a_folder(mock):
    said = mock("--scene", "64,64", *SMALL, out="-")
    assert (said.code, "none goes to standard output" in said.err) == (2, True), said.err
    assert os.listdir() == []


def test_a_scene_that_memory_cannot_hold_is_refused(mock, monkeypatch):
    monkeypatch.setattr(verb, "memory_left", lambda: 10**9)
    for words in (("--scene", "10000,10000"), ("--scene", "10000,10000", "--dry-run")):
        said = mock(*words, *SMALL, out="sky")
        assert (
            said.code,
            "--scene 10000,10000 takes 1.3 GB of memory in 3 bands, and 1.0 GB are left" in said.err,
        ) == (
            2,
            True,
        ), said.err
    assert os.listdir() == []


def test_a_scene_on_a_disk_that_is_full_changes_nothing(mock, monkeypatch):
    words = ("--scene", "64,64", *SMALL)
    assert mock(*words, out="sky").code == 0
    before = {path.name: path.read_bytes() for path in Path("sky").iterdir()}
    check, write = safefile.check_space, os.pwrite
    asked, written = [], set()

    def room(folder, needed, label):
        asked.append(label)
        check(folder, needed, label)

    def full(fd, data, at):
        written.add(fd)
        if len(written) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(fd, data, at)

    monkeypatch.setattr(safefile, "check_space", room)
    monkeypatch.setattr(os, "pwrite", full)
    for out in ("sky", "new"):
        written.clear()
        said = mock(*words, "--seed", 4, "--overwrite", out=out)
        assert (said.code, "no space while writing" in said.err) == (1, True), said.err
        assert os.listdir() == ["sky"]
    assert {path.name: path.read_bytes() for path in Path("sky").iterdir()} == before
    assert [label for label in asked if label in ("sky", "new")] == ["sky", "new"]  # of all files together, and once


def test_space_for_a_scene_is_looked_at_before_it_is_drawn(mock, monkeypatch):
    def none(folder, needed, label):
        raise NoSpaceError(f"no space for {label}: {needed}")

    monkeypatch.setattr(safefile, "check_space", none)
    monkeypatch.setattr(Scene, "images", None)
    said = mock("--scene", "64,64", *SMALL, out="new/sky")
    assert said.code == 1
    assert int(said.err.split("no space for new/sky: ")[1].split(".")[0]) > 3 * 4 * 64 * 64
    assert os.listdir() == []


def test_scenes_that_are_there_are_kept(mock):
    os.mkdir("sky")
    with open("sky/scene_cat.fits", "w") as file:
        file.write("mine")
    said = mock("--scene", "64,64", *SMALL, out="sky")
    assert (said.code, "scene_cat.fits exists" in said.err) == (2, True), said.err
    assert os.listdir("sky") == ["scene_cat.fits"]
    with open("a", "w"):
        said = mock("--scene", "64,64", *SMALL, out="a")
    assert (said.code, "cannot be made a folder" in said.err) == (2, True), said.err


def test_an_image_of_a_psf_takes_the_place_of_the_width(mock):
    y, x = np.indices((61, 61)) - 30.0
    for name, sigma in (("narrow", 4.0), ("wide", 12.0)):
        star = np.roll(np.exp(-(x**2 + y**2) / (2 * sigma**2)), (3, -2), (0, 1))  # off the middle, as they come
        fits.PrimaryHDU(star, fits.Header({"PIXSCALE": 0.02})).writeto(f"{name}.fits")
    words = ("-n", 20, "--bands", "g,r", "--seed", 3, "--all", "--threads", 1)
    assert mock(*words).code == 0
    assert mock(*words, "--psf", "g=narrow.fits", out="narrow.fits.fits").code == 0
    assert mock(*words, "--psf", "g=wide.fits[0]", out="wide.fits.fits").code == 0
    plain, narrow, wide = (read(name) for name in ("m.fits", "narrow.fits.fits", "wide.fits.fits"))
    # The other band is as it was, but for single photons; so is g nearly: the survey's is a Gaussian of FWHM 0.177
    # arcsec, the narrow image one of 0.188.
    for one, other in ((plain[0][:, 1], wide[0][:, 1]), (plain[0][:, 0], narrow[0][:, 0])):
        assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.99
    brightest = np.nanargmax(plain[1]["FLUX_G"])
    assert wide[0][brightest, 0].max() < 0.7 * plain[0][brightest, 0].max()
    assert [float(word) for word in narrow[2]["PSFFWHM"].split()] == pytest.approx([0.188, 0.177], abs=0.01)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--device", "abacus"), "--device abacus is not known"),
        (("--psf", "g"), "--psf g is not understood"),
        (("--psf", "g=none.fits"), "none.fits cannot be read"),
        (("--psf", "z=star.fits"), "--psf names a band that is not made: z"),
        (("--psf", "g=star.fits"), "star.fits is too coarse for the stamps: 0.5 arcsec"),
        (("--psf", "g=star.fits", "--psf", "g=star.fits"), "--psf names g twice"),
    ],
)
def test_psfs_and_devices_that_cannot_be_used(mock, words, told):
    fits.PrimaryHDU(np.ones((3, 3)), fits.Header({"PIXSCALE": 0.5})).writeto("star.fits")
    said = mock("-n", 5, *SMALL, *words)
    assert said.code == 2
    assert told in said.err
