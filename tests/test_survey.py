import json
import math
import re
import tomllib
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from astropy.cosmology import Planck15
from scipy import interpolate

from leaves import ODD, UNTELLABLE, mutations
from skycnn import survey
from skycnn.errors import InputError
from skycnn.simulate.noise import Noise

DATA = Path(__file__).parents[2] / "shared" / "data"
GOOD = """
name = "toy"
title = "Toy survey"
bands = ["a", "b"]
pixel_scale = 1
psf = { a = 1.0, b = 1.1 }
depth = { a = 20, b = 21 }
extinction = { a = 3.1, b = 2.1 }
[references]
bands = "x"
pixel_scale = "x"
psf = "x"
depth = "x"
extinction = "x"
"""


def test_the_names_are_the_files():
    assert "sdss" in survey.names()
    assert survey.names() == sorted(survey.names())


@pytest.mark.parametrize("name", survey.names())
def test_every_survey_keeps_the_schema(name):
    s = survey.load(name)
    assert s.name == name
    for table in (s.psf, s.depth, s.extinction):
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
        (
            "pixel_scale = 1",
            "pixel_scale = 0",
            r"'pixel_scale' is out of bounds: 0\.0 \(expected 0\.001 to 100 arcsec\)",
        ),
        ("pixel_scale = 1", "pixel_scale = true", "'pixel_scale' is no number: True"),
        ("depth = { a = 20, b = 21 }", "depth = 20", "toy.toml:7: 'depth' is no table of numbers: 20"),
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


def fitzpatrick(wavelength):
    """Return A(lambda) / E(B-V) of Fitzpatrick (1999, PASP 111, 63) for R_V = 3.1, wavelength in Angstrom."""
    x = 1e4 / np.asarray(wavelength, float)
    c2 = -0.824 + 4.717 / 3.1

    def ultraviolet(x):
        drude = x**2 / ((x**2 - 4.596**2) ** 2 + (0.99 * x) ** 2)
        return 3.1 + 2.030 - 3.007 * c2 + c2 * x + 3.23 * drude

    anchors = {26500: 0.265, 12200: 0.829, 6000: 2.688, 5470: 3.055, 4670: 3.806, 4110: 4.315}  # its table 3
    nodes = [0, *(1e4 / w for w in anchors), 1e4 / 2700, 1e4 / 2600]
    heights = [0, *anchors.values(), ultraviolet(1e4 / 2700), ultraviolet(1e4 / 2600)]
    optical = interpolate.CubicSpline(nodes, heights, bc_type="natural")
    return np.where(x > 1e4 / 2700, ultraviolet(x), optical(x))


@pytest.mark.parametrize("name", survey.names())
def test_extinction_follows_the_law_on_the_scale_of_2011(name):
    s = survey.load(name)
    scale = 0.78 * 1.32 / fitzpatrick(1e4)  # Schlafly & Finkbeiner 2011: A at 1 micron is 0.78 of SFD's 1.32 E(B-V)
    for band in s.bands:
        if (name, band) == ("cosmos", "NUV"):
            continue  # the law's bump lies in the band, and its mean over galaxies' light below the value at the pivot
        # within a band the law is not straight, nor is every star of 7000 K: 3 %
        assert s.extinction[band] == pytest.approx(scale * fitzpatrick(s.wavelength[band]), rel=0.03), band


@pytest.mark.parametrize("name", survey.names())
def test_bands_go_from_blue_to_red_and_lie_within_their_edges(name):
    s = survey.load(name)
    waves = [s.wavelength[band] for band in s.bands]
    assert waves == sorted(waves)
    for band in s.bands:
        assert s.low[band] < s.wavelength[band] < s.high[band] < 1.5 * s.low[band] + 200
        assert s.wavelength[band] == pytest.approx((s.low[band] + s.high[band]) / 2, rel=0.03)


