"""What may be wrong with a catalogue stands in a warning of its own: on stderr, in colour, and in ``--json``."""

import json
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from skycnn.cli import app, console

SAMPLE = Path(__file__).parents[1] / "examples" / "sdss_sample.fits"
ROWS = 120


def galaxies():
    with fits.open(SAMPLE, memmap=False) as units:
        rows = units["GALAXIES"].data[:ROWS]
        return {name: np.array(rows[name], float) for name in rows.names if rows[name].dtype.kind == "f"}


def write(path, columns, primary=None, **header):
    """Write columns by name, in mag where they are no flux."""
    fields = [fits.Column(name=name, format="E", array=content) for name, content in columns.items()]
    unit = fits.BinTableHDU.from_columns(fields)
    unit.header.update(header)
    fits.HDUList([primary or fits.PrimaryHDU(), unit]).writeto(path)
    return path


def named(value, error, bands="ugriz", shift=0.0):
    held = galaxies()
    return {
        name.replace("*", b): held[f"{stem}{b.lower()}mag"] + (0 if stem else shift)
        for b in bands
        for name, stem in ((value, ""), (error, "e_"))
    }


@pytest.fixture
def predict(capfd, monkeypatch):
    """Run ``skycnn predict FILE --task photoz``; return its code, its warnings on stderr and its JSON."""
    monkeypatch.setattr(console, "manners", console.Manners())

    def run(path, *words):
        capfd.readouterr()
        code = console.run(lambda: app.call(["predict", str(path), "--task", "photoz", "--json", *map(str, words)]))
        out, err = capfd.readouterr()
        start = "skycnn: warning: "
        return code, [line[len(start) :] for line in err.splitlines() if line.startswith(start)], json.loads(out)

    return run


def test_a_sound_catalogue_has_none(predict, tmp_path):
    code, said, told = predict(write(tmp_path / "c.fits", named("modelMag_*", "modelMagErr_*")))
    assert (code, said, told["warnings"]) == (0, [], [])


def test_a_redshift_called_z_is_left_out_and_named(predict, tmp_path):
    """The answers are those of the catalogue without it."""
    letters, redshift = named("*", "*_err", "ugri"), {"z": galaxies()["zsp"], "z_err": np.full(ROWS, 1e-4)}
    left = write(tmp_path / "c.fits", letters | redshift)
    code, said, told = predict(left)
    assert code == 0 and said == told["warnings"]
    assert len(said) == 1 and said[0].startswith("'z' holds no magnitudes")
    assert [band["band"] for band in told["bands"]] == [*"ugri"]
    right = write(tmp_path / "d.fits", letters)
    predict(right)
    for name in ("Z_PHOT", "Z_PHOT_LO", "Z_PHOT_HI"):
        np.testing.assert_array_equal(fits.getdata(left, 1)[name], fits.getdata(right, 1)[name])


def test_the_names_of_another_survey(predict, tmp_path):
    code, said, told = predict(write(tmp_path / "c.fits", named("*_cmodel_mag", "*_cmodel_magerr")), "--dry-run")
    assert code == 0 and said == told["warnings"]
    assert "are named as those of HSC" in said[0]
    assert predict(tmp_path / "c.fits", "--dry-run", "--survey", "sdss")[1] == []


def test_a_sample_that_the_model_was_not_trained_on(predict, tmp_path):
    code, said, told = predict(write(tmp_path / "c.fits", named("modelMag_*", "modelMagErr_*", shift=-7.0)))
    assert code == 0 and said == told["warnings"]
    flagged, answered = told["flagged"]["unlike_training"], told["answered"]
    assert flagged > answered / 2
    assert said[-1] == (
        f"{flagged} rows of {answered} answered are unlike those that photoz-sdss-flux was trained on: "
        "look at the columns, errors, units and filters above"
    )


@pytest.mark.parametrize("column", ["umag", "e_umag"])
def test_a_band_that_no_row_has(predict, tmp_path, column):
    content = named("*mag", "e_*mag")
    code, said, told = predict(write(tmp_path / "c.fits", content | {column: np.zeros(ROWS)}))
    assert code == 0 and said == told["warnings"]
    assert len(said) == 1 and said[0].startswith("no row has all bands of photoz-sdss-flux, though each has a column")
    gone = {name: column for name, column in content.items() if "umag" not in name}
    assert predict(write(tmp_path / "d.fits", gone))[1] == []  # then a note says that u is not there


def test_a_redshift_without_an_error(predict, tmp_path):
    _, said, _ = predict(write(tmp_path / "c.fits", named("*", "*_err", "ugri") | {"z": galaxies()["zsp"]}))
    assert said == [
        "no error for z: left out; if z is no redshift, --error z=COLUMN names it, or a number in its place"
    ]


def test_topcats_votable(predict, tmp_path):
    text = b'<?xml version="1.0"?><VOTABLE version="1.3"><RESOURCE><TABLE nrows="120"></TABLE></RESOURCE></VOTABLE>'
    primary = fits.PrimaryHDU(np.frombuffer(text, "u1"))
    primary.header["VOTMETA"] = True
    path = write(tmp_path / "c.fits", named("*mag", "e_*mag"), primary)
    _, said, _ = predict(path, "--out", tmp_path / "d.fits")
    assert len(said) == 1 and "begins with a VOTable" in said[0] and "stilts tjoin" in said[0]
    assert predict(path, "--out", tmp_path / "e.fits", "--table-only")[1] == []
    code, said, told = predict(path)
    assert code == 0 and said == told["warnings"] and "stilts tcopy" in said[0]
    with fits.open(path) as units:
        assert units[0].data.tobytes() == text


class Terminal:
    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text

    def flush(self):
        pass

    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("environment", "line"),
    [
        ({"TERM": "xterm"}, "\x1b[33mskycnn: warning: beware\x1b[0m\n"),
        ({"TERM": "xterm", "NO_COLOR": "1"}, "skycnn: warning: beware\n"),
        ({"TERM": "dumb"}, "skycnn: warning: beware\n"),
    ],
)
def test_a_terminal_shows_warnings_in_colour(monkeypatch, environment, line):
    monkeypatch.setattr(console, "manners", console.Manners())
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stderr", Terminal())
    console.say("warning: beware")
    console.say("a note")
    import sys

    assert sys.stderr.text == f"{line}skycnn: a note\n"
