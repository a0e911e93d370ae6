"""Hints: whoever does literally what they say gets the answers of the sound catalogue, or the next true hint."""

import json
import re
import shlex
import shutil
import subprocess
from collections import namedtuple
from functools import cache
from pathlib import Path

import fitsio
import numpy as np
import pytest
from astropy.io import fits

from skycnn.cli import app, console

SAMPLE = Path(__file__).parents[1] / "examples" / "sdss_sample.fits"
SOUND = {}
"""What sound catalogues got, by their bytes and options."""
MOST = 8
"""Runs after which a user gives up."""
OPTION = re.compile(r"(--[a-z-]+)(?:[ =]('[^']*'|[^\s;]+))?")
FLAGS = ("--overwrite",)
ROWS = 24


@cache
def galaxies():
    """Return magnitudes and errors of real galaxies by band."""
    with fits.open(SAMPLE, memmap=False) as units:
        rows = units["GALAXIES"].data[:ROWS]
        return {b: (rows[f"{b}mag"].astype(float), rows[f"e_{b}mag"].astype(float)) for b in "ugriz"}


def microjansky(m, e):
    flux = 10 ** (0.4 * (23.9 - m))
    return flux, flux * e * 0.4 * np.log(10)


def table(
    value="{}mag", error="e_{}mag", unit="mag", error_unit="mag", flux=False, bands="ugriz", scale=1.0, sigma=1.0
):
    """Return columns of the galaxies; a unit of None is left out."""
    columns, seen = [], galaxies()
    for band in bands:
        old = {"NUV": "u", "U": "u", "B": "g", "V": "r", "J": "z", "y": "z", "Y": "z"}.get(band, band.lower())
        v, e = microjansky(*seen[old]) if flux else seen[old]
        columns.append(fits.Column(name=value.format(band), format="E", array=v * scale, unit=unit))
        if error is not None:
            columns.append(fits.Column(name=error.format(band), format="E", array=e * scale * sigma, unit=error_unit))
    return columns


def fluxes(**more):
    return table("FLUX_{}", "FLUXERR_{}", flux=True, **({"unit": "uJy", "error_unit": "uJy"} | more))


def vector(stem, error, flux):
    """Return columns of five numbers a row, as in the sweeps of SDSS."""
    seen = [microjansky(*pair) if flux else pair for pair in galaxies().values()]
    values, errors = (np.stack([pair[i] for pair in seen], 1) for i in (0, 1))
    if flux:
        values, errors = values / 3.6307805477, (3.6307805477 / errors) ** 2
    return [fits.Column(name=stem, format="5E", array=values), fits.Column(name=error, format="5E", array=errors)]


def oriented():
    return [
        fits.Column(name=c.name, format=f"{ROWS}E", array=np.asarray(c.array)[None], dim=f"(1,{ROWS})", unit=c.unit)
        for c in table()
    ]


def texts():
    rows = {c.name: [f"{value:.6f}" for value in c.array] for c in table()}
    return [fits.Column(name=name, format="12A", array=row) for name, row in rows.items()]


def wide():
    more = [fits.Column(name=f"C{i}", format="B", array=np.zeros(ROWS, "u1")) for i in range(986)]
    return [*more[:500], *table(), *more[500:]]


def junk(columns):
    """Return columns of the same names, which `write` makes equal, of worthless numbers."""
    return [fits.Column(name=f"{c.name}~~", format="E", array=np.full(ROWS, 3.0), unit=c.unit) for c in columns]


COSMOS = ("NUV", "U", "B", "G", "V", "R", "I", "Z", "J")
CSST = ("NUV", "u", "g", "r", "i", "z", "y")

Case = namedtuple("Case", "broken sound knows given header words", defaults=[{}, {}, {}, ()])
"""A broken catalogue and the sound one; what the user knows that the hint calls COLUMN or UNIT; the options that the
sound one is given; cards, and first words.
"""

FLAT = {"--error": "0.1"}
DECAM, HSC = (f"_ext_{camera}_aper" for camera in ("decam", "hsc"))

ARCHIVE = table("modelMag_{}", "modelMagErr_{}")
"""The same numbers under names of SDSS's archive: asinh magnitudes."""

