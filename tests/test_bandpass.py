import numpy as np
import pytest

from skycnn import survey
from skycnn.errors import InputError
from skycnn.simulate import bandpass

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


def test_a_band_without_edges_lies_about_its_pivot_and_one_without_both_is_told():
    facts = survey.parse(
        'name="a"\nbands=["g","h"]\npixel_scale=1\npsf={g=1,h=1}\ndepth={g=1,h=1}\nzero_point={g=1,h=1}\n'
        "extinction={g=1,h=1}\nwavelength={g=5000}\n",
        "a.toml",
        cited=False,
    )
    assert bandpass.place(facts, "g") == (4550.0, 5450.0, None)
    with pytest.raises(InputError, match="survey a does not tell where its band h lies"):
        bandpass.place(facts, "h")