def exposed(band):
    """Return the exposure of a band of CSST, s."""
    return 600 if band in ("NUV", "y") else 300


def test_csst_facts():
    s = survey.load("csst")
    assert s.bands == ("NUV", "u", "g", "r", "i", "z", "y")
    assert 0.074 <= s.pixel_scale <= 0.075
    # Gong et al. 2019, table 1; point sources
    assert list(s.depth.values()) == [25.4, 25.4, 26.3, 26.0, 25.9, 25.2, 24.4]
    assert s.depth_kind == "point"
    for band in s.bands:
        exposure = exposed(band)
        assert s.psf[band] == pytest.approx(s.r80[band] / math.sqrt(math.log(5) / math.log(2) / 4), abs=0.001)
        assert s.dark[band] == pytest.approx(0.02 * exposure)
        assert s.read_noise[band] == pytest.approx(5 * math.sqrt(exposure / 150), abs=0.01)


def test_the_sky_of_csst_is_what_its_makers_count_in_a_pixel():
    s = survey.load("csst")
    rates = [0.0023, 0.018, 0.142, 0.187, 0.187, 0.118, 0.035]  # electrons/s/pixel, Cao et al. 2018
    for band, rate in zip(s.bands, rates, strict=True):
        counted = s.electrons[band] / exposed(band) * 10 ** (0.4 * (23.9 - s.sky[band])) * s.pixel_scale**2
        assert counted == pytest.approx(rate, rel=0.02)


def test_csst_bands_are_those_of_its_throughputs():
    folder = DATA / "filters"
    if not folder.exists():
        pytest.skip("the shared filter curves are not here")
    from astropy.io import fits

    s = survey.load("csst")
    for band in s.bands:
        table = fits.getdata(folder / f"csst_phot.{band.lower()}.fits", 1)
        order = np.argsort(table["WAVELENGTH"])
        wave = np.arange(table["WAVELENGTH"].min(), table["WAVELENGTH"].max())
        curve = np.interp(wave, table["WAVELENGTH"][order], table["SENSITIVITY"][order])
        half = wave[curve >= curve.max() / 2]
        pivot = math.sqrt(np.trapezoid(curve * wave, wave) / np.trapezoid(curve / wave, wave))
        assert (s.low[band], s.wavelength[band], s.high[band]) == pytest.approx((half[0], pivot, half[-1]), abs=2)
        # electrons a second of AB zero, 3.631e-20 erg/s/cm2/Hz over Planck's constant, through a circle of 1 m radius
        rate = np.trapezoid(curve / wave, wave) * 3.631e-20 / 6.62607e-27 * math.pi * 100**2
        assert s.electrons[band] == pytest.approx(rate * exposed(band) * 10 ** (-0.4 * 23.9), rel=0.012)


def test_the_depth_of_cosmos_is_that_of_its_quoted_errors():
    path = DATA / "cosmos_galaxies.fits"
    if not path.exists():
        pytest.skip("the shared COSMOS galaxies are not here")
    from astropy.io import fits

    s, table = survey.load("cosmos"), fits.getdata(path, 1)
    assert set(s.bands) < {name.removeprefix("MAG_") for name in table.names}
    for band in s.bands:
        mag, error = (table[f"{word}_{band}"].astype(float) for word in ("MAG", "ERR"))
        good = (mag > 0) & (mag < 90) & (error > 0) & (error < 2)
        limit = mag - 2.5 * np.log10(5 * 0.4 * math.log(10) * np.where(good, error, 1))
        faint = good & (mag > np.percentile(mag[good], 75))
        assert s.depth[band] == pytest.approx(np.median(limit[faint]), abs=0.03), band


def mine(tmp_path, old="", new="", name="mine.toml"):
    path = tmp_path / name
    path.write_text(GOOD.replace(old, new, 1) if old else GOOD)
    return str(path)


