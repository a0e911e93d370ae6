"""Recipe: which bands judge, whose widths count, what is told of bands too wide for their stamps."""

import numpy as np
import pytest

import mocking
from skycnn import survey
from skycnn.simulate.psfimage import ImagePSF
from skycnn.simulate.recipe import judging


def test_an_image_of_a_psf_has_the_width_of_its_own():
    y, x = np.indices((41, 41)) - 20.0
    star = ImagePSF(np.exp(-(x**2 + y**2) / 50), 0.05, pixelated=False)
    recipe = mocking.recipe(psfs={"g": star})
    assert recipe.width("g") == pytest.approx(0.05 * 5 * 2.355, rel=0.02)
    assert recipe.width("r") == mocking.CSST.psf["r"]
    assert recipe.psf("g") is star
    assert recipe.psf("r").r80 == pytest.approx(mocking.CSST.r80["r"], rel=0.05)


def test_bands_wider_than_a_stamp_are_told():
    cosmos = survey.load("cosmos")
    lines = mocking.recipe(survey=cosmos, bands=("NUV", "U"), side=32).warnings()
    assert len(lines) == 1
    assert lines[0].startswith("NUV: 80 % of a star's light lies within 10.8 arcsec, and a stamp is 4.8 wide")
    assert mocking.recipe(survey=cosmos, bands=("NUV", "U"), side=80).warnings() == []


def test_headers_tell_it():
    facts = mocking.recipe().facts()
    assert (facts["SURVEY"], facts["SEED"], facts["SELECT"], facts["SNRCUT"]) == ("csst", 5, "paper", 10.0)
    assert len(facts["PSFFWHM"].split()) == 3
    assert mocking.recipe(above=0.0).facts()["SNRCUT"] is None


@pytest.mark.parametrize(
    ("bands", "places"), [("NUV u g r i z y", (2, 4)), ("U B G V R I", (2, 5)), ("g G I", (0, 2)), ("u z", ())]
)
def test_bands_that_judge(bands, places):
    assert judging(bands.split(), ("g", "i")) == places
