"""Needs: what may be said of a network's input."""

import pytest
from skycnn.inputs.needs import Needs, check_options

from skycnn.errors import InputError
from skycnn.photometry.fluxes import PhotometryOptions

IMAGE, BOTH = (Needs("m", inputs, ("g", "r")) for inputs in (("image",), ("flux", "image")))
OF_FLUXES = {
    "band": {"g": "G"},
    "error": {"*": "0.1"},
    "unit": {"*": "mag"},
    "photometry": "auto",
    "extinction": "none",
}


@pytest.mark.parametrize("name", OF_FLUXES)
def test_what_tells_of_fluxes_is_refused_by_a_network_of_images(name):
    options = PhotometryOptions(**{name: OF_FLUXES[name]})
    with pytest.raises(InputError, match=f"m takes no fluxes, and --{name} tells of them") as caught:
        check_options(IMAGE, options)
    assert caught.value.hint.startswith(f"Leave --{name} out.")
    assert ("--pixel-unit" in caught.value.hint) == (name == "unit")
    check_options(BOTH, options)


def test_all_of_them_are_named():
    with pytest.raises(InputError, match="--band and --error and --unit and --photometry and --extinction tell"):
        check_options(IMAGE, PhotometryOptions(**OF_FLUXES))


def test_what_tells_of_rows_and_bands_is_taken():
    check_options(IMAGE, PhotometryOptions(bad=("FLAGS",), mask_band={"g": "GMASK"}))
