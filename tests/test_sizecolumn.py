"""sizecolumn: sizes of objects are known by UCD and by the names of surveys; radii of apertures and PSFs are none."""

import pytest

from skycnn.fits.tablecolumn import TableColumn
from skycnn.scoring import sizecolumn


def columns(*names, **ucds):
    listed = [*names, *ucds]
    return [TableColumn(name, "E", "E", 1, 4 * k, 4, ucd=ucds.get(name)) for k, name in enumerate(listed)]


@pytest.mark.parametrize(
    "name", ["FLUX_RADIUS", "flux_radius_i", "petroR50_r", "petroRad_g", "R_E_TRUE", "shape_r", "deVRad_r", "r_half"]
)
def test_surveys_names_are_known(name):
    assert sizecolumn.find(columns("ID", name, "Z")).name == name


def test_the_ucd_comes_before_the_name_and_apertures_are_none():
    there = columns("FLUX_RADIUS", APERTURE="phys.angSize", SEEING_FWHM="phys.angSize", A_WORLD="phys.angSize;x")
    assert sizecolumn.find(there).name == "A_WORLD"
    assert sizecolumn.find(columns("Z", "RA", "FLUX", "PSF_RADIUS")) is None
    text = [TableColumn("R_E", "4A", "A", 4, 0, 4)]
    assert sizecolumn.find(text) is None