def test_a_survey_of_the_users_is_known_by_its_name(tmp_path):
    found = survey.own(mine(tmp_path, '"toy"', '"Toy"'))
    assert (found.name, found.title) == ("toy", "Toy survey")
    assert survey.known("toy", found) is found
    assert survey.known("sdss", found) == survey.load("sdss")
    assert survey.known("toy") is None
    assert survey.own(None) is survey.own("sdss") is None


def test_a_survey_of_the_users_needs_no_title_and_no_references(tmp_path):
    short = GOOD.split("[references]")[0].replace('title = "Toy survey"\n', "")
    assert survey.own(mine(tmp_path, GOOD, short)).title == "toy"


def test_a_file_is_told_by_its_suffix_or_its_folder(tmp_path):
    assert survey.own(mine(tmp_path, name="survey.txt")).name == "toy"
    with pytest.raises(InputError, match=r"--survey gone\.toml cannot be read: No such file"):
        survey.own("gone.toml")
    (tmp_path / "latin.toml").write_bytes(b"name = '\xe9'")
    with pytest.raises(InputError, match="cannot be read: it is not UTF-8"):
        survey.own(str(tmp_path / "latin.toml"))
    with pytest.raises(InputError, match="is a folder"):
        survey.own(f"{tmp_path}/")


def test_a_byte_order_mark_is_passed_over(tmp_path):
    (tmp_path / "mine.toml").write_bytes(b"\xef\xbb\xbf" + GOOD.lstrip().encode())
    assert survey.own(str(tmp_path / "mine.toml")).name == "toy"
    (tmp_path / "mine.toml").write_bytes(b"\xef\xbb\xbf" + GOOD.lstrip().replace('"toy"', "5").encode())
    with pytest.raises(InputError, match=r"mine\.toml:1: 'name' is no text: 5"):
        survey.own(str(tmp_path / "mine.toml"))


def test_a_fact_of_the_users_is_told_with_its_place_and_one_that_ships_by_name(tmp_path):
    mine_ = survey.own(mine(tmp_path))
    assert survey.where(mine_, "depth", "b") == f"{tmp_path}/mine.toml:7: survey toy"
    assert survey.where(mine_, "sky", "b") == f"{tmp_path}/mine.toml: survey toy"
    assert survey.where(mine_, "depth_kind") == f"{tmp_path}/mine.toml: survey toy"
    assert survey.where(survey.load("csst"), "depth", "g") == "survey csst"
    (tmp_path / "again").mkdir()
    assert survey.own(mine(tmp_path / "again")) == mine_


def test_a_survey_of_the_users_may_not_bear_a_name_that_ships(tmp_path):
    with pytest.raises(InputError, match=r"mine\.toml:2: 'sdss' is a survey that ships. Give yours another name"):
        survey.own(mine(tmp_path, '"toy"', '"SDSS"'))


