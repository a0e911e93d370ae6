"""FluxKind: what may be said of fluxes, and which of them were trained on."""

from dataclasses import replace

import numpy as np
import pytest

from carding import card
from galaxies import table, write
from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.inputs.available import Available, InputOptions
from skycnn.inputs.fluxkind import FluxInput, FluxKind, check_options
from skycnn.inputs.kind import Piece
from skycnn.photometry.fluxes import PhotometryOptions
from skycnn.schema import Flag

IMAGE, BOTH = (card("m", inputs, "gr") for inputs in (("image",), ("flux", "image")))
OF_FLUXES = {
    "band": {"g": "G"},
    "error": {"*": "0.1"},
    "unit": {"*": "mag"},
    "photometry": "auto",
    "extinction": "none",
}


@pytest.mark.parametrize("name", [name for name in OF_FLUXES if name != "extinction"])
def test_what_tells_of_fluxes_is_refused_by_a_network_of_images(name):
    options = PhotometryOptions(**{name: OF_FLUXES[name]})
    with pytest.raises(InputError, match=f"m takes no fluxes, and --{name} tells of them") as caught:
        check_options(IMAGE, options)
    assert caught.value.hint.startswith(f"Leave --{name} out.")
    assert ("--pixel-unit" in caught.value.hint) == (name == "unit")
    check_options(BOTH, options)


def test_all_of_them_are_named():
    with pytest.raises(InputError, match="--band and --error and --unit and --photometry tell"):
        check_options(IMAGE, PhotometryOptions(**OF_FLUXES))


def test_extinction_tells_of_pixels_too_and_of_nothing_else():
    options = PhotometryOptions(extinction="EBV")
    check_options(IMAGE, options)
    with pytest.raises(InputError, match="m takes no fluxes, and --extinction tells of them"):
        check_options(replace(IMAGE, inputs=("redshift",)), options)


def test_what_tells_of_rows_and_bands_is_taken():
    check_options(IMAGE, PhotometryOptions(bad=("FLAGS",), mask_band={"g": "GMASK"}))


def test_rows_outside_the_trained_range_are_known_before_the_answer(tmp_path):
    content = table(4, BAD=np.array([0, 1, 0, 0], "i2"))
    content["FLUX_R"][2] = 1e9
    with Catalogue.open(write(tmp_path / "cat.fits", content)) as catalogue:
        options = PhotometryOptions(bad=("BAD",))
        known = replace(BOTH, inputs=("flux",), ranges={"r": [10.0, 30.0]})
        found = FluxKind().find(known, Available(catalogue, InputOptions(photometry=options)))
        piece = found.join(Piece.empty(4, 2), catalogue.read(found.columns))
        assert piece.flags.tolist() == [0, Flag.BAD_ROW, Flag.COLOUR_OUTSIDE, 0]
        unknown = FluxInput(replace(known, ranges={}), found.photometry)
        assert unknown.join(Piece.empty(4, 2), catalogue.read(found.columns)).flags.tolist() == [0, Flag.BAD_ROW, 0, 0]