CASES = {
    "no unit is known": Case(fluxes(unit="count", error_unit="count"), fluxes()),
    "no unit at all": Case(table("FLUX_TOT_{}", "FLUXERR_TOT_{}", flux=True, unit=None, error_unit=None), fluxes()),
    "a unit that is misspelt": Case(fluxes(unit="nJ", error_unit="nJ", scale=1e3), fluxes(), {"UNIT": "nJy"}),
    "units in UTF-8": Case(fluxes(unit="@@Jy", error_unit="@@Jy"), fluxes()),
    "units in Latin-1": Case(fluxes(unit="@Jy", error_unit="@Jy"), fluxes()),
    "errors have no unit": Case(fluxes(error_unit=None), fluxes()),
    "errors say another unit than the habit": Case(
        table("{}_psfFlux", "{}_psfFluxErr", flux=True, unit=None, error_unit="uJy"), fluxes()
    ),
    "errors in per cent": Case(table(error_unit="%", sigma=100), table(error=None), {}, FLAT),
    "errors in mag of fluxes": Case(fluxes(error_unit="mag"), fluxes(error_unit="uJy"), {}, FLAT),
    "errors in millimag": Case(table(error_unit="mmag", sigma=1e3), table()),
    "Vega": Case(table(unit="Vega"), table()),
    "no errors": Case(table(error=None), table(), {}, FLAT),
    "lone letters without errors": Case(table("{}", None), table(), {}, FLAT),
    "lone letters, another model's band": Case(table("{}", None), table(), {}, FLAT, {}, ["--error", "U=0.1"]),
    "errors of two bands alone": Case(
        table(error=None, bands="ugr") + table(bands="iz"),
        table(error=None, bands="ugr") + table(bands="iz"),
        {},
        {"--error": "u=0.1,g=0.1,r=0.1"},
    ),
    "numbers as text": Case(texts(), table()),
    "one name in five": Case(
        table(bands="r") + table("first{}x", "second{}x", None, None, bands="ugiz"),
        table(),
        {"--band": {**{b: f"first{b}x" for b in "ugiz"}, "r": "rmag"}, "--error": {b: f"second{b}x" for b in "ugiz"}},
    ),
    "fluxes called magnitudes": Case(table(unit="uJy", error_unit="uJy", flux=True), fluxes()),
    "errors of strange names": Case(table(error="wobble{}x"), table(), {"--error": "wobble{}x"}),
    "values of strange names": Case(
        table("first{}x", "second{}x", None, None), table(), {"--band": "first{}x", "--error": "second{}x"}
    ),
    "upper case without errors": Case(table("MAG_{}", None, bands="UGRIZ"), table(), {}, FLAT),
    "two kinds": Case(table("MAG_{}", "MAGERR_{}") + fluxes(), table()),
    "corrected and observed": Case(table("modelMag_{}", "modelMagErr_{}") + table("dered_{}", None), ARCHIVE),
    "fibres": Case(table("fiberMag_{}", "fiberMagErr_{}"), ARCHIVE),
    "apertures without errors": Case(table("MAG_APER_3_{}", None), table(), {}, FLAT),
    "names twice": Case(table() + junk(table()), table()),
    "one name twice": Case(table() + junk(table(error=None, bands="g")), table()),
    "one error twice": Case(table() + junk(table()[3:4]), table()),
    "two cameras": Case(
        table(f"flux_{{}}{DECAM}", f"fluxerr_{{}}{DECAM}", "uJy", "uJy", flux=True)
        + junk(table(f"flux_{{}}{HSC}", f"fluxerr_{{}}{HSC}", "uJy", "uJy", bands="gr")),
        fluxes(),
    ),
    "vectors of fluxes": Case(
        vector("MODELFLUX", "MODELFLUX_IVAR", True) + vector("PSFFLUX", "PSFFLUX_IVAR", True), fluxes()
    ),
    "vectors of magnitudes": Case(vector("MAG", "MAG_ERR", False), table()),
    "column-oriented": Case(oriented(), table()),
    "996 columns": Case(wide(), table()),
    "another survey's card": Case(table(), table(), header={"SURVEY": "hsc"}),
    "a misspelt survey": Case(table(), table(), words=["--survey", "sdsss"]),
    "joined tables": Case(table("{}mag_1", "e_{}mag_1") + table("{}mag_2", "e_{}mag_2", scale=0.9), table()),
    "a misspelt column": Case(table(), table(), words=["--band", "u=umagg"]),
    "a family that is not there": Case(table("psfMag_{}", "psfMagErr_{}"), ARCHIVE, words=["--photometry", "kron"]),
    "an unknown unit typed": Case(fluxes(), fluxes(unit="nmgy", error_unit="nmgy"), words=["--unit", "furlong"]),
    "two bands": Case(table(bands="gr"), table(bands="gr"), {}, {"--model": "photoz-sdss-flux"}),
    "a foreign Z_PHOT": Case([*table(), fits.Column(name="Z_PHOT", format="E", array=np.zeros(ROWS))], table()),
    "COSMOS without errors": Case(table("{}", None, bands=COSMOS), table(bands=COSMOS), {}, FLAT),
    "COSMOS, units unknown": Case(fluxes(unit="count", error_unit="count", bands=COSMOS), fluxes(bands=COSMOS)),
    "CSST, a unit unknown": Case(
        fluxes(bands=CSST)[2:] + fluxes(bands=["NUV"], unit="adu", error_unit="adu"), fluxes(bands=CSST)
    ),
    "CSST without errors": Case(table("mag_{}", None, bands=CSST), table(bands=CSST), {}, FLAT),
    "CSST, a name twice": Case(table(bands=CSST) + junk(table(error=None, bands=["NUV"])), table(bands=CSST)),
}