TABLES = """name = "toy"

bands = ["a", "b"]
pixel_scale = 1
depth_kind = "point"
softening = { a = 1e-9, b = 1e-9 }
extinction.a = 3.1
extinction.b = 2.1
[psf]
# a comment, depth = 3
a = 1.0
b = 1.1

[ depth ]
a = 20
"b" = 21
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('["a", "b"]', '["a", 1]', ":3: 'bands' is no list of names"),
        ("pixel_scale = 1", "pixel_scale = inf", ":4: 'pixel_scale' is no number: inf"),
        ('"point"', '"points"', r":5: no such 'depth_kind': 'points' \(expected point or "),
        ('"point"', '"aperture"', ":5: depths in an aperture need 'aperture'"),
        ("softening = {", "softenning = {", ":6 has an unknown key: 'softenning' .*Did you mean softening"),
        ("extinction.b = 2.1", "extinction.b = nan", "'extinction' is no table of numbers"),
        ("b = 1.1", "b = -1.1", ":12: 'psf' of b is out of bounds: -1.1"),
        ("b = 1.1", "b = true", ":12: 'psf' is no table of numbers"),
        ("a = 20", "c = 20", ":15: 'depth' has an unknown band: 'c'"),
        ('"b" = 21', '"b" = "21"', ":16: 'depth' is no table of numbers"),
        ('"b" = 21', "", ":14: 'depth' has no band 'b'"),
        ('"b" = 21', "b 21", r"is not TOML: .*\(at line 16, column"),
        ("name", "naem", ":1 has an unknown key: 'naem'"),
        ("[psf]", "[sky]", r"mine\.toml has no 'psf' \(expected name, bands, pixel_scale, psf"),
    ],
)
def test_an_error_names_the_line(tmp_path, old, new, message):
    assert old in TABLES
    (tmp_path / "mine.toml").write_text(TABLES.replace(old, new, 1))
    with pytest.raises(InputError, match=r"mine\.toml.*" + message.replace(r"mine\.toml", "")):
        survey.own(str(tmp_path / "mine.toml"))


def test_the_file_of_that_test_is_sound(tmp_path):
    (tmp_path / "mine.toml").write_text(TABLES)
    found = survey.own(str(tmp_path / "mine.toml"))
    assert (found.depth, found.extinction) == ({"a": 20, "b": 21}, {"a": 3.1, "b": 2.1})


def test_zero_points_of_release_0_1_are_read_over(tmp_path):
    (tmp_path / "mine.toml").write_text(TABLES)
    (tmp_path / "older.toml").write_text(TABLES + "[zero_point]\na = 25\n[references]\nzero_point = 'x'\n")
    one, other = (survey.own(str(tmp_path / name)) for name in ("mine.toml", "older.toml"))
    assert one == other


def toml(value):
    """Return a value as TOML writes it."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{json.dumps(key)} = {toml(part)}' for key, part in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value) if isinstance(value, str | bool) else repr(value)


def test_a_survey_mutated_anywhere_is_read_or_refused_by_name(tmp_path):
    facts, path = tomllib.loads(GOOD), tmp_path / "mine.toml"
    odd = [thing for thing in ODD if thing not in (None, UNTELLABLE)]  # TOML has neither
    refused = 0
    for change, content in mutations(facts, odd):
        path.write_text("\n".join(f"{key} = {toml(value)}" for key, value in content.items()))
        try:
            found = survey.own(str(path))
        except InputError as error:
            refused += 1
            assert f"{path}" in str(error), (change, str(error))
            continue
        assert found.pixel_scale > 0, change
        assert set(found.psf) == set(found.bands), change
    assert refused > 150


def deepmerge_sigma(fwhm):
    """Return the noise of a pixel of the noisy DeepMerge mocks, nanojansky, by the FWHM of the PSF in arcsec."""
    return 2**-0.5 * 1e9 * (3631 / 5) * 10 ** (-0.4 * 25) * 0.1875 * 3 * fwhm


def test_deepmerge_noise_is_that_of_the_paper():
    noisy, pristine = survey.load("deepmerge-noisy"), survey.load("deepmerge-pristine")
    optics = [0.10, 0.18, 0.12]  # FWHM before the pixel, arcsec
    np.testing.assert_allclose(1e3 * Noise.of(noisy).sigma, [deepmerge_sigma(fwhm) for fwhm in optics], rtol=1e-3)
    pixel = noisy.pixel_scale * math.sqrt(8 * math.log(2) / 12)
    assert [noisy.psf[band] for band in noisy.bands] == pytest.approx([math.hypot(f, pixel) for f in optics], abs=1e-3)
    assert (noisy.noise, pristine.noise) == ("depth", "none")
    same = {"name", "title", "noise", "references"}
    assert all(getattr(noisy, f.name) == getattr(pristine, f.name) for f in fields(noisy) if f.name not in same)
    np.testing.assert_allclose(75 * noisy.pixel_scale * Planck15.kpc_proper_per_arcmin(2).value / 60, 120, rtol=0.02)
