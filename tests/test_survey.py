import re

import pytest

from skycnn import survey
from skycnn.errors import InputError

GOOD = """
name = "toy"
title = "Toy survey"
bands = ["a", "b"]
pixel_scale = 1
psf = { a = 1.0, b = 1.1 }
depth = { a = 20, b = 21 }
zero_point = { a = 25, b = 25 }
extinction = { a = 3.1, b = 2.1 }
[references]
bands = "x"
pixel_scale = "x"
psf = "x"
depth = "x"
zero_point = "x"
extinction = "x"
"""


def test_the_names_are_the_files():
    assert "sdss" in survey.names()
    assert survey.names() == sorted(survey.names())


@pytest.mark.parametrize("name", survey.names())
def test_every_survey_keeps_the_schema(name):
    s = survey.load(name)
    assert s.name == name
    for table in (s.psf, s.depth, s.zero_point, s.extinction):
        assert set(table) == set(s.bands)
    assert all(re.search(r"\b(19|20)\d\d\b|DR\d", text) for text in s.references.values()), "a source has a year"


def test_sdss_facts():
    s = survey.load("SDSS")
    assert s.bands == ("u", "g", "r", "i", "z")
    assert s.pixel_scale == 0.396
    # Schlafly & Finkbeiner 2011, table 6, R_V = 3.1
    assert s.extinction == {"u": 4.239, "g": 3.303, "r": 2.285, "i": 1.698, "z": 1.263}
    # Stoughton et al. 2002, table 21
    assert s.softening == {"u": 1.4e-10, "g": 0.9e-10, "r": 1.2e-10, "i": 1.8e-10, "z": 7.4e-10}


def test_the_psf_follows_its_source():
    s = survey.load("sdss")
    wavelength = {"u": 3551, "g": 4686, "r": 6166, "i": 7480, "z": 8932}  # Angstrom, Fukugita et al. 1996
    for band in s.bands:
        assert s.psf[band] == pytest.approx(1.43 * (wavelength[band] / wavelength["r"]) ** -0.3, abs=0.006)


def test_an_unknown_survey_lists_the_known():
    with pytest.raises(InputError, match=r"no such survey: 'sds' \(expected .*sdss.*\). Did you mean sdss\?"):
        survey.load("sds")
    with pytest.raises(InputError, match=r"no such survey: '\.\./sdss'"):
        survey.load("../sdss")


def test_a_whole_number_is_a_number():
    s = survey.parse(GOOD, "toy.toml")
    assert (s.pixel_scale, s.depth["a"], s.sky, s.softening, s.vega) == (1.0, 20, {}, {}, {})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("bands = [", "bands [", "toy.toml is not TOML"),
        ('title = "Toy survey"', "", "toy.toml has no 'title'"),
        ('title = "Toy survey"', "title = 3", "'title' is no text: 3"),
        ('title = "Toy survey"', 'titel = "x"', r"unknown key: 'titel' \(expected name, title"),
        ('["a", "b"]', '"ab"', r"'bands' is no list of names: 'ab' \(expected like"),
        ('["a", "b"]', '["a", "b", "a"]', "'bands' names a band twice"),
        ("pixel_scale = 1", "pixel_scale = 0", "'pixel_scale' is no positive number: 0"),
        ("pixel_scale = 1", "pixel_scale = true", "'pixel_scale' is no positive number: True"),
        ("depth = { a = 20, b = 21 }", "depth = 20", "'depth' is no table of numbers: 20"),
        ("depth = { a = 20, b = 21 }", 'depth = { a = 20, b = "x" }', "'depth' is no table of numbers"),
        ("depth = { a = 20, b = 21 }", "depth = { a = 20 }", "'depth' has no band 'b'"),
        ("depth = { a = 20, b = 21 }", "depth = { a = 20, b = 21, c = 1 }", r"unknown band: 'c' \(expected a b\)"),
        ('depth = "x"', "", "gives no reference for 'depth'. Cite its source under"),
        ("extinction = {", "vega = { a = 0.1 }\nextinction = {", "gives no reference for 'vega'"),
    ],
)
def test_a_broken_survey_is_told_by_its_key(old, new, message):
    assert old in GOOD
    with pytest.raises(InputError, match=message):
        survey.parse(GOOD.replace(old, new, 1), "toy.toml")