def write(path, columns, **header):
    unit = fits.BinTableHDU.from_columns(fits.ColDefs(columns))
    unit.header.update(header)
    fits.HDUList([fits.PrimaryHDU(), unit]).writeto(path)
    octets = path.read_bytes().replace(b"~~'", b"'  ")  # astropy writes no name twice, and ASCII alone
    path.write_bytes(octets.replace(b"@@Jy", "µJy".encode()).replace(b"@Jy", "µJy".encode("latin-1")))
    return path


@pytest.fixture
def answer(capfd, monkeypatch):
    """Run ``skycnn predict FILE --task photoz``; return its code, its JSON and its stderr."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")

    def run(path, *words):
        monkeypatch.setattr(console.manners, "quiet", False)
        capfd.readouterr()
        code = console.run(lambda: app.call(["predict", str(path), "--task", "photoz", "--json", *words]))
        out, err = capfd.readouterr()
        return code, json.loads(out) if code == 0 else {}, err

    return run


def line(text, start):
    return next((each[len(start) :] for each in text.splitlines() if each.startswith(start)), "")


def obey(path, words, err, knows):
    """Return the file and the words of the next run: the first thing that the hint says to type."""
    hint, error = line(err, "hint: "), line(err, "skycnn: error: ")
    expected = re.search(r"\(expected ([\w-]+)", error)
    meant = re.search(r"Did you mean (\S+?)\?", hint)
    if meant:
        key, equals, _ = words[-1].rpartition("=")
        return path, [*words[:-1], f"{key}{equals}{meant[1]}"]
    if "stilts " in hint:
        command = shlex.split(hint[hint.index("stilts ") :])
        if shutil.which("stilts") is None:
            pytest.skip("stilts is not installed")
        subprocess.run(command, check=True, cwd=path.parent, capture_output=True)
        return path.parent / next(word for word in command if word.startswith("out="))[4:], words
    found = OPTION.findall(hint)
    if "COLUMN" in hint and not knows:  # who knows no column gives numbers
        found = [each for each in found if "COLUMN" not in each[1]]
    for option, value in found:
        value = "" if option in FLAGS else value.strip("'").rstrip(".,:")
        if "COLUMN" in value or "UNIT" in value:
            word = knows.get(option if "COLUMN" in value else "UNIT")
            if word is None:
                continue
            bands = re.findall(r"(\w+)=", value)
            value = ",".join(f"{b}={word[b] if isinstance(word, dict) else word.format(b)}" for b in bands)
        if option == "--photometry" and option in words:  # another family in place of the one that is not there
            value, words = value, words[: words.index(option)]
        return path, [*words, option, *([value] if value else [])]
    assert expected, f"nothing to type: {err}"
    return path, [*words[:-1], expected[1]]


@pytest.mark.parametrize("name", CASES)
def test_whoever_obeys_gets_the_answers_of_the_sound_catalogue(name, answer, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    case = CASES[name]
    right = write(tmp_path / "sound.fits", case.sound)
    key = right.read_bytes(), *case.given.items()
    if key not in SOUND:  # many are broken ones of the same
        code, told, err = answer(right, *(word for pair in case.given.items() for word in pair))
        assert code == 0, err
        SOUND[key] = told, answers(right, told)
    told, wanted = SOUND[key]
    path, words, seen = write(tmp_path / "cat.fits", case.broken, **case.header), [*case.words], []
    for _ in range(MOST):
        code, result, err = answer(path.name, *words)
        if code == 0:
            break
        assert code == 2
        seen.append((path, words, err))
        path, words = obey(path, words, err, case.knows)
        assert (path, words) not in [old[:2] for old in seen], f"the same again: {err}"
    assert code == 0, "\n".join(f"{old}: {text}" for _, old, text in seen)
    assert result["model"] == told["model"]
    assert [entry["band"] for entry in result["bands"]] == [entry["band"] for entry in told["bands"]]
    for got, column in zip(answers(path, result), wanted, strict=True):
        np.testing.assert_allclose(got, column, rtol=2e-4, atol=2e-4)


def answers(path, result):
    """Return the columns of numbers that a run wrote."""
    with fitsio.FITS(str(path)) as units:  # which reads tables with equal names
        return [units[1][column["name"]][:] for column in result["columns"][:3]]


def test_thirty_catalogues_are_followed():
    assert len(CASES) >= 30


def test_a_longer_table_of_other_things_is_not_named(answer, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    units = [fits.BinTableHDU.from_columns(table(error=None), name="GALAXIES")]
    units.append(fits.BinTableHDU.from_columns([fits.Column(name="T", format="E", array=np.zeros(99))], name="LOG"))
    fits.HDUList([fits.PrimaryHDU(), *units]).writeto("cat.fits")
    code, _, err = answer("cat.fits")
    assert code == 2 and "cat.fits[GALAXIES] has no error for umag, gmag" in err
    assert answer("cat.fits", "--error", "0.1")[0] == 0
