import numpy as np
import pytest

from skycnn import survey
from skycnn.errors import InputError
from skycnn.simulate import bandpass, seds

WAVELENGTH = np.exp(np.arange(np.log(1500), np.log(30000), 0.001))


@pytest.mark.parametrize("name", ["csst", "cosmos", "sdss"])
def test_edges_and_pivots_are_the_surveys(name):
    facts = survey.load(name)
    for band in facts.bands:
        place = bandpass.place(facts, band)
        through = bandpass.soft_box(*place, WAVELENGTH)
        inside = WAVELENGTH[through > through.max() / 2]
        assert inside[0] == pytest.approx(place[0], rel=0.03)
        assert inside[-1] == pytest.approx(place[1], rel=0.03)
        assert bandpass.pivot_of(WAVELENGTH, through) == pytest.approx(facts.wavelength[band], rel=0.01)


def test_the_softer_edge_is_the_one_the_pivot_leans_to():
    middle, red = (bandpass.soft_box(5000, 6000, pivot, WAVELENGTH) for pivot in (5480, 5600))
    beyond = WAVELENGTH > 6200
    assert red[beyond].sum() > 10 * middle[beyond].sum()
    assert bandpass.pivot_of(WAVELENGTH, red) == pytest.approx(5600, rel=1e-4)


def of(tables):
    """Return a survey of the user's with bands g and h, from a file of 7 lines and such tables."""
    each = "{ g = 25, h = 25 }"
    lines = ['name = "a"', 'bands = ["g", "h"]', "pixel_scale = 1", "psf = { g = 1, h = 1 }", f"depth = {each}"]
    lines += ["extinction = { g = 1, h = 1 }", "", *tables]
    return survey.parse("\n".join(lines), "a.toml", cited=False)


def test_a_band_without_edges_lies_about_its_pivot_and_one_without_both_is_told():
    facts = of(["[wavelength]", "g = 5000"])
    assert bandpass.place(facts, "g") == (4550.0, 5450.0, None)
    with pytest.raises(InputError, match=r"^a\.toml: survey a does not tell where its band h lies \(expected h in t"):
        bandpass.place(facts, "h")
    with pytest.raises(InputError, match=r"^a\.toml: survey a does not .*\[low\] and \[high\], or in \[wavelength\]"):
        bandpass.place(of([]), "g")


@pytest.mark.parametrize(
    ("tables", "line", "where"),
    [
        (["[wavelength]", "g = 33_500"], 9, "30,485 to 36,515"),
        (["[low]", "g = 24_000", "[high]", "g = 26_500"], 9, "24,000 to 26,500"),
        (["[high]", "g = 1100", "[low]", "g = 950"], 11, "950 to 1,100"),
    ],
)
def test_a_band_where_there_are_no_spectra_is_told_with_its_line(tables, line, where):
    with pytest.raises(InputError) as error:
        bandpass.place(of(tables), "g")
    assert str(error.value).startswith(f"a.toml:{line}: survey a has its band g where no galaxy can be simulated: ")
    assert f"'{where}' (expected within 1,000 to 26,000 Angstrom)" in str(error.value)


def test_a_band_at_the_ends_of_what_is_rendered_has_all_its_light_on_the_library():
    wavelength = seds.load().wavelength
    for low, high in ((1000, 1100), (25_000, 26_000)):
        through = bandpass.soft_box(low, high, None, wavelength)
        assert max(through[0], through[-1]) < 0.01 * through.max()


def test_a_pivot_is_told_or_between_the_edges():
    edges = {"low": {"b": 4000.0}, "high": {"b": 9000.0}}
    told = survey.Survey("x", "x", ("a", "b", "c"), 0.2, {}, {}, {}, wavelength={"a": 5000.0}, **edges)
    assert [bandpass.told_pivot(told, band) for band in "ab"] == [5000.0, 6000.0]
    with pytest.raises(InputError, match="does not tell where its band c lies"):
        bandpass.told_pivot(told, "c")
